//! The keys of a run's rows: every one begins with the run's prefix, so that what a run added can
//! be found and removed, whatever else is in the tables.
//!
//! `<prefix>-p00000012` player · `<prefix>-g3-7` seventh game of table 3 · `<prefix>-h40-0`
//! preloaded game · `<prefix>-l2-1` lobby room · `<game>-s0` session of a seat, `<room>-v5` of a
//! visit. Numbers of players are padded, so that their order as text is their order as numbers:
//! that is the order in which rows are locked.

use std::fmt::Write;

/// What a `games` row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GameKey {
    /// The n-th game of a live table.
    Table {
        /// The table.
        table: u32,
        /// Which of its games, from 0.
        number: u32,
    },
    /// A game from before the run, loaded in set-up.
    History {
        /// Its number.
        index: u32,
    },
    /// The n-th lobby room of a client without a table.
    Lobby {
        /// The client.
        client: u32,
        /// Which of its rooms, from 0.
        number: u32,
    },
}

/// Kinds of games never share a number: tables, preloaded games and clients are fewer than this.
const KIND_STEP: u64 = 1 << 29;

impl GameKey {
    /// Appends the key.
    pub fn write(self, prefix: &str, out: &mut String) {
        // Writing to a String can't fail.
        let _ = match self {
            GameKey::Table { table, number } => write!(out, "{prefix}-g{table}-{number}"),
            GameKey::History { index } => write!(out, "{prefix}-h{index}-0"),
            GameKey::Lobby { client, number } => write!(out, "{prefix}-l{client}-{number}"),
        };
    }

    /// The key as a text of its own.
    pub fn text(self, prefix: &str) -> String {
        let mut text = String::new();
        self.write(prefix, &mut text);
        text
    }

    /// Two numbers that no other game of the run shares; SQL computes the same (`CODE_SQL`).
    pub fn code(self) -> (u64, u64) {
        match self {
            GameKey::Table { table, number } => (u64::from(table), u64::from(number)),
            GameKey::History { index } => (KIND_STEP + u64::from(index), 0),
            GameKey::Lobby { client, number } => {
                (2 * KIND_STEP + u64::from(client), u64::from(number))
            }
        }
    }
}

/// Appends a player's key.
pub fn write_player(prefix: &str, player: u32, out: &mut String) {
    let _ = write!(out, "{prefix}-p{player:08}");
}

/// The number in a player's key.
pub fn read_player(prefix: &str, key: &str) -> Option<u32> {
    key.strip_prefix(prefix)?.strip_prefix("-p")?.parse().ok()
}

/// Appends the key of a seat's session.
pub fn write_seat_session(game: &str, seat: u8, out: &mut String) {
    let _ = write!(out, "{game}-s{seat}");
}

/// Appends the key of a lobby visit's session.
pub fn write_visit_session(room: &str, visit: u32, out: &mut String) {
    let _ = write!(out, "{room}-v{visit}");
}

/// Events counted and summed up: order doesn't matter, a missing, foreign or doubled one shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// How many.
    pub count: u64,
    /// The sum of their marks.
    pub checksum: u64,
}

/// 2^31 - 1, a prime: a product of two numbers below it fits a `bigint`.
const PRIME: u64 = 2_147_483_647;
const FIRST_FACTOR: u64 = 1_103_515_245;
const SECOND_FACTOR: u64 = 1_299_709;
const MIX_FACTOR: u64 = 1_540_483_477;

/// An event's mark: games and numbers that differ a little give marks that differ a lot.
pub fn mark(game: (u64, u64), seq: u64) -> u64 {
    let x = (game.0 * FIRST_FACTOR + game.1 * SECOND_FACTOR + seq) % PRIME;
    (x * x % PRIME + x * MIX_FACTOR) % PRIME
}

/// SQL for the same mark, of columns `a`, `n` (see [`code_sql`]) and `seq`.
pub fn mark_sql() -> String {
    let x = format!("((a * {FIRST_FACTOR} + n * {SECOND_FACTOR} + seq) % {PRIME})");
    format!("(({x} * {x} % {PRIME} + {x} * {MIX_FACTOR}) % {PRIME})")
}

/// SQL for the two numbers of [`GameKey::code`], of a column with a game's key.
pub fn code_sql(column: &str) -> (String, String) {
    let part = format!("split_part({column}, '-', 2)");
    let kind = format!(
        "case left({part}, 1) when 'h' then {KIND_STEP} when 'l' then {} else 0 end",
        2 * KIND_STEP
    );
    let a = format!("({kind} + substr({part}, 2)::int8)");
    (a, format!("split_part({column}, '-', 3)::int8"))
}

impl Fold {
    /// The events of one game with numbers from `first` on, before `end`.
    pub fn of_range(game: (u64, u64), first: u64, end: u64) -> Fold {
        (first..end).fold(Fold::default(), |fold, seq| fold.plus(Fold::of_one(game, seq)))
    }

    /// One event.
    pub fn of_one(game: (u64, u64), seq: u64) -> Fold {
        Fold { count: 1, checksum: mark(game, seq) }
    }

    /// Both together.
    pub fn plus(self, other: Fold) -> Fold {
        Fold {
            count: self.count.wrapping_add(other.count),
            checksum: self.checksum.wrapping_add(other.checksum),
        }
    }

    /// What is left without `other`. Taking away more than was there shows as a huge count.
    pub fn minus(self, other: Fold) -> Fold {
        Fold {
            count: self.count.wrapping_sub(other.count),
            checksum: self.checksum.wrapping_sub(other.checksum),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_say_what_they_are_and_read_back() {
        assert_eq!(GameKey::Table { table: 3, number: 7 }.text("r1"), "r1-g3-7");
        assert_eq!(GameKey::History { index: 40 }.text("r1"), "r1-h40-0");
        assert_eq!(GameKey::Lobby { client: 2, number: 1 }.text("r1"), "r1-l2-1");
        let mut key = String::new();
        write_player("r1", 12, &mut key);
        assert_eq!((key.as_str(), read_player("r1", &key)), ("r1-p00000012", Some(12)));
    }

    #[test]
    fn the_order_of_a_fold_does_not_matter_and_every_event_does() {
        let whole = Fold::of_range((1, 2), 0, 100);
        let parts = Fold::of_range((1, 2), 50, 100).plus(Fold::of_range((1, 2), 0, 50));
        assert_eq!(whole, parts);
        assert_eq!(whole.minus(Fold::of_range((1, 2), 10, 100)), Fold::of_range((1, 2), 0, 10));
        assert_ne!(whole, Fold::of_range((1, 3), 0, 100));
        assert_ne!(whole.checksum, Fold::of_range((1, 2), 1, 101).checksum);
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let most = u64::from(u32::MAX);
        let x = (3 * KIND_STEP) * FIRST_FACTOR + most * SECOND_FACTOR + most;
        assert!(x < i64::MAX as u64);
        mark((3 * KIND_STEP - 1, most), most);
    }
}
