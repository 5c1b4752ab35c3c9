//! What a run's rows were made from, as its first player's row keeps it: another run that wants to
//! use them has to be told the same.

use super::popularity::Skew;
use super::profile::HokmProfile;
use model::plan::PlayerPopularity;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The settings that rows depend on, by their names in a settings file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    seed: u64,
    concurrent_user_actions: u32,
    data_volume_multiplier: f64,
    tricks_to_win: u8,
    hands_to_win: u8,
    player_popularity: PlayerPopularity,
}

impl Made {
    /// What the rows of a run with these settings are made from.
    pub fn of(profile: &HokmProfile) -> Made {
        Made {
            seed: profile.seed,
            concurrent_user_actions: profile.seats,
            data_volume_multiplier: profile.data_volume_multiplier,
            tricks_to_win: profile.tricks_to_win,
            hands_to_win: profile.hands_to_win,
            player_popularity: match profile.player_skew {
                Skew::Zipf(exponent) => PlayerPopularity::Zipf(exponent),
                Skew::Uniform => PlayerPopularity::UNIFORM,
            },
        }
    }

    /// As a JSON object.
    pub fn json(&self) -> String {
        // Numbers and words only: nothing of it can fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what a row holds; none where it is not ours.
    pub fn read(json: &str) -> Option<Made> {
        serde_json::from_str(json).ok()
    }

    /// The settings that differ, with the values of both: `seed 7, not 9`.
    pub fn differences(&self, other: &Made) -> Vec<String> {
        let object = |made: &Made| match serde_json::to_value(made) {
            Ok(Value::Object(object)) => object,
            _ => serde_json::Map::new(),
        };
        let (ours, theirs) = (object(self), object(other));
        let pairs = ours.iter().zip(theirs.values()).filter(|((_, one), two)| one != two);
        pairs.map(|((name, one), two)| format!("{name} {one}, not {two}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rows_were_made_from_reads_back_and_differences_are_named() {
        let profile = HokmProfile { seed: 7, player_skew: Skew::Uniform, ..HokmProfile::default() };
        let made = Made::of(&profile);
        assert_eq!(Made::read(&made.json()), Some(made.clone()));
        let other = Made::of(&HokmProfile { seed: 9, ..profile });
        assert_eq!(made.differences(&other), ["seed 7, not 9"]);
        assert_eq!(Made::read("{}"), None);
    }
}
