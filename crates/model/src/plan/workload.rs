//! What users do, and the numbers that shape it.

use super::SchemaVariant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One workload or a mix of them, with their profiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// As it is written: `hokm`, or `hokm@9,select-only@1`.
    pub name: String,
    /// The parts, in the order in which they were named.
    pub mix: Vec<Part>,
    /// The numbers that are their own.
    pub profile: Profile,
}

/// One workload of a mix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The name that it is registered with.
    pub name: String,
    /// It gets this share of all weights' actions; at least 1.
    pub weight: u32,
}

/// The numbers of the workloads that are in the mix.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The game's; none where it is not played.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hokm: Option<Hokm>,
    /// pgbench's; none where none of its scripts runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pgbench: Option<Pgbench>,
    /// Options of workloads that are not built in, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// What pgbench's scripts run on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pgbench {
    /// Size of tables that the run has to create: 100,000 accounts per unit.
    pub scale: u32,
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

impl Workload {
    /// A mix by its parts.
    pub fn of(mix: Vec<Part>, profile: Profile) -> Workload {
        let name = match mix.as_slice() {
            [only] => only.name.clone(),
            parts => {
                let parts = parts.iter().map(|it| format!("{}@{}", it.name, it.weight));
                parts.collect::<Vec<_>>().join(",")
            }
        };
        Workload { name, mix, profile }
    }
}
