//! Players: hands, games and wins grew by exactly what was acknowledged.
//!
//! Up to a number, every player is compared; beyond it, everybody who played. The sums over all
//! find who did not play and changed all the same.

use super::{Verifier, number, value};
use crate::error::Error;
use crate::hokm::keys::{read_player, write_player};
use crate::hokm::memory::Tally;
use crate::hokm::preload::first_counts;
use std::collections::HashMap;
use wire::blocking::{OwnedRow, Param};

/// Players compared at a time.
const CHUNK: usize = 2_000;
/// Comparing more one by one takes longer than anyone wants to wait.
const MOST_COMPARED: u32 = 200_000;

/// The checks, in the order of the gains.
const NAMES: [&str; 3] = [
    "hands_equal_what_was_acknowledged",
    "total_games_equal_what_was_acknowledged",
    "wins_equal_what_was_acknowledged",
];

/// Hands, games, wins.
type Counts = [u32; 3];

/// What players gained: for certain, and possibly.
struct Gained {
    certain: HashMap<u32, Counts>,
    unknown: HashMap<u32, Counts>,
}

impl Gained {
    /// The counts that a player's row may hold.
    fn range(&self, first: Counts, player: u32, what: usize) -> (i64, i64) {
        let gain = |gains: &HashMap<u32, Counts>| gains.get(&player).map_or(0, |gain| gain[what]);
        let least = i64::from(first[what]) + i64::from(gain(&self.certain));
        (least, least + i64::from(gain(&self.unknown)))
    }
}

impl Verifier<'_> {
    pub(super) fn players(&mut self) -> Result<(), Error> {
        let gained = self.gained();
        let mut tallies = [Tally::default(), Tally::default(), Tally::default()];
        let count = self.world.volume.players;
        let compared: Vec<u32> = match count <= MOST_COMPARED {
            true => (0..count).collect(),
            false => gained.certain.keys().chain(gained.unknown.keys()).copied().collect(),
        };
        for chunk in compared.chunks(CHUNK) {
            let stored = self.stored_players(chunk)?;
            for player in chunk {
                self.compare_player(*player, stored.get(player), &gained, &mut tallies);
            }
        }
        self.sums(&gained, &mut tallies)?;
        for (name, tally) in NAMES.into_iter().zip(tallies) {
            self.add(name, tally);
        }
        Ok(())
    }

    fn gained(&self) -> Gained {
        let mut unknown = self.world.unknown_gains.snapshot();
        for &(player, games, wins) in &self.remembered.gains {
            let gain = unknown.entry(player).or_default();
            *gain = [gain[0] + 1, gain[1] + games, gain[2] + wins];
        }
        Gained { certain: self.world.gains.snapshot(), unknown }
    }

    fn stored_players(&mut self, players: &[u32]) -> Result<HashMap<u32, [Option<i64>; 3]>, Error> {
        let prefix = self.world.prefix();
        let key = |player: &u32| {
            let mut key = String::new();
            write_player(prefix, *player, &mut key);
            key
        };
        let keys: Vec<String> = players.iter().map(key).collect();
        let texts: Vec<&str> = keys.iter().map(String::as_str).collect();
        let sql = format!(
            "SELECT player_id::text, (player_data::jsonb->>'hands')::int8, total_games::int8, \
             wins::int8 FROM {} WHERE player_id = any($1)",
            self.tables.players
        );
        let rows = self.query(&sql, &[Param::TextArray(&texts)])?;
        let prefix = self.world.prefix();
        let mut stored = HashMap::new();
        for row in &rows {
            if let Some(player) = read_player(prefix, value(row, 0)?) {
                stored.insert(player, [value(row, 1)?, value(row, 2)?, value(row, 3)?]);
            }
        }
        Ok(stored)
    }

    fn compare_player(
        &self,
        player: u32,
        stored: Option<&[Option<i64>; 3]>,
        gained: &Gained,
        tallies: &mut [Tally; 3],
    ) {
        let first = first_counts(self.world, player);
        for (what, tally) in tallies.iter_mut().enumerate() {
            let (least, most) = gained.range(first, player, what);
            let stored = stored.and_then(|stored| stored[what]);
            let holds = stored.is_some_and(|stored| (least..=most).contains(&stored));
            tally.expect(holds, || {
                format!("player {player}: {stored:?} is stored, not {least} to {most}")
            });
        }
    }

    /// The sums over all players: who did not play must not have changed either.
    fn sums(&mut self, gained: &Gained, tallies: &mut [Tally; 3]) -> Result<(), Error> {
        let players = &self.tables.players;
        let of_run = self.of_run(players, "player_id")?;
        let sql = format!(
            "SELECT coalesce(sum((player_data::jsonb->>'hands')::int8), 0)::int8, \
             coalesce(sum(total_games), 0)::int8, coalesce(sum(wins), 0)::int8 \
             FROM {players} WHERE {of_run}"
        );
        let row: OwnedRow = self.query_one(&sql, &[])?;
        let mut first = [0_u64; 3];
        for player in 0..self.world.volume.players {
            let counts = first_counts(self.world, player);
            first = std::array::from_fn(|what| first[what] + u64::from(counts[what]));
        }
        for (what, tally) in tallies.iter_mut().enumerate() {
            let sum = |gains: &HashMap<u32, Counts>| {
                gains.values().map(|gain| u64::from(gain[what])).sum::<u64>()
            };
            let least = first[what] + sum(&gained.certain);
            let (most, stored) = (least + sum(&gained.unknown), number(&row, what)?);
            // One that was found above makes the sum wrong, too: it is not to be counted twice.
            if tally.violations == 0 {
                tally.expect((least..=most).contains(&stored), || {
                    format!("all players together: {stored} is stored, not {least} to {most}")
                });
            }
        }
        Ok(())
    }
}
