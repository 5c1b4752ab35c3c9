//! A suite as bytes: its file, and the same for readers.
//!
//! Like a run's reports these are pure: the same saved file gives the same bytes on any day.

pub mod markdown;
mod table;
pub mod terminal;

use crate::json::ReadError;
use model::run_result::{RunKind, SCHEMA_VERSION};
use model::suite::SuiteResult;

/// The suite's file: one JSON document.
///
/// # Errors
/// None that memory or a suite of ours could cause.
pub fn json(suite: &SuiteResult) -> serde_json::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(suite)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a suite's file.
///
/// # Errors
/// It is no suite, or one of another version.
pub fn read(bytes: &[u8]) -> Result<SuiteResult, ReadError> {
    if bytes.trim_ascii_start().first().is_some_and(|byte| *byte != b'{') {
        return Err(ReadError::NoResult);
    }
    let suite: SuiteResult = serde_json::from_slice(bytes)?;
    match (suite.schema_version, suite.kind) {
        (SCHEMA_VERSION, RunKind::Suite) => Ok(suite),
        (SCHEMA_VERSION | 0, _) => Err(ReadError::NoResult),
        (version, _) => Err(ReadError::Version(version.into())),
    }
}
