//! What users do, and the numbers that shape it.

use super::SchemaVariant;
use serde::{Deserialize, Serialize};

/// A workload by name, with its profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// `hokm`, `select-only`, `simple-update` or `tpcb-like`.
    pub name: String,
    /// The numbers that are its own.
    pub profile: Profile,
}

/// The numbers of one family of workloads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// The game.
    Hokm(Hokm),
    /// pgbench's three.
    Pgbench {
        /// Size of tables that the run has to create: 100,000 accounts per unit.
        scale: u32,
    },
}

/// How the game is played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hokm {
    /// Share of the game's statements that read.
    pub read_write_ratio: f64,
    /// Fewest and most game statements in an explicit transaction.
    pub transaction_size_range: (u32, u32),
    /// Share of event writes that are batches.
    pub batch_operation_probability: f64,
    /// Share of looks that are complex queries.
    pub complex_query_probability: f64,
    /// Seats played at once, four to a table.
    pub concurrent_user_actions: u32,
    /// Size of the tables' contents before the run: 1.0 is 10,000 players.
    pub data_volume_multiplier: f64,
    /// Tricks that win a hand.
    pub tricks_to_win: u8,
    /// Hands that win a game.
    pub hands_to_win: u8,
    /// Share of the games that a player leaves for good.
    pub abandon_rate: f64,
    /// How uneven players' popularity is.
    pub player_popularity: PlayerPopularity,
    /// Which indexes tables get that the run has to create.
    pub schema_variant: SchemaVariant,
}

/// Who plays how often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PlayerPopularity {
    /// The n-th most popular player is drawn n^exponent times less often than the first.
    Zipf(f64),
    /// All alike.
    Even(Even),
}

/// The word for players who are all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Even {
    /// `uniform`
    Uniform,
}

impl PlayerPopularity {
    /// All alike.
    pub const UNIFORM: PlayerPopularity = PlayerPopularity::Even(Even::Uniform);
}
