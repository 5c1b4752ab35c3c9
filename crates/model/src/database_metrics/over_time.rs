//! How the busiest statements changed while load ran, in a few parts: the stages, or equal times.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Statements by `pg_stat_statements`, part by part of the measured time: its stages, or where it
/// has only one, or more than twelve, up to twelve parts of about the same length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatementsOverTime {
    /// The parts, in the order of time.
    pub parts: Vec<StatementsPart>,
    /// The beginnings of the texts, by `queryid`; those that the server knew to the end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<String, String>,
}

/// One part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatementsPart {
    /// The name of its stage; absent where the parts are no stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// When it began, seconds since measuring began.
    pub from_s: f64,
    /// When it ended.
    pub to_s: f64,
    /// How much of it was seen: rates are per second of this.
    pub seen_s: f64,
    /// Why not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Those that took the most execution time, at most 10.
    pub statements: Vec<StatementRate>,
}

/// What one statement came to in a part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatementRate {
    /// The server's number of it, as in `query_performance`.
    pub queryid: String,
    /// Executions per second.
    pub calls_per_s: f64,
    /// Their execution time per second: 1000 is one session that does nothing else.
    pub exec_ms_per_s: f64,
    /// The mean of one.
    pub mean_exec_time_ms: f64,
    /// Rows returned or changed per second.
    pub rows_per_s: f64,
}
