//! What a user may set about the game's load, and whether it makes sense.

use super::popularity::Skew;
use super::rules::Rules;
use crate::error::Error;
pub use model::plan::SchemaVariant;

/// The settings of the Hokm workload.
#[derive(Clone, Debug, PartialEq)]
pub struct HokmProfile {
    /// Seats taken at once, four to a table (`concurrent_user_actions`).
    pub seats: u32,
    /// Share of reads among the game's statements, transaction control aside.
    pub read_write_ratio: f64,
    /// Smallest and largest number of statements in an explicit transaction.
    pub transaction_size: (u32, u32),
    /// Share of the actions that write which are a batch of events.
    pub batch_operation_probability: f64,
    /// Share of the looks that are complex queries.
    pub complex_query_probability: f64,
    /// 1.0 is 10,000 players, 2,500 games and 100,000 events.
    pub data_volume_multiplier: f64,
    /// Tricks that win a hand.
    pub tricks_to_win: u8,
    /// Hands that win a game.
    pub hands_to_win: u8,
    /// Share of the games that a player leaves for good.
    pub abandon_rate: f64,
    /// How uneven players' popularity is.
    pub player_skew: Skew,
    /// Where all randomness comes from.
    pub seed: u64,
    /// What every key that the run adds begins with: lower-case letters and digits.
    pub run_prefix: String,
    /// The schema of the tables; none for the search path.
    pub schema: Option<String>,
    /// Leave tables and rows in place afterwards.
    pub keep_data: bool,
    /// Use the rows that an earlier run of the same prefix, seed, seats, volume and rules left with
    /// `keep_data`, put back to their start, instead of loading them. They stay afterwards.
    pub reuse_data: bool,
    /// Which indexes created tables get.
    pub schema_variant: SchemaVariant,
}

impl Default for HokmProfile {
    fn default() -> HokmProfile {
        HokmProfile {
            seats: 100,
            read_write_ratio: 0.7,
            transaction_size: (1, 5),
            batch_operation_probability: 0.1,
            complex_query_probability: 0.05,
            data_volume_multiplier: 1.0,
            tricks_to_win: 7,
            hands_to_win: 7,
            abandon_rate: 0.02,
            player_skew: Skew::Zipf(1.0),
            seed: 0,
            run_prefix: "run".to_owned(),
            schema: None,
            keep_data: false,
            reuse_data: false,
            schema_variant: SchemaVariant::default(),
        }
    }
}

/// More would only fill memory: a run remembers each table and each player.
const MOST_SEATS: u32 = 4_000_000;
const MOST_VOLUME: f64 = 10_000.0;
/// Statements in a transaction; a request is one message each.
const LARGEST_TRANSACTION: u32 = 1_000;
/// Keys are `<prefix>-g<table>-<game>-s<seat>` in columns of 255 characters.
const LONGEST_PREFIX: usize = 60;

impl HokmProfile {
    /// The rules of every table.
    pub fn rules(&self) -> Rules {
        Rules { tricks_to_win: self.tricks_to_win, hands_to_win: self.hands_to_win }
    }

    /// How many tables are live at once.
    pub fn tables(&self) -> u32 {
        self.seats / 4
    }

    /// Everything that is wrong with the settings, each in a sentence.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut require = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault);
            }
        };
        for (name, share) in [
            ("read_write_ratio", self.read_write_ratio),
            ("batch_operation_probability", self.batch_operation_probability),
            ("complex_query_probability", self.complex_query_probability),
            ("abandon_rate", self.abandon_rate),
        ] {
            let holds = (0.0..=1.0).contains(&share);
            require(holds, format!("{name} must be from 0 to 1, not {share}"));
        }
        let (least, most) = self.transaction_size;
        require(
            1 <= least && least <= most && most <= LARGEST_TRANSACTION,
            format!(
                "transaction_size_range must be two numbers from 1 to {LARGEST_TRANSACTION}, the \
                 smaller first, not [{least}, {most}]"
            ),
        );
        require(
            (0.0..=MOST_VOLUME).contains(&self.data_volume_multiplier),
            format!(
                "data_volume_multiplier must be from 0 to {MOST_VOLUME}, not {}",
                self.data_volume_multiplier
            ),
        );
        require(
            (1..=MOST_SEATS).contains(&self.seats),
            format!("concurrent_user_actions must be from 1 to {MOST_SEATS}, not {}", self.seats),
        );
        require(
            (1..=13).contains(&self.tricks_to_win),
            format!("tricks_to_win must be from 1 to 13, not {}", self.tricks_to_win),
        );
        require(
            (1..=100).contains(&self.hands_to_win),
            format!("hands_to_win must be from 1 to 100, not {}", self.hands_to_win),
        );
        if let Skew::Zipf(exponent) = self.player_skew {
            let holds = (0.0..=20.0).contains(&exponent);
            require(holds, format!("player_skew must be from 0 to 20, not {exponent}"));
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let prefix = &self.run_prefix;
        require(
            (1..=LONGEST_PREFIX).contains(&prefix.len()) && prefix.bytes().all(plain),
            format!(
                "the run's prefix must be 1 to {LONGEST_PREFIX} lower-case letters and digits, \
                 not {prefix:?}"
            ),
        );
        faults
    }

    /// Refuses settings that make no sense, with all their faults.
    ///
    /// # Errors
    /// The faults, in one text.
    pub fn check(&self) -> Result<(), Error> {
        let faults = self.faults();
        if faults.is_empty() { Ok(()) } else { Err(Error::Settings(faults.join("; "))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_make_sense() {
        assert!(HokmProfile::default().check().is_ok());
    }

    #[test]
    fn every_fault_is_found_at_once() {
        let profile = HokmProfile {
            seats: 0,
            read_write_ratio: 1.5,
            transaction_size: (5, 1),
            batch_operation_probability: -0.1,
            complex_query_probability: f64::NAN,
            data_volume_multiplier: f64::INFINITY,
            tricks_to_win: 14,
            hands_to_win: 0,
            abandon_rate: 2.0,
            player_skew: Skew::Zipf(-1.0),
            run_prefix: "it's".to_owned(),
            ..HokmProfile::default()
        };
        assert_eq!(profile.faults().len(), 11, "{:#?}", profile.faults());
    }
}
