//! The rows of single actions and statements, gathered over some intervals. How they become lines,
//! and the rows of whole intervals, is in `line`.

use serde::{Deserialize, Serialize};

/// One action over some intervals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionRow {
    /// Its number; first, so that a line can be told by its beginning.
    pub action: u16,
    /// When the first interval began.
    pub t: f64,
    /// How long they were.
    pub length_s: f64,
    /// As in [`IntervalRow`](super::IntervalRow).
    pub scheduled: u64,
    /// As in [`IntervalRow`](super::IntervalRow).
    pub succeeded: u64,
    /// As in [`IntervalRow`](super::IntervalRow).
    pub failed: u64,
    /// As in [`IntervalRow`](super::IntervalRow).
    pub unknown: u64,
    /// As in [`IntervalRow`](super::IntervalRow).
    pub skipped: u64,
    /// As in [`IntervalRow`](super::IntervalRow).
    pub unfinished: u64,
    /// As in [`IntervalRow`](super::IntervalRow).
    pub retries: u64,
    /// HDR V2 of µs, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time: Option<String>,
    /// HDR V2 of µs, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_time: Option<String>,
    /// HDR V2 of µs, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
    /// HDR V2 of µs, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lateness: Option<String>,
}

/// One statement over some intervals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatementRow {
    /// Its number; first, so that a line can be told by its beginning.
    pub statement: u16,
    /// When the first interval began.
    pub t: f64,
    /// How long they were.
    pub length_s: f64,
    /// Answered.
    pub count: u64,
    /// Of those: with an error.
    pub failed: u64,
    /// Rows returned or changed.
    pub rows: u64,
    /// HDR V2 of µs, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_time: Option<String>,
}
