//! Events: every acknowledged one is stored, once, and none that was never sent.
//!
//! Live games are compared by their own counters. All others together are compared by count and
//! checksum: what is stored in all, less the live games, less those of which an unanswered expiry
//! may have taken some.

use super::remembered::Live;
use super::{Verifier, number, outside, value};
use crate::error::Error;
use crate::hokm::keys::{Fold, code_sql, mark_sql};
use crate::hokm::memory::{Ended, Tally};
use wire::blocking::{OwnedRow, Param};

/// Live games compared at a time.
const CHUNK: usize = 500;

#[derive(Default)]
struct Tallies {
    stored: Tally,
    once: Tally,
    sent: Tally,
    undone: Tally,
}

impl Verifier<'_> {
    pub(super) fn events(&mut self) -> Result<(), Error> {
        let mut tallies = Tallies::default();
        let live_games = std::mem::take(&mut self.remembered.live);
        let mut live = Fold::default();
        for chunk in live_games.chunks(CHUNK) {
            live = live.plus(self.live_events(chunk, &mut tallies)?);
        }
        self.remembered.live = live_games;
        let (run_games, history) = self.all_events(&mut tallies)?;
        let others = run_games.minus(live);
        self.ended_events(others, &mut tallies)?;
        self.history_events(history)?;
        self.undone_events(&mut tallies)?;
        self.add("every_acknowledged_event_is_stored", tallies.stored);
        self.add("no_event_is_stored_twice", tallies.once);
        self.add("no_event_is_stored_that_was_not_sent", tallies.sent);
        self.add("what_was_rolled_back_left_nothing", tallies.undone);
        Ok(())
    }

    /// Game by game; returns what is stored of all of them.
    fn live_events(&mut self, chunk: &[Live], tallies: &mut Tallies) -> Result<Fold, Error> {
        let keys: Vec<&str> = chunk.iter().map(|game| game.key.as_str()).collect();
        let bound = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let firsts: Vec<i64> = chunk.iter().map(|game| bound(game.game.first_seq)).collect();
        let ends: Vec<i64> = chunk.iter().map(|game| bound(game.game.seq)).collect();
        let most: Vec<i64> = chunk
            .iter()
            .map(|game| {
                let unknown = game.doubt.as_ref().map_or(0, |doubt| doubt.events);
                bound(game.game.seq + unknown)
            })
            .collect();
        let (a, n) = code_sql("live.game_id");
        let sql = format!(
            "SELECT count(*) FILTER (WHERE seq >= first AND seq < ends), \
             count(*) FILTER (WHERE seq IS NULL OR seq < first OR seq >= most), count(seq), \
             coalesce(sum({}), 0)::int8, game_id FROM (SELECT DISTINCT live.*, {a} AS a, \
             {n} AS n, (e.event_data::jsonb->>'seq')::int8 AS seq \
             FROM unnest($1, $2, $3, $4) AS live (game_id, first, ends, most) \
             JOIN {} e ON e.game_id = live.game_id) AS found GROUP BY game_id",
            mark_sql(),
            self.tables.events,
        );
        let params = [
            Param::TextArray(&keys),
            Param::Int8Array(&firsts),
            Param::Int8Array(&ends),
            Param::Int8Array(&most),
        ];
        let rows = self.query(&sql, &params)?;
        let mut all = Fold::default();
        for game in chunk {
            let key = game.key.as_str();
            let is_it = |row: &&OwnedRow| value::<&str>(row, 4).is_ok_and(|found| found == key);
            let row = rows.iter().find(is_it);
            let column = |column| row.map_or(Ok(0), |row| number(row, column));
            let (known, foreign) = (column(0)?, column(1)?);
            all = all.plus(Fold { count: column(2)?, checksum: column(3)? });
            compare(game, known, foreign, tallies);
        }
        Ok(all)
    }

    /// Every event of the run, each counted once, of its own games and of the preloaded ones;
    /// here it also shows which are there twice.
    fn all_events(&mut self, tallies: &mut Tallies) -> Result<(Fold, Fold), Error> {
        let events = &self.tables.events;
        let of_run = self.of_run(events, "game_id")?;
        let (a, n) = code_sql("game_id");
        let sql = format!(
            "SELECT kind, count(seq), coalesce(sum({}), 0)::int8, sum(copies)::int8, \
             min(game_id || ' number ' || seq) FILTER (WHERE copies > 1), \
             count(*) FILTER (WHERE copies > 1) \
             FROM (SELECT game_id, left(split_part(game_id, '-', 2), 1) AS kind, {a} AS a, \
             {n} AS n, (event_data::jsonb->>'seq')::int8 AS seq, count(*) AS copies \
             FROM {events} WHERE {of_run} GROUP BY 1, 2, 3, 4, 5) AS found \
             GROUP BY kind",
            mark_sql(),
        );
        let (mut run_games, mut history) = (Fold::default(), Fold::default());
        for row in self.query(&sql, &[])? {
            let fold = Fold { count: number(&row, 1)?, checksum: number(&row, 2)? };
            let kind: &str = value(&row, 0)?;
            let sum = if kind == "h" { &mut history } else { &mut run_games };
            *sum = sum.plus(fold);
            tallies.once.checked += number(&row, 3)?;
            let (sample, doubled): (Option<String>, u64) = (value(&row, 4)?, number(&row, 5)?);
            if doubled > 0 {
                let sample = sample.unwrap_or_default();
                tallies.once.add_violation(|| format!("the event of game {sample} is doubled"));
                tallies.once.violations += doubled - 1;
            }
        }
        Ok((run_games, history))
    }

    fn ended_events(&mut self, others: Fold, tallies: &mut Tallies) -> Result<(), Error> {
        let uncertain: Vec<Ended> = self.remembered.uncertain_run_games().cloned().collect();
        let stored = others.minus(self.stored_of(&uncertain)?);
        let left = uncertain.iter().fold(Fold::default(), |sum, ended| sum.plus(ended.left));
        let expected = self.remembered.ended_events.minus(left);
        tallies.stored.checked += expected.count;
        tallies.sent.checked += stored.count;
        let (missing, surplus) = (
            expected.count.saturating_sub(stored.count),
            stored.count.saturating_sub(expected.count),
        );
        let sample = || {
            format!(
                "ended games have {} events, {} were acknowledged and not expired",
                stored.count, expected.count
            )
        };
        if surplus > 0 {
            tallies.sent.add_violation(sample);
            tallies.sent.violations += surplus - 1;
        } else if stored != expected {
            // As many, but others: at least one is missing.
            tallies.stored.add_violation(sample);
            tallies.stored.violations += missing.saturating_sub(1);
        }
        Ok(())
    }

    /// Preloaded games lose events to expiry only, and exactly those that it reported.
    fn history_events(&mut self, stored: Fold) -> Result<(), Error> {
        let uncertain: Vec<Ended> = self.remembered.uncertain_history().cloned().collect();
        let stored = stored.minus(self.stored_of(&uncertain)?);
        let volume = self.world.volume;
        let each = u64::from(volume.events_per_game);
        let loaded = (0..volume.games)
            .map(|index| {
                let game = crate::hokm::keys::GameKey::History { index };
                Fold::of_range(game.code(), 0, each)
            })
            .fold(Fold::default(), Fold::plus);
        let left = uncertain.iter().fold(Fold::default(), |sum, ended| sum.plus(ended.left));
        let expected = loaded.minus(self.remembered.history_expired).minus(left);
        let tally = &mut self.remembered.expiry;
        tally.checked += expected.count;
        if stored != expected {
            let wrong = outside(stored.count, expected.count, expected.count);
            tally.add_violation(|| {
                format!(
                    "preloaded games have {} events, not the {} that expiry left",
                    stored.count, expected.count
                )
            });
            tally.violations += wrong.saturating_sub(1);
        }
        Ok(())
    }

    /// What is still stored of games of which some events may be gone.
    fn stored_of(&mut self, games: &[Ended]) -> Result<Fold, Error> {
        let texts: Vec<String> =
            games.iter().map(|ended| ended.game.text(self.world.prefix())).collect();
        let keys: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (a, n) = code_sql("game_id");
        let sql = format!(
            "SELECT count(seq), coalesce(sum({}), 0)::int8 FROM (SELECT DISTINCT {a} AS a, \
             {n} AS n, (event_data::jsonb->>'seq')::int8 AS seq \
             FROM {} WHERE game_id = any($1)) AS found",
            mark_sql(),
            self.tables.events,
        );
        let row = self.query_one(&sql, &[Param::TextArray(&keys)])?;
        Ok(Fold { count: number(&row, 0)?, checksum: number(&row, 1)? })
    }

    fn undone_events(&mut self, tallies: &mut Tallies) -> Result<(), Error> {
        let events = &self.tables.events;
        let of_run = self.of_run(events, "game_id")?;
        let sql = format!(
            "SELECT count(*), min(game_id::text) FROM {events} \
             WHERE {of_run} AND event_type = 'mind_changed'"
        );
        let row = self.query_one(&sql, &[])?;
        let (left, game): (u64, Option<String>) = (number(&row, 0)?, value(&row, 1)?);
        tallies.undone.merge(&self.remembered.rollback_looks);
        tallies.undone.checked += self.remembered.rollbacks;
        if left > 0 {
            let game = game.unwrap_or_default();
            tallies.undone.add_violation(|| format!("{left} events are left, one of game {game}"));
            tallies.undone.violations += left - 1;
        }
        Ok(())
    }
}

fn compare(game: &Live, known: u64, foreign: u64, tallies: &mut Tallies) {
    let key = &game.key;
    let acknowledged = game.game.seq - game.game.first_seq;
    tallies.stored.checked += acknowledged;
    if known < acknowledged {
        tallies.stored.add_violation(|| {
            format!("game {key} has {known} of {acknowledged} acknowledged events")
        });
        tallies.stored.violations += acknowledged - known - 1;
    }
    tallies.sent.checked += known + foreign;
    if foreign > 0 {
        tallies.sent.add_violation(|| format!("game {key} has {foreign} events nobody sent"));
        tallies.sent.violations += foreign - 1;
    }
}
