//! What a result says about one action, one statement, or all of them.

use crate::catalog::{Kind, StatementSpec};
use crate::histogram::Histogram;
use crate::metric::Distribution;
use crate::sample::{ActionSample, StatementSample};
use serde::{Deserialize, Serialize};

/// Histograms of one action, HDR V2 in base64, so that runs can be merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionHistograms {
    /// Intended start to last byte, µs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time: Option<String>,
    /// Sent to last byte, µs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_time: Option<String>,
    /// Intended start to a connection being free, µs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
    /// The later of those two to sent, µs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lateness: Option<String>,
}

/// One action, or all of them. `scheduled = succeeded + failed + skipped + unfinished`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionMetrics {
    /// Given to the engine by the pace.
    pub scheduled: u64,
    /// Answered as the workload wants it.
    pub succeeded: u64,
    /// Of the succeeded: took longer than the latency limit; 0 where there is none.
    pub late: u64,
    /// Answered with an error, or the connection went away.
    pub failed: u64,
    /// Of the failed: it may or may not have been stored.
    pub unknown: u64,
    /// Hopelessly late, never sent.
    pub skipped: u64,
    /// No answer when the run ended.
    pub unfinished: u64,
    /// Further tries after a serialization failure or a deadlock.
    pub retries: u64,
    /// Intended start to last byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time_ms: Option<Distribution>,
    /// Sent to last byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_time_ms: Option<Distribution>,
    /// Intended start to a connection being free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<Distribution>,
    /// The later of those two to sent: our own delay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lateness_ms: Option<Distribution>,
    /// The four as histograms.
    pub histograms: ActionHistograms,
}

impl ActionMetrics {
    /// What `sample` counted.
    pub fn of(sample: &ActionSample) -> ActionMetrics {
        let counts = sample.counts;
        ActionMetrics {
            scheduled: counts.scheduled,
            succeeded: counts.succeeded,
            late: counts.late,
            failed: counts.failed,
            unknown: counts.unknown,
            skipped: counts.skipped,
            unfinished: counts.unfinished,
            retries: counts.retries,
            response_time_ms: Distribution::of(&sample.response),
            service_time_ms: Distribution::of(&sample.service),
            wait_ms: Distribution::of(&sample.wait),
            lateness_ms: Distribution::of(&sample.lateness),
            histograms: ActionHistograms {
                response_time: encoded(&sample.response),
                service_time: encoded(&sample.service),
                wait: encoded(&sample.wait),
                lateness: encoded(&sample.lateness),
            },
        }
    }

    /// Actions that ended with an answer or a failure.
    pub fn finished(&self) -> u64 {
        self.succeeded + self.failed
    }

    /// True when every scheduled action met exactly one end.
    pub fn adds_up(&self) -> bool {
        self.scheduled == self.succeeded + self.failed + self.skipped + self.unfinished
            && self.unknown <= self.failed
            && self.late <= self.succeeded
    }

    /// Failed of the finished; none when nothing finished.
    pub fn error_rate_percent(&self) -> Option<f64> {
        percent_of(self.failed, self.finished())
    }
}

/// All statements together, transaction control included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatementTotals {
    /// Answered in the measured window.
    pub count: u64,
    /// Answered in the whole session: set-up, warm-up and retries included.
    pub session_count: u64,
    /// Of `count`: answered with an error.
    pub failed: u64,
    /// Of `session_count`: answered with an error.
    pub session_failed: u64,
    /// Rows returned or changed.
    pub rows: u64,
    /// Sent (or the previous answer of the same round trip, if later) to answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_time_ms: Option<Distribution>,
    /// The same as a histogram: HDR V2 of µs, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram: Option<String>,
}

impl StatementTotals {
    /// What `sample` counted, and what the whole session did: executions, and of those the failed.
    pub fn of(sample: &StatementSample, session: (u64, u64)) -> StatementTotals {
        StatementTotals {
            count: sample.count,
            session_count: session.0,
            failed: sample.failed,
            session_failed: session.1,
            rows: sample.rows,
            service_time_ms: Distribution::of(&sample.service),
            histogram: encoded(&sample.service),
        }
    }
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatementMetrics {
    /// The exact text that the server saw.
    pub sql: String,
    /// What it is.
    pub kind: Kind,
    /// Its counts and times.
    #[serde(flatten)]
    pub totals: StatementTotals,
}

impl StatementMetrics {
    /// What was counted for the statement that `spec` describes.
    pub fn of(spec: &StatementSpec, totals: StatementTotals) -> StatementMetrics {
        StatementMetrics { sql: spec.sql.clone(), kind: spec.kind, totals }
    }
}

/// All statements of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KindMetrics {
    /// Answered in the measured window.
    pub count: u64,
    /// Of those: answered with an error.
    pub failed: u64,
    /// As for a statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_time_ms: Option<Distribution>,
}

/// HDR V2, base64; none when nothing was counted.
fn encoded(histogram: &Histogram) -> Option<String> {
    (!histogram.is_empty()).then(|| histogram.to_base64())
}

/// `part` in hundredths of `whole`; none of nothing.
pub(super) fn percent_of(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| short(part as f64 * 100.0 / whole as f64))
}

/// Six decimals: finer than anything that we measure, and short enough to be read back as it is
/// by every reader.
pub(super) fn short(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
