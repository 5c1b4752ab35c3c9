//! What was measured: `load_metrics` of the result file.

use super::operation::{ActionMetrics, KindMetrics, StatementMetrics, StatementTotals};
use super::stage::StageMetrics;
use crate::catalog::Kind;
use crate::metric::{Distribution, MetricKind, MetricValue};
use crate::verification::Verification;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was measured. All of the measured window, by intended start, where nothing else is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadMetrics {
    /// Length of the measured window.
    pub elapsed_s: f64,
    /// Length of the warm-up before it.
    pub warm_up_s: f64,
    /// Actions that the schedule wanted, per second; absent in a closed loop, which wants what it
    /// gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_per_s: Option<f64>,
    /// Actions that succeeded within the window, per second; a backlog that drains after it was not
    /// achieved in time.
    pub achieved_per_s: f64,
    /// Statements that the schedule wanted, per second; only where those are paced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_queries_per_s: Option<f64>,
    /// Statements answered within the window, per second, transaction control aside.
    pub queries_per_s: f64,
    /// Share of SELECTs in those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_share_ratio: Option<f64>,
    /// Failed actions of the finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_rate_percent: Option<f64>,
    /// Seconds with at least one success of the seconds with work due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_percent: Option<f64>,
    /// All actions together.
    pub all_actions: ActionMetrics,
    /// All actions of the warm-up together: kept apart, part of nothing else here.
    pub warm_up: ActionMetrics,
    /// By name.
    pub actions: BTreeMap<String, ActionMetrics>,
    /// All statements together, transaction control included.
    pub all_statements: StatementTotals,
    /// By name.
    pub statements: BTreeMap<String, StatementMetrics>,
    /// By kind.
    pub kinds: BTreeMap<Kind, KindMetrics>,
    /// Failures by class and SQLSTATE, most frequent first.
    pub errors: Vec<ErrorRow>,
    /// The same of connecting and the warm-up, before the measured window.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub early_errors: Vec<ErrorRow>,
    /// Connections, whole session.
    pub connections: Connections,
    /// How the connections were used.
    pub pool: Pool,
    /// Explicit transactions.
    pub transactions: Transactions,
    /// The slowest statements, slowest first.
    pub slowest: Vec<SlowRow>,
    /// Games, where the workload plays any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub games: Option<Games>,
    /// What the workload measures of its own.
    pub custom: BTreeMap<String, CustomMetric>,
    /// Was the data right afterwards? Absent when it was not checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// The schedule's stages; one where it has no more.
    pub stages: Vec<StageMetrics>,
    /// What our own threads did.
    pub generator: Generator,
    /// The file with a line per action; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_log: Option<ActionLogMetrics>,
}

/// What became of the action log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionLogMetrics {
    /// The file.
    pub path: String,
    /// The share of actions that were to get a line.
    pub sampling_rate: f64,
    /// Lines written, the warm-up's too.
    pub lines: u64,
    /// Lines that the disk did not take in time, or at all.
    pub dropped: u64,
}

/// Failures of one class and SQLSTATE.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorRow {
    /// The class's name.
    pub class: String,
    /// The server's code; absent where no server spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
    /// How many.
    pub count: u64,
    /// The first message seen.
    pub sample: String,
}

/// Connections, whole session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Connections {
    /// Connects begun.
    pub attempted: u64,
    /// Of those: never became usable.
    pub failed: u64,
    /// Failed of the attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_rate_percent: Option<f64>,
    /// Usable connections that went away.
    pub lost: u64,
    /// Usable again after one was lost.
    pub reconnected: u64,
    /// From the first lost connection to the first success after it, the longest outage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_recover_s: Option<f64>,
    /// True when an outage was still open at the end.
    pub still_down: bool,
    /// Connect begun to usable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<Distribution>,
}

/// How the connections were used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pool {
    /// Connections that the plan asked for.
    pub size: u64,
    /// Most with an action in flight at once.
    pub in_use_max: u64,
    /// Mean over time of those without.
    pub idle_mean: f64,
    /// How long actions waited for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<Distribution>,
    /// Actions that gave up waiting (the skipped).
    pub timeouts: u64,
}

/// Explicit transactions. Statements outside of them commit on their own and are not counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transactions {
    /// COMMITs that the server acknowledged.
    pub committed: u64,
    /// ROLLBACKs, on purpose and after errors.
    pub rolled_back: u64,
    /// Further tries after a serialization failure or a deadlock.
    pub retried: u64,
    /// 40P01.
    pub deadlocks: u64,
    /// 40001.
    pub serialization_failures: u64,
    /// BEGIN sent to COMMIT or ROLLBACK answered; absent when nothing was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<Distribution>,
}

/// One of the slowest statements.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlowRow {
    /// Which.
    pub name: String,
    /// When it was answered, seconds since measuring began.
    pub when: f64,
    /// How long it took.
    pub ms: f64,
}

/// Games that the workload played.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Games {
    /// Began in the measured window.
    pub started: u64,
    /// Ended by the rules.
    pub completed: u64,
    /// Ended because a player never came back.
    pub abandoned: u64,
    /// Completed of the ended; absent when none ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_rate_percent: Option<f64>,
    /// Of the completed; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_duration_s: Option<f64>,
    /// What players did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player_actions_per_second: Option<f64>,
}

/// A metric of the workload's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomMetric {
    /// How it behaves.
    pub kind: MetricKind,
    /// Its unit.
    pub unit: String,
    /// What it says.
    pub meaning: String,
    /// What it came to: a number, or a distribution.
    pub value: MetricValue,
}

/// What our own threads did, over the measured window: the evidence for or against the generator
/// being the limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Generator {
    /// Load threads.
    pub threads: u64,
    /// CPU time of all of them.
    pub cpu_s: f64,
    /// Of the time that they had (one processor each).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<f64>,
    /// The same of the busiest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busiest_thread_percent: Option<f64>,
    /// How long single turns of the event loops took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_ms: Option<Distribution>,
    /// For how long the loops stood still although they were to run, in standstills of 10 ms and
    /// more, as a share of the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standstill_percent: Option<f64>,
    /// The longest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standstill_max_ms: Option<f64>,
    /// How long what falls due evenly had to wait for them, on average over all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standstill_delay_ms: Option<f64>,
    /// How much of the time the threads had work but no processor; none where the system does not
    /// tell. The kernel counts a wait where it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_queue_wait_percent: Option<f64>,
    /// The same of the thread that waited most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_queue_wait_max_percent: Option<f64>,
    /// How long one such wait was, on average: so long may an answer that came have lain unread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wake_delay_ms: Option<f64>,
}
