//! A finished run, as it is saved: what every report, comparison and verdict is made from.
//!
//! These are types of their own, never the program's options, with their own version. Readers
//! ignore what they don't know and live without what is missing; a value that could not be read
//! is absent, never zero. What each field means is in `docs/result.md`.

mod assemble;
mod environment;
mod load_metrics;
mod operation;
mod overlap;
mod own;
mod recorded;
mod redact;
mod stage;

pub use assemble::{Inputs, Pacing};
pub use environment::{CpusSource, Environment, Host, Pooler, ServerEnvironment};
pub use load_metrics::{
    ActionLogMetrics, Connections, CustomMetric, ErrorRow, Games, Generator, LoadMetrics, Pool,
    SlowRow, Transactions,
};
pub use operation::{
    ActionHistograms, ActionMetrics, KindMetrics, StatementMetrics, StatementTotals,
};
pub use overlap::{Overlap, OverlapSide};
pub use recorded::{RecordError, RecordNotes, RecordReader, Recorded};
pub use redact::redact;
pub use stage::{StageBlock, StageMetrics, StagePlan, StageTracker};

use crate::database_metrics::DatabaseMetrics;
use crate::diagnosis::Diagnosis;
use crate::event::Event;
use crate::finding::{Finding, Recommendation};
use crate::series::Series;
use crate::system_metrics::SystemMetrics;
use crate::threshold::ThresholdResult;
use crate::verdict::{Judgement, ValidityCheck, Verdict};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The version of the file's shape. It changes only when a reader of the old shape would read a
/// new file wrongly; a new field is not such a change.
pub const SCHEMA_VERSION: u32 = 1;

/// What kind of run it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// One load test.
    #[default]
    Load,
    /// One rehearsal of a migration.
    Migration,
    /// Several scenarios.
    Suite,
}

/// The run in a few numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TestSummary {
    /// When it began, RFC 3339.
    pub started_at: String,
    /// The workload, or the mix of them.
    pub workload: String,
    /// Length of the measured window.
    pub duration_minutes: f64,
    /// Connections that the plan asked for.
    pub concurrent_connections: u64,
    /// Statements answered in the measured window, transaction control (BEGIN, COMMIT, ROLLBACK)
    /// aside: what `queries_per_second_target` counts.
    pub queries_executed: u64,
    /// Of those: answered with an error.
    pub queries_failed: u64,
    /// True when the user ended the run before its time.
    pub interrupted: bool,
}

/// A finished run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunResult {
    /// The version of this shape.
    pub schema_version: u32,
    /// What kind of run it was.
    pub kind: RunKind,
    /// The run in a few numbers.
    pub test_summary: TestSummary,
    /// What it came to, and why.
    pub verdict: Verdict,
    /// Is the run itself sound?
    pub validity: Vec<ValidityCheck>,
    /// Did the limits hold?
    pub thresholds: Vec<ThresholdResult>,
    /// What was measured.
    pub load_metrics: LoadMetrics,
    /// What the server said; absent when nobody asked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_metrics: Option<DatabaseMetrics>,
    /// What the hosts said; absent when nobody asked them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_metrics: Option<SystemMetrics>,
    /// What a migration went through; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migration: Option<Value>,
    /// What held the server back, as a whole; absent when it was not diagnosed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
    /// What limits the server; absent when it was not diagnosed, empty when nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Finding>>,
    /// The findings as recommendations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommendations: Option<Vec<Recommendation>>,
    /// What happened when.
    #[serde(deserialize_with = "known_events")]
    pub events: Vec<Event>,
    /// Everything that the run was to do; no secrets.
    pub plan: Value,
    /// Where it ran.
    pub environment: Environment,
    /// Values over time. In memory only after reading a saved file: while a run goes on they are
    /// on disk, and whoever writes the document streams them from there.
    #[serde(skip_serializing)]
    pub series: Vec<Series>,
}

impl RunResult {
    /// The result with its judgements.
    pub fn judged(mut self, judgement: Judgement) -> RunResult {
        self.validity = judgement.validity;
        self.thresholds = judgement.thresholds;
        self.verdict = judgement.verdict;
        if let Some(diagnosed) = judgement.diagnosed {
            self.diagnosis = Some(diagnosed.diagnosis);
            self.findings = Some(diagnosed.findings);
            self.recommendations = Some(diagnosed.recommendations);
        }
        self
    }
}

/// A newer program may know events that we don't: those are left out, the rest is read.
fn known_events<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Event>, D::Error> {
    let events = Vec::<Value>::deserialize(from)?;
    Ok(events.into_iter().filter_map(|event| serde_json::from_value(event).ok()).collect())
}

#[cfg(test)]
mod tests;
