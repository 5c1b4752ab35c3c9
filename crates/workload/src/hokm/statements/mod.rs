//! Every SQL text that the game server sends: one name, one text.
//!
//! No text holds a constant: `pg_stat_statements` would show it as another text than ours, and
//! our counts could not be held against the server's. Columns of JSON are cast to `jsonb` where they are looked into, so that a user's own table may
//! hold them as `json` or `text`. Rows are locked in one order everywhere: games, players by id,
//! sessions, events.

mod events;
mod games;
mod people;

use crate::identifier::qualified;
use crate::postgres::{FIRST, Statement};

/// Opens a session, or takes an open one up again.
pub const SESSION_OPEN: u16 = FIRST;
/// Sets a session's connection state.
pub const SESSION_STATE: u16 = FIRST + 1;
/// Reads a session back.
pub const SESSION_READ: u16 = FIRST + 2;
/// Deletes stale sessions, a bounded number.
pub const SESSION_EXPIRE: u16 = FIRST + 3;
/// Reads a player.
pub const PLAYER_READ: u16 = FIRST + 4;
/// Counts a finished hand for a player.
pub const PLAYER_HAND: u16 = FIRST + 5;
/// Counts a finished game, and a win, for a player.
pub const PLAYER_GAME: u16 = FIRST + 6;
/// Creates a game.
pub const GAME_CREATE: u16 = FIRST + 7;
/// Adds a player to a game.
pub const GAME_PLAYER_ADD: u16 = FIRST + 8;
/// Counts the players of a game, and deals when they are four.
pub const GAME_SEAT: u16 = FIRST + 9;
/// Reads a game that is about to change.
pub const GAME_LOAD: u16 = FIRST + 10;
/// Stores a game's new state.
pub const GAME_SAVE: u16 = FIRST + 11;
/// Stores a game's end.
pub const GAME_END: u16 = FIRST + 12;
/// Reads a game to look at it.
pub const GAME_STATUS: u16 = FIRST + 13;
/// A player's last games: joins, aggregates and windows.
pub const GAME_HISTORY: u16 = FIRST + 14;
/// The best players: windows, aggregates and joins.
pub const LEADERBOARD: u16 = FIRST + 15;
/// Appends one event.
pub const EVENT_APPEND: u16 = FIRST + 16;
/// Appends several events at once.
pub const EVENT_BATCH: u16 = FIRST + 17;
/// Deletes events of ended games, a bounded number.
pub const EVENT_EXPIRE: u16 = FIRST + 18;
/// Looks for what a transaction left that was rolled back on purpose.
pub const ROLLBACK_CHECK: u16 = FIRST + 19;
/// Reads which events of a game are stored, from a number on.
pub const EVENT_READ_BACK: u16 = FIRST + 20;
/// Counts the players that are stored for a game.
pub const GAME_PLAYER_READ_BACK: u16 = FIRST + 21;
/// Waits a moment for one of the server's processes to be gone.
pub const BACKEND_WAIT: u16 = FIRST + 22;

/// How long a session must have been silent to be stale, and how long an ended game's events are
/// kept, in seconds.
pub const STALE_AFTER_S: u64 = 10;

/// The tables' names as SQL writes them.
#[derive(Clone, Debug)]
pub struct Tables {
    /// `games`.
    pub games: String,
    /// `players`.
    pub players: String,
    /// `sessions`.
    pub sessions: String,
    /// `game_events`.
    pub events: String,
    /// `game_players`.
    pub game_players: String,
}

impl Tables {
    /// The five in a schema, or on the search path.
    pub fn new(schema: Option<&str>) -> Tables {
        let name = |table| qualified(schema, table);
        Tables {
            games: name("games"),
            players: name("players"),
            sessions: name("sessions"),
            events: name("game_events"),
            game_players: name("game_players"),
        }
    }
}

impl Tables {
    /// The qualified name of one of the five.
    pub fn named(&self, table: &str) -> &str {
        match table {
            "games" => &self.games,
            "players" => &self.players,
            "sessions" => &self.sessions,
            "game_players" => &self.game_players,
            _ => &self.events,
        }
    }
}

/// All statements, in the order of their numbers.
pub fn all(schema: Option<&str>) -> Vec<Statement> {
    let tables = Tables::new(schema);
    let mut all = people::of_sessions(&tables);
    all.extend(people::of_players(&tables));
    all.extend(games::of_games(&tables));
    all.extend(games::complex(&tables));
    all.extend(events::of_events(&tables));
    all.extend(events::of_recovery(&tables));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        let all = all(None);
        let name = |id: u16| all[usize::from(id - FIRST)].name;
        assert_eq!(name(SESSION_EXPIRE), "session_expire");
        assert_eq!(name(PLAYER_GAME), "player_game");
        assert_eq!(name(GAME_STATUS), "game_status");
        assert_eq!(name(LEADERBOARD), "leaderboard");
        assert_eq!(name(EVENT_EXPIRE), "event_expire");
        assert_eq!(name(BACKEND_WAIT), "backend_wait");
        assert_eq!(all.len(), usize::from(BACKEND_WAIT - FIRST) + 1);
    }

    #[test]
    fn names_and_texts_are_one_to_one() {
        let all = all(Some("it\"s"));
        for (index, statement) in all.iter().enumerate() {
            let same =
                |other: &&Statement| other.name == statement.name || other.sql == statement.sql;
            assert_eq!(all.iter().position(|other| same(&other)), Some(index));
        }
    }

    #[test]
    fn no_text_holds_a_constant() {
        for statement in all(None) {
            let mut rest = statement.sql.clone();
            for number in 1..=9 {
                rest = rest.replace(&format!("${number}"), "");
            }
            for name in ["int8", "float8"] {
                rest = rest.replace(name, "");
            }
            let is_constant = |c: char| c == '\'' || c.is_ascii_digit();
            assert!(!rest.contains(is_constant), "{}", statement.sql);
        }
    }
}
