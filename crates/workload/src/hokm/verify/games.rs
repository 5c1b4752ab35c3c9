//! Games: every live one as it was acknowledged, its 52 cards, its score; every ended one by
//! counts and sums.

use super::remembered::Live;
use super::{Verifier, expect_count, number, value};
use crate::error::Error;
use crate::hokm::doubt::{Doubt, Summary};
use crate::hokm::memory::Tally;
use crate::hokm::place::Ending;
use crate::hokm::state::State;
use crate::hokm::step::Step;
use crate::hokm::stored::{self, Unreadable};
use std::collections::HashMap;
use wire::blocking::{OwnedRow, Param};

/// Live games compared at a time.
const CHUNK: usize = 500;

/// What the live games' rows are, to be taken off the whole.
#[derive(Default)]
struct LiveRows {
    games: u64,
    rooms: u64,
    finished: u64,
    abandoned: u64,
    closed: u64,
    hands_won: u64,
}

/// A live game's row.
struct Found {
    status: String,
    player_count: u64,
    state: Result<State, Unreadable>,
}

#[derive(Default)]
struct Tallies {
    stored: Tally,
    cards: Tally,
    scores: Tally,
}

impl Verifier<'_> {
    pub(super) fn games(&mut self) -> Result<(), Error> {
        let (mut tallies, mut rows) = (Tallies::default(), LiveRows::default());
        let live = std::mem::take(&mut self.remembered.live);
        for chunk in live.chunks(CHUNK) {
            let found = self.find(chunk)?;
            for game in chunk {
                compare(game, found.get(&game.key), &mut tallies);
                if let Some(found) = found.get(&game.key) {
                    rows.count(game, found);
                }
            }
        }
        self.remembered.live = live;
        self.ended_games(&rows, &mut tallies)?;
        self.add("every_game_is_stored_as_acknowledged", tallies.stored);
        self.add("every_live_game_has_each_card_once", tallies.cards);
        self.add("scores_equal_the_hands_won", tallies.scores);
        Ok(())
    }

    fn find(&mut self, chunk: &[Live]) -> Result<HashMap<String, Found>, Error> {
        let keys: Vec<&str> = chunk.iter().map(|game| game.key.as_str()).collect();
        let sql = format!(
            "SELECT game_id::text, status::text, player_count::int8, game_data::jsonb::text \
             FROM {} WHERE game_id = any($1)",
            self.tables.games
        );
        let rows = self.query(&sql, &[Param::TextArray(&keys)])?;
        rows.iter().map(|row| Ok((value(row, 0)?, Found::read(row)?))).collect()
    }

    /// Rows of games that are not live: as many as ended, with as many hands won.
    fn ended_games(&mut self, live: &LiveRows, tallies: &mut Tallies) -> Result<(), Error> {
        let games = &self.tables.games;
        let of_run = self.of_run(games, "game_id")?;
        let sql = format!(
            "SELECT left(split_part(game_id, '-', 2), 1), status::text, count(*), \
             coalesce(sum((game_data::jsonb->'score'->>0)::int8 \
             + (game_data::jsonb->'score'->>1)::int8), 0)::int8 \
             FROM {games} WHERE {of_run} GROUP BY 1, 2"
        );
        let mut stored = LiveRows::default();
        for row in self.query(&sql, &[])? {
            let (kind, status): (&str, Option<&str>) = (value(&row, 0)?, value(&row, 1)?);
            let (count, hands) = (number(&row, 2)?, number(&row, 3)?);
            match kind {
                "g" => stored.add_games(status.unwrap_or_default(), count, hands),
                "l" => stored.add_rooms(status.unwrap_or_default(), count),
                _ => {}
            }
        }
        let seen = &self.remembered;
        let begun = u64::from(self.world.profile.tables()) + seen.games_created;
        let unknown = |games: bool| {
            let created = |live: &&Live| {
                let doubt = live.doubt.as_ref();
                live.game.is_table() == games
                    && doubt.is_some_and(|doubt| doubt.has(|step| *step == Step::GameCreate))
            };
            seen.live.iter().filter(created).count() as u64
        };
        let exact = |count: u64| (count, count);
        let mut expect = |what, stored, range| {
            expect_count(&mut tallies.stored, what, stored, range);
        };
        expect("games of tables", stored.games, (begun, begun + unknown(true)));
        let rooms = seen.rooms_created;
        expect("rooms", stored.rooms, (rooms, rooms + unknown(false)));
        let finished = stored.finished.saturating_sub(live.finished);
        expect("finished games", finished, exact(seen.games_finished));
        let abandoned = stored.abandoned.saturating_sub(live.abandoned);
        expect("abandoned games", abandoned, exact(seen.games_abandoned));
        let closed = stored.closed.saturating_sub(live.closed);
        expect("closed rooms", closed, exact(seen.rooms_closed));
        let hands = stored.hands_won.saturating_sub(live.hands_won);
        expect_count(&mut tallies.scores, "hands won in ended games", hands, exact(seen.hands_won));
        Ok(())
    }

    /// Everybody who joined is in the game's players.
    pub(super) fn members(&mut self) -> Result<(), Error> {
        let table = &self.tables.game_players;
        let of_run = self.of_run(table, "game_id")?;
        let sql = format!("SELECT count(*) FROM {table} WHERE {of_run}");
        let stored = number(&self.query_one(&sql, &[])?, 0)?;
        let volume = u64::from(self.world.volume.games);
        let before = 4 * (volume + u64::from(self.world.profile.tables()));
        let least = before + self.remembered.members;
        let most = least + self.remembered.members_unknown;
        let mut tally = Tally::default();
        expect_count(&mut tally, "players of games", stored, (least, most));
        self.add("everybody_who_joined_is_stored", tally);
        Ok(())
    }
}

impl Found {
    fn read(row: &OwnedRow) -> Result<Found, Error> {
        let data: Option<&str> = value(row, 3)?;
        Ok(Found {
            status: value::<Option<String>>(row, 1)?.unwrap_or_default(),
            player_count: value::<Option<i64>>(row, 2)?.unwrap_or(-1).unsigned_abs(),
            state: stored::read(data.unwrap_or("null")),
        })
    }
}

impl LiveRows {
    fn add_games(&mut self, status: &str, count: u64, hands: u64) {
        self.games += count;
        match status {
            "finished" => self.finished += count,
            "abandoned" => self.abandoned += count,
            _ => return,
        }
        self.hands_won += hands;
    }

    fn add_rooms(&mut self, status: &str, count: u64) {
        self.rooms += count;
        self.closed += if status == "finished" { count } else { 0 };
    }

    fn count(&mut self, game: &Live, found: &Found) {
        let score = found.state.as_ref().map_or([0, 0], |state| state.score);
        let hands = score.into_iter().map(u64::from).sum();
        match game.game.is_table() {
            true => self.add_games(&found.status, 1, hands),
            false => self.add_rooms(&found.status, 1),
        }
    }
}

fn compare(game: &Live, found: Option<&Found>, tallies: &mut Tallies) {
    let key = &game.key;
    let Some(found) = found else {
        // A game whose creation is in doubt may be missing.
        let stored = &mut tallies.stored;
        return stored.expect(!game.game.is_created, || format!("game {key} is not stored"));
    };
    let after = game.doubt.as_ref().and_then(|doubt| doubt.after.as_ref());
    if game.game.is_dealt {
        let whole = found.state.as_ref().is_ok_and(State::has_every_card_once);
        tallies.cards.expect(whole, || match &found.state {
            Err(error) => format!("game {key}: {error}"),
            Ok(state) => format!("game {key}: {state:?}"),
        });
    }
    // A document that can't be read is one violation, of the cards; its row is compared all the
    // same.
    let matches = |state: &Summary| match &found.state {
        Ok(stored) => stored.version == state.version && stored.stage == state.stage,
        Err(Unreadable::Shape(_)) => false,
        Err(_) => true,
    };
    let version = matches(&game.game.state) || after.is_some_and(matches);
    let row = has_status(game, &found.status) && has_players(game, found.player_count);
    tallies.stored.expect(version && row, || {
        let state = &game.game.state;
        format!(
            "game {key}: {} with {} players, {:?} is stored; {} with {}, version {} {:?} was \
             acknowledged",
            found.status,
            found.player_count,
            found.state.as_ref().map(|state| (state.version, state.stage)),
            game.game.status(),
            game.game.seated,
            state.version,
            state.stage
        )
    });
    if let Ok(stored) = &found.state {
        let expected = game.game.state.score;
        let holds = stored.score == expected || after.is_some_and(|it| stored.score == it.score);
        tallies.scores.expect(holds, || {
            format!("game {key}: score {:?} is stored, {expected:?} hands were won", stored.score)
        });
    }
}

fn has_status(game: &Live, status: &str) -> bool {
    let doubtful = |doubt: &Doubt| {
        doubt.has(|step| match step {
            Step::GameEnd(Ending::Finished) => status == "finished",
            Step::GameEnd(Ending::Abandoned) => status == "abandoned",
            Step::GameSeat => status == "playing",
            _ => false,
        })
    };
    status == game.game.status() || game.doubt.as_ref().is_some_and(doubtful)
}

/// Counting a player is a statement of its own: it may be ahead of, or behind, the player's row.
fn has_players(game: &Live, count: u64) -> bool {
    let counts = |doubt: &Doubt| doubt.has(|step| *step == Step::GameSeat);
    let seated = u64::from(game.game.seated);
    count == seated || (game.doubt.as_ref().is_some_and(counts) && count == seated + 1)
}
