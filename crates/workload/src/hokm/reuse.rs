//! Before the load, on rows that an earlier run left: what was played with is put back to how a
//! fresh set-up makes it, which touches little; then all of it is compared with one.
//!
//! Live tables' games and rooms go and are loaded again, and so are sessions and the events of
//! those ended games that expiry has taken some from; players get their first counts back. A
//! restoration that is cut off is done again by the next run. Two runs can't use the same rows at
//! the same time.

use super::keys::{GameKey, write_player};
use super::made::Made;
use super::of_run;
use super::player::HokmPlayer;
use super::preload::{self, Events, GamePlayers, Games, Sessions, Source};
use super::statements::Tables;
use super::tables::NEEDED;
use super::verify;
use super::world::World;
use crate::error::Error;
use crate::loading::{self, Rows, TextRow};
use crate::schema::Found;
use crate::workload::Server;
use std::collections::HashSet;
use std::sync::Arc;
use wire::blocking::{Client, OwnedRow, Param};
use wire::value::Decode;

/// Players and games looked at at a time.
const CHUNK: usize = 2_000;

/// What to do where there is nothing to be used again.
const MAKE: &str = "--init-only makes rows that can be used again";

/// One restoration.
pub struct Reuse<'a> {
    pub world: &'a Arc<World>,
    pub server: &'a Server<'a>,
    pub tables: &'a Tables,
    pub client: &'a mut Client,
}

impl Reuse<'_> {
    /// Whether there are rows of the run that fit these settings. Nothing is changed.
    pub fn check(&mut self, found: &[Found]) -> Result<(), Error> {
        let run = self.world.prefix();
        for (table, found) in NEEDED.iter().zip(found) {
            if *found == Found::Missing {
                let table = self.tables.named(table.name);
                let text = format!("no rows of run {run} are there: table {table} is missing");
                return Err(Error::contradicted(text, MAKE));
            }
        }
        let mut first = String::new();
        write_player(run, 0, &mut first);
        let sql = format!(
            "SELECT (player_data::jsonb->'made')::text FROM {} WHERE player_id = $1",
            self.tables.players
        );
        let rows = self.query(&sql, &[Param::Text(&first)])?;
        let Some(row) = rows.first() else {
            return Err(Error::contradicted(format!("no rows of run {run} are there"), MAKE));
        };
        let made: Option<String> = value(row, 0)?;
        let Some(made) = made.as_deref().and_then(Made::read) else {
            let text = format!("the rows of run {run} don't say what they were made from");
            return Err(Error::contradicted(text, MAKE));
        };
        let differences = made.differences(&Made::of(&self.world.profile));
        if differences.is_empty() {
            return Ok(());
        }
        let differences = differences.join("; ");
        let text = format!("the rows of run {run} were made with other settings: {differences}");
        let hint =
            "give the settings and the --seed that --init-only told, or make rows anew with it";
        Err(Error::contradicted(text, hint))
    }

    /// Puts the rows back; tells how many were loaded again.
    pub fn restore(&mut self, now_us: i64) -> Result<u64, Error> {
        (self.server.progress)("putting back what was played with");
        let source = Source { world: self.world, tables: self.tables, now_us };
        let (games, members) = (Games(source), GamePlayers(source));
        let (sessions, events) = (Sessions(source), Events(source));
        let history = u64::from(self.world.volume.games);
        let ended = self.incomplete_games()?;
        self.remove_played(&ended)?;
        self.restore_players()?;
        let each = u64::from(self.world.volume.events_per_game);
        let indexes = ended.iter().flat_map(|game| (0..each).map(|seq| *game * each + seq));
        let (games, members, events) = (
            Picked { rows: &games, indexes: (history..games.count()).collect() },
            Picked { rows: &members, indexes: (history * 4..members.count()).collect() },
            Picked { rows: &events, indexes: indexes.collect() },
        );
        let loaded = loading::load(self.server, &[&games, &members, &sessions, &events])?;
        self.compare().map(|()| loaded)
    }

    /// Ended games that don't have all of their events any more.
    fn incomplete_games(&mut self) -> Result<Vec<u64>, Error> {
        let events = &self.tables.events;
        let of_run = self.of_run(events, "game_id")?;
        let sql = format!(
            "SELECT game_id::text FROM {events} WHERE {of_run} AND starts_with(game_id, $1) \
             GROUP BY game_id HAVING count(*) = $2"
        );
        let (prefix, each) = (self.prefix("h"), self.world.volume.events_per_game);
        let params = [Param::Text(&prefix), Param::Int8(each.into())];
        let rows = self.query(&sql, &params)?;
        let complete: HashSet<String> =
            rows.iter().map(|row| value(row, 0)).collect::<Result<_, _>>()?;
        let run = self.world.prefix();
        let is_incomplete =
            |index: &u32| !complete.contains(&GameKey::History { index: *index }.text(run));
        Ok((0..self.world.volume.games).filter(is_incomplete).map(u64::from).collect())
    }

    /// Everything that is loaded again goes first; what points at another row before that one.
    fn remove_played(&mut self, ended: &[u64]) -> Result<(), Error> {
        let Tables { events, sessions, game_players, games, .. } = self.tables;
        self.remove_live(events)?;
        for chunk in ended.chunks(CHUNK) {
            let run = self.world.prefix();
            // A game's number is 32 bits wide.
            let key = |index: &u64| GameKey::History { index: *index as u32 }.text(run);
            let keys: Vec<String> = chunk.iter().map(key).collect();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let sql = format!("DELETE FROM {events} WHERE game_id = any($1)");
            self.execute(&sql, &[Param::TextArray(&keys)])?;
        }
        let of_run = self.of_run(sessions, "session_id")?;
        self.execute(&format!("DELETE FROM {sessions} WHERE {of_run}"), &[])?;
        self.remove_live(game_players)?;
        self.remove_live(games)
    }

    /// Removes a table's rows of live games and rooms.
    fn remove_live(&mut self, table: &str) -> Result<(), Error> {
        let of_run = self.of_run(table, "game_id")?;
        let live = "(starts_with(game_id, $1) OR starts_with(game_id, $2))";
        let (games, rooms) = (self.prefix("g"), self.prefix("l"));
        let sql = format!("DELETE FROM {table} WHERE {of_run} AND {live}");
        self.execute(&sql, &[Param::Text(&games), Param::Text(&rooms)])
    }

    /// Gives players who have played their first counts back.
    fn restore_players(&mut self) -> Result<(), Error> {
        let players = &self.tables.players;
        let read = format!(
            "SELECT player_id::text, (player_data::jsonb->>'hands')::int8, total_games::int8, \
             wins::int8 FROM {players} WHERE player_id = any($1)"
        );
        let write = format!(
            "UPDATE {players} SET total_games = v.games, wins = v.wins, player_data = \
             jsonb_set(player_data::jsonb, '{{hands}}', to_jsonb(v.hands)) \
             FROM unnest($1, $2, $3, $4) AS v (id, hands, games, wins) WHERE player_id = v.id"
        );
        let all: Vec<u32> = (0..self.world.volume.players).collect();
        for chunk in all.chunks(CHUNK) {
            let first = |player: &u32| {
                let mut key = String::new();
                write_player(self.world.prefix(), *player, &mut key);
                (key, preload::first_counts(self.world, *player).map(i64::from))
            };
            let first: Vec<(String, [i64; 3])> = chunk.iter().map(first).collect();
            let keys: Vec<&str> = first.iter().map(|(key, _)| key.as_str()).collect();
            let mut unchanged = HashSet::new();
            for row in self.query(&read, &[Param::TextArray(&keys)])? {
                let counts: [Option<i64>; 3] = [value(&row, 1)?, value(&row, 2)?, value(&row, 3)?];
                unchanged.insert((value::<String>(&row, 0)?, counts));
            }
            let has_played = |(key, counts): &&(String, [i64; 3])| {
                !unchanged.contains(&(key.clone(), counts.map(Some)))
            };
            let played: Vec<_> = first.iter().filter(has_played).collect();
            let keys: Vec<&str> = played.iter().map(|(key, _)| key.as_str()).collect();
            let column = |what: usize| -> Vec<i64> {
                played.iter().map(|(_, counts)| counts[what]).collect()
            };
            let (hands, games, wins) = (column(0), column(1), column(2));
            let counts = [&hands, &games, &wins].map(|it| Param::Int8Array(it));
            let [hands, games, wins] = counts;
            self.execute(&write, &[Param::TextArray(&keys), hands, games, wins])?;
        }
        Ok(())
    }

    /// All rows are now those of a fresh set-up: what nobody can put back shows here.
    fn compare(&mut self) -> Result<(), Error> {
        let fresh = [HokmPlayer::new(self.world.clone(), 0, 1)];
        let verification = verify::verify(self.world, self.server, self.tables, &fresh)?;
        let Some(failed) = verification.checks.iter().find(|check| check.violations > 0) else {
            return Ok(());
        };
        let (run, name) = (self.world.prefix(), &failed.name);
        let sample = failed.sample.as_deref().unwrap_or_default();
        let text = format!(
            "the rows of run {run} are not as a set-up makes them ({name}: {sample}); something \
             else has changed them"
        );
        Err(Error::contradicted(text, format!("pgsurge load --clean {run} removes them; {MAKE}")))
    }

    fn of_run(&mut self, table: &str, key: &str) -> Result<String, Error> {
        of_run::condition(self.client, (table, key), self.world.prefix())
    }

    fn prefix(&self, kind: &str) -> String {
        format!("{}-{kind}", self.world.prefix())
    }

    fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<OwnedRow>, Error> {
        self.client.query(sql, params).map_err(Error::server("looking at rows to be used again"))
    }

    fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<(), Error> {
        let ran = self.client.execute(sql, params);
        ran.map_err(Error::server("putting rows back that are used again")).map(|_| ())
    }
}

fn value<'a, T: Decode<'a>>(row: &'a OwnedRow, column: usize) -> Result<T, Error> {
    row.value(column).map_err(Error::unreadable("looking at rows to be used again"))
}

/// Some of a table's rows.
struct Picked<'a> {
    rows: &'a dyn Rows,
    indexes: Vec<u64>,
}

impl Rows for Picked<'_> {
    fn name(&self) -> &str {
        self.rows.name()
    }

    fn copy_sql(&self) -> String {
        self.rows.copy_sql()
    }

    fn count(&self) -> u64 {
        self.indexes.len() as u64
    }

    fn write_row(&self, index: u64, out: &mut TextRow<'_>) {
        // An index below the count.
        self.rows.write_row(self.indexes[index as usize], out);
    }
}
