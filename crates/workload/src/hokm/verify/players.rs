//! Players: hands, games and wins grew by exactly what was acknowledged.

use super::{Verifier, value};
use crate::error::Error;
use crate::hokm::keys::{read_player, write_player};
use crate::hokm::memory::Tally;
use crate::hokm::preload::first_counts;
use std::ops::Range;
use wire::blocking::Param;

/// Players compared at a time.
const CHUNK: usize = 2_000;

/// The checks, in the order of the gains.
const NAMES: [&str; 3] = [
    "hands_equal_what_was_acknowledged",
    "total_games_equal_what_was_acknowledged",
    "wins_equal_what_was_acknowledged",
];

impl Verifier<'_> {
    pub(super) fn players(&mut self) -> Result<(), Error> {
        let mut tallies = [Tally::default(), Tally::default(), Tally::default()];
        let count = self.world.volume.players;
        for start in (0..count).step_by(CHUNK) {
            let range = start..count.min(start.saturating_add(CHUNK as u32));
            self.some_players(range, &mut tallies)?;
        }
        for (name, tally) in NAMES.into_iter().zip(tallies) {
            self.add(name, tally);
        }
        Ok(())
    }

    fn some_players(&mut self, range: Range<u32>, tallies: &mut [Tally; 3]) -> Result<(), Error> {
        let prefix = self.world.prefix();
        let keys: Vec<String> = range
            .clone()
            .map(|player| {
                let mut key = String::new();
                write_player(prefix, player, &mut key);
                key
            })
            .collect();
        let texts: Vec<&str> = keys.iter().map(String::as_str).collect();
        let sql = format!(
            "SELECT player_id::text, (player_data::jsonb->>'hands')::int8, total_games::int8, \
             wins::int8 FROM {} WHERE player_id = any($1)",
            self.tables.players
        );
        let rows = self.query(&sql, &[Param::TextArray(&texts)])?;
        let mut found = vec![None; keys.len()];
        for row in &rows {
            let player = read_player(prefix, value(row, 0)?);
            let place = player.and_then(|player| player.checked_sub(range.start));
            if let Some(slot) = place.and_then(|place| found.get_mut(place as usize)) {
                let stored: [Option<i64>; 3] = [value(row, 1)?, value(row, 2)?, value(row, 3)?];
                *slot = Some(stored);
            }
        }
        for (player, stored) in range.zip(found) {
            self.compare_player(player, stored, tallies);
        }
        Ok(())
    }

    /// What commits that were never answered until the end may have brought a player.
    fn doubted(&self, player: u32) -> [u32; 3] {
        let gains = self.remembered.gains.iter().filter(|gain| gain.0 == player);
        gains.fold([0; 3], |sum, gain| [sum[0] + 1, sum[1] + gain.1, sum[2] + gain.2])
    }

    fn compare_player(
        &self,
        player: u32,
        stored: Option<[Option<i64>; 3]>,
        tallies: &mut [Tally; 3],
    ) {
        let Some(gains) = self.world.gains.get(player as usize) else { return };
        let first = first_counts(self.world, player);
        let (certain, unknown) = (gains.acknowledged.values(), gains.unknown.values());
        let doubted = self.doubted(player);
        let stored = stored.unwrap_or([None; 3]);
        for (what, tally) in tallies.iter_mut().enumerate() {
            let least = i64::from(first[what]) + i64::from(certain[what]);
            let most = least + i64::from(unknown[what] + doubted[what]);
            let holds = stored[what].is_some_and(|stored| (least..=most).contains(&stored));
            tally.expect(holds, || {
                let stored = stored[what];
                format!("player {player}: {stored:?} is stored, not {least} to {most}")
            });
        }
    }
}
