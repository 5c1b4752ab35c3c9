//! What users do, and the numbers that shape it.

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
}
