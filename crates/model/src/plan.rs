//! Everything a run will do, resolved and checked before anything starts.
//!
//! A [`Plan`] is data: no flag, no file and no default is left to look up, and what it cannot
//! hold it cannot leak. There is no field for a password, so a result, a report or a log that
//! shows a plan never shows a secret. Durations are written in seconds, with the unit in the name.

mod data;
mod load;
mod output;
mod scale;
mod seconds;
mod target;
mod workload;

pub use data::{Data, SchemaVariant, is_run_name, run_name};
pub use load::{Arrivals, Line, Poller, Protocol, Rate, Shape, Stage, ThinkTime, Unit, UserStage};
pub use output::{ActionLog, Format, Output};
pub use target::{ServerName, Target};
pub use workload::{Hokm, Part, Pgbench, PlayerPopularity, Profile, Workload};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// One load test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The server under load.
    pub target: Target,
    /// What users do.
    pub workload: Workload,
    /// Connections that carry the load.
    pub connections: u32,
    /// Threads that drive them.
    pub threads: u32,
    /// When actions start.
    pub shape: Shape,
    /// Load before the measured time, recorded apart.
    #[serde(rename = "warm_up_s", with = "seconds")]
    pub warm_up: Duration,
    /// The measured time; of staged load, the sum of its stages.
    #[serde(rename = "duration_s", with = "seconds")]
    pub duration: Duration,
    /// Each connection ends after so many measured actions; none where time alone decides.
    #[serde(default)]
    pub transactions: Option<u64>,
    /// What takes longer counts as late; in an open loop, what is later than this before it is
    /// sent is skipped. None: nothing is too slow.
    #[serde(rename = "latency_limit_s", default, with = "seconds::optional")]
    pub latency_limit: Option<Duration>,
    /// By how much warm-up, measured time and stages were scaled; 1 where they are as asked for.
    #[serde(default = "scale::unscaled")]
    pub time_scale: f64,
    /// How long actions in flight at the end may still take.
    #[serde(rename = "grace_s", with = "seconds")]
    pub grace: Duration,
    /// How often an action may begin (40001 and 40P01 begin it again); at least 1.
    pub max_tries: u32,
    /// After this the server gives a statement up; none lets it take its time.
    #[serde(rename = "statement_timeout_s", with = "seconds::optional")]
    pub statement_timeout: Option<Duration>,
    /// How statements are sent.
    pub protocol: Protocol,
    /// Whether every action gets a connection of its own.
    #[serde(default)]
    pub reconnect: bool,
    /// Whether statements that need no earlier answer travel in one round trip.
    #[serde(default)]
    pub pipeline: bool,
    /// What moves the bytes.
    pub poller: Poller,
    /// The one source of all randomness; below 2^53, so that every reader of JSON reads it whole.
    pub seed: u64,
    /// The limits that the verdict is made of.
    pub thresholds: Vec<Limit>,
    /// More of them, as the user wrote them (`action.play_card.p99 < 20ms`).
    #[serde(default)]
    pub threshold_expressions: Vec<String>,
    /// How long measuring goes on before a limit that is broken ends the load; none: none does.
    #[serde(rename = "abort_grace_s", default, with = "seconds::optional")]
    pub abort_grace: Option<Duration>,
    /// What the user wrote beside the run.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Where the result goes.
    pub output: Output,
    /// How often progress is told; none stays silent.
    #[serde(rename = "progress_s", with = "seconds::optional")]
    pub progress: Option<Duration>,
    /// Its tables and rows.
    pub data: Data,
    /// Whether the server and its host are watched while load runs.
    pub monitor: bool,
    /// Where a node_exporter tells of the server's host, when one is to be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_exporter: Option<String>,
    /// CPUs that the server may use, when somebody says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_cpus: Option<u32>,
    /// The console of a PgBouncer that is to be asked, without a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pooler_admin: Option<String>,
}

/// A limit for one metric of the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The name of the threshold (`max_p95_query_time_ms`).
    pub name: String,
    /// The limit, in the unit that the name ends in.
    pub limit: f64,
    /// True when the user asked for it: then a value that could not be measured matters.
    pub set_by_user: bool,
}

impl Plan {
    /// The whole length of the load: warm-up and measured time.
    pub fn load_time(&self) -> Duration {
        self.warm_up.saturating_add(self.duration)
    }
}

#[cfg(test)]
mod tests;
