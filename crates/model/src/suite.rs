//! Several scenarios as one result: what each came to, and how they compare.
//!
//! A scenario's figures are taken from its saved result and nothing else, so that a suite that was
//! killed and resumed says the same as one that ran through. What the comparison is made of is
//! decided in `analyze`; here are the nouns. What each field means is in `docs/suite.md`.

use crate::finding::Recommendation;
use crate::metric::Distribution;
use crate::run_result::{CustomMetric, Environment, ErrorRow, RunKind, RunResult};
use crate::threshold::{ThresholdOutcome, ThresholdResult};
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A suite, finished or as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SuiteResult {
    /// The version of this shape, which is that of all results.
    pub schema_version: u32,
    /// Always a suite.
    pub kind: RunKind,
    /// The suite in a few numbers.
    pub test_summary: SuiteSummary,
    /// What it came to, and why: the gravest of its scenarios.
    pub verdict: Verdict,
    /// The scenarios, in the order in which they run.
    pub scenarios: Vec<Scenario>,
    /// How each scenario differs from the one before it and from the baseline.
    pub degradation: Vec<Degradation>,
    /// What follows from all of them together.
    pub recommendations: Vec<Recommendation>,
    /// Where the first finished scenario ran; absent before there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
}

/// The suite in a few numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SuiteSummary {
    /// When its first finished scenario began, RFC 3339; absent before there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// By how much durations, stages and warm-ups were scaled; 1 for not at all.
    pub time_scale: f64,
    /// Scenarios of the suite.
    pub scenarios: u64,
    /// Of those: have a result, interrupted ones included.
    pub finished: u64,
    /// Of the finished: passed.
    pub passed: u64,
    /// Scenarios that could not start.
    pub could_not_start: u64,
    /// Scenarios that were not run.
    pub not_run: u64,
    /// True when the user ended it.
    pub interrupted: bool,
}

/// What became of a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScenarioStatus {
    /// It has a result.
    Finished,
    /// Load could not begin.
    CouldNotStart,
    /// Nobody tried.
    #[default]
    NotRun,
}

/// One scenario of a suite.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scenario {
    /// Its name, which is also the stem of its result's files.
    pub name: String,
    /// What it is for, in the user's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What became of it.
    pub status: ScenarioStatus,
    /// Why it has no result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Connections that its plan asks for; users where it is a migration.
    pub connections: u64,
    /// The measured time that its plan asks for, scaled.
    pub duration_s: f64,
    /// Its result, beside the suite's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_file: Option<String>,
    /// What it came to; absent where it was not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
}

/// A scenario's result in the numbers that a comparison needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// When it began, RFC 3339.
    pub started_at: String,
    /// The workload, or the mix of them.
    pub workload: String,
    /// Length of the measured window.
    pub elapsed_s: f64,
    /// Actions that the schedule wanted; absent in a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_per_s: Option<f64>,
    /// Statements that the schedule wanted; only where those are paced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_queries_per_s: Option<f64>,
    /// Actions that succeeded.
    pub achieved_per_s: f64,
    /// Statements answered.
    pub queries_per_s: f64,
    /// Response time of actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time_ms: Option<Distribution>,
    /// Service time of statements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_time_ms: Option<Distribution>,
    /// Failed actions of the finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_rate_percent: Option<f64>,
    /// Seconds with at least one success of the seconds with work due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_percent: Option<f64>,
    /// Actions that succeeded.
    pub succeeded: u64,
    /// Actions that failed.
    pub failed: u64,
    /// Actions that were hopelessly late and never sent.
    pub skipped: u64,
    /// Actions without an answer at the end.
    pub unfinished: u64,
    /// Limits that did not hold.
    pub failed_thresholds: Vec<ThresholdResult>,
    /// The most frequent failures, at most three.
    pub errors: Vec<ErrorRow>,
    /// The longest stage of constant load; absent where the load always moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_hold_s: Option<f64>,
    /// What the workload measures of its own, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, CustomMetric>,
}

/// Which other scenario one is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The one before it.
    Previous,
    /// The first one, or the one that is called so.
    Baseline,
}

/// One scenario against another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Degradation {
    /// The scenario.
    pub scenario: String,
    /// The other one.
    pub against: String,
    /// Which one that is.
    pub reference: Reference,
    /// What changed from the other one to this.
    pub changes: Vec<Change>,
}

/// Whether a change is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Good.
    Better,
    /// Bad.
    Worse,
    /// Less than the numbers can tell.
    Unchanged,
    /// Nobody knows which way is good: the metric is the workload's own.
    Unknown,
}

/// How one metric changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which metric, by its place in `figures`.
    pub metric: String,
    /// What it was.
    pub from: f64,
    /// What it is.
    pub to: f64,
    /// The change in hundredths of what it was; absent where that was 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_percent: Option<f64>,
    /// Whether that is good.
    pub effect: Effect,
    /// The same in words (`38 % slower`).
    pub words: String,
}

/// How many kinds of failure a scenario's row keeps; its result has them all.
const MOST_ERRORS: usize = 3;

impl Figures {
    /// Those of a saved result.
    pub fn of(result: &RunResult) -> Figures {
        let load = &result.load_metrics;
        let all = &load.all_actions;
        let failed = |it: &&ThresholdResult| it.outcome == ThresholdOutcome::Failed;
        let holds = load.stages.iter().filter(|stage| stage.hold).map(|stage| stage.length_s);
        Figures {
            started_at: result.test_summary.started_at.clone(),
            workload: result.test_summary.workload.clone(),
            elapsed_s: load.elapsed_s,
            offered_per_s: load.offered_per_s,
            offered_queries_per_s: load.offered_queries_per_s,
            achieved_per_s: load.achieved_per_s,
            queries_per_s: load.queries_per_s,
            response_time_ms: all.response_time_ms,
            query_time_ms: load.all_statements.service_time_ms,
            error_rate_percent: load.error_rate_percent,
            availability_percent: load.availability_percent,
            succeeded: all.succeeded,
            failed: all.failed,
            skipped: all.skipped,
            unfinished: all.unfinished,
            failed_thresholds: result.thresholds.iter().filter(failed).cloned().collect(),
            errors: load.errors.iter().take(MOST_ERRORS).cloned().collect(),
            longest_hold_s: holds.reduce(f64::max),
            custom: load.custom.clone(),
        }
    }
}

impl Scenario {
    /// The verdict's exit code, where there is a verdict.
    pub fn exit_code(&self) -> Option<u8> {
        self.verdict.as_ref().map(|it| it.exit_code)
    }
}
