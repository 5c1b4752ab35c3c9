//! What a workload found when it compared the stored data with what it remembers.
//!
//! A load test that corrupts data is not a pass: one violation fails the run.

use serde::{Deserialize, Serialize};

/// One thing that was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The stable name (`every_acknowledged_event_is_stored_once`).
    pub name: String,
    /// How many things were compared.
    pub checked: u64,
    /// How many of them were not as they must be.
    pub violations: u64,
    /// One of those, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
}

/// All that was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// True when no check found a violation.
    pub passed: bool,
    /// One by one.
    pub checks: Vec<Check>,
}
