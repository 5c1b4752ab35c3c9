//! One line of a `.partial` file: the record that a running test leaves.
//!
//! The first line is a header; then rows and events in the order of time. Each line is a JSON
//! object whose first key says what it is, so that a reader who wants one operation can pass over
//! the others without parsing them. A line cut short by a kill is an error of that line alone.

use super::busiest::BusiestRow;
use super::operation::{ActionRow, StatementRow};
use super::watched::{HostRow, PoolerRow, ServerRow};
use crate::catalog::Kind;
use crate::event::Event;
use crate::measured::RunQueueWait;
use crate::run_result::{Environment, ErrorRow, RunResult, SlowRow};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A statement, as the header lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementName {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub sql: String,
}

/// What a reader must know before the rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// The version of the result's shape.
    pub schema_version: u32,
    /// When the run began, RFC 3339.
    pub started_at: String,
    /// The workload.
    pub workload: String,
    /// Connections that the plan asked for.
    pub connections: u64,
    /// Length of the planned warm-up: times below count from its end.
    pub warm_up_s: f64,
    /// Executions in set-up, by statement name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set_up_statements: BTreeMap<String, u64>,
    /// The names of actions, by number.
    pub actions: Vec<String>,
    /// The statements, by number.
    pub statements: Vec<StatementName>,
    /// The resolved plan, no secrets.
    pub plan: Value,
    /// Where it runs.
    pub environment: Environment,
}

/// One interval of the whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IntervalRow {
    /// When it began, seconds since measuring began; negative in the warm-up.
    pub t: f64,
    /// How long it was.
    pub length_s: f64,
    /// True for what happened after the schedule's end.
    #[serde(skip_serializing_if = "is_false")]
    pub grace: bool,
    /// Slots of the schedule that fell due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered: Option<f64>,
    /// How far behind the schedule the oldest waiting action was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind_s: Option<f64>,
    /// Actions given to the engine.
    pub scheduled: u64,
    /// Actions that succeeded.
    pub succeeded: u64,
    /// Actions that failed.
    pub failed: u64,
    /// Of those: unknown whether stored.
    pub unknown: u64,
    /// Actions never sent.
    pub skipped: u64,
    /// Actions without an answer at the end.
    pub unfinished: u64,
    /// Further tries.
    pub retries: u64,
    /// Statements answered, transaction control included.
    pub statements: u64,
    /// Of those: with an error.
    pub statements_failed: u64,
    /// Rows returned or changed.
    pub rows: u64,
    /// Usable connections at the end.
    pub connected: u64,
    /// Most connections with an action in flight at once.
    pub in_use_max: u64,
    /// Mean over time of those without.
    pub idle_mean: f64,
    /// Connects begun.
    pub connects: u64,
    /// Of those: failed.
    pub connects_failed: u64,
    /// Connections lost.
    pub lost: u64,
    /// CPU time of our load threads.
    pub cpu_ms: f64,
    /// Longest turn of an event loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn_max_ms: Option<f64>,
    /// 99th percentile of the lateness of actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lateness_p99_ms: Option<f64>,
    /// Failures by class.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, u64>,
    /// The same by class and SQLSTATE; the sample stands where a kind is seen first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<ErrorRow>,
    /// Connections usable again after one was lost.
    #[serde(skip_serializing_if = "is_zero")]
    pub reconnected: u64,
    /// How long connects took: HDR V2 of µs, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_time: Option<String>,
    /// CPU time of the busiest load thread.
    pub busiest_thread_cpu_ms: f64,
    /// How long our load threads waited for a processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_queue: Option<RunQueueWait>,
    /// Counts of each action by number, so that a run that is killed loses none of them:
    /// scheduled, succeeded, late, failed, unknown, skipped, unfinished, retries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub action_counts: Vec<[u64; 8]>,
    /// Counts of each statement by number: answered, failed, rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statement_counts: Vec<[u64; 3]>,
    /// Response times of all actions: HDR V2 of µs, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time: Option<String>,
}

/// What is known only when the load has ended; its last line but for events.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndRow {
    /// True when the user ended it before its time.
    pub interrupted: bool,
    /// The poller that ran.
    pub poller: String,
    /// The longest outage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_recover_s: Option<f64>,
    /// True when an outage was still open.
    pub still_down: bool,
    /// The slowest statements.
    pub slowest: Vec<SlowRow>,
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// One line of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// The first.
    Header(Box<Header>),
    /// An interval of the whole run.
    Interval(Box<IntervalRow>),
    /// An action over some intervals.
    Action(ActionRow),
    /// A statement over some intervals.
    Statement(StatementRow),
    /// What the server did in a second.
    Server(ServerRow),
    /// What its host did in a second.
    Host(HostRow),
    /// What the pooler in front of it did in a second.
    Pooler(PoolerRow),
    /// What kept the server busy in a window of some seconds.
    Busiest(Box<BusiestRow>),
    /// Something that happened.
    Event(Event),
    /// The load has ended.
    End(EndRow),
    /// The judged result, where it could not be written to its own place.
    Result(Box<RunResult>),
}

/// A line that is none of ours, or was cut short.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read a line of a partial result: {0}")]
pub struct LineError(String);

#[derive(Deserialize)]
struct Wrapped<T> {
    #[serde(
        alias = "header",
        alias = "interval",
        alias = "server",
        alias = "host",
        alias = "pooler",
        alias = "busiest",
        alias = "event",
        alias = "end",
        alias = "result"
    )]
    it: T,
}

impl Line {
    /// Where a line about action `index` begins.
    pub fn action_prefix(index: usize) -> String {
        format!("{{\"action\":{index},")
    }

    /// Where a line about statement `index` begins.
    pub fn statement_prefix(index: usize) -> String {
        format!("{{\"statement\":{index},")
    }

    /// Where a line about an interval begins.
    pub const INTERVAL_PREFIX: &'static str = "{\"interval\":";

    /// Where a line about the server begins.
    pub const SERVER_PREFIX: &'static str = "{\"server\":";

    /// Where a line about its host begins.
    pub const HOST_PREFIX: &'static str = "{\"host\":";

    /// Where a line about the pooler begins.
    pub const POOLER_PREFIX: &'static str = "{\"pooler\":";

    /// Where a line about the busiest of the server begins.
    pub const BUSIEST_PREFIX: &'static str = "{\"busiest\":";

    /// Where a line about an event begins.
    pub const EVENT_PREFIX: &'static str = "{\"event\":";

    /// Where the line about the end begins.
    pub const END_PREFIX: &'static str = "{\"end\":";

    /// Where a result begins.
    pub const RESULT_PREFIX: &'static str = "{\"result\":";

    /// Where the header begins.
    pub const HEADER_PREFIX: &'static str = "{\"header\":";

    /// The line as text, with its end.
    pub fn encode(&self) -> String {
        let (before, body, after) = match self {
            Line::Header(header) => (Line::HEADER_PREFIX, serde_json::to_string(header), "}\n"),
            Line::Interval(row) => (Line::INTERVAL_PREFIX, serde_json::to_string(row), "}\n"),
            Line::Event(event) => (Line::EVENT_PREFIX, serde_json::to_string(event), "}\n"),
            Line::Server(row) => (Line::SERVER_PREFIX, serde_json::to_string(row), "}\n"),
            Line::Host(row) => (Line::HOST_PREFIX, serde_json::to_string(row), "}\n"),
            Line::Pooler(row) => (Line::POOLER_PREFIX, serde_json::to_string(row), "}\n"),
            Line::Busiest(row) => (Line::BUSIEST_PREFIX, serde_json::to_string(row), "}\n"),
            Line::End(row) => (Line::END_PREFIX, serde_json::to_string(row), "}\n"),
            Line::Result(row) => (Line::RESULT_PREFIX, serde_json::to_string(row), "}\n"),
            Line::Action(row) => ("", serde_json::to_string(row), "\n"),
            Line::Statement(row) => ("", serde_json::to_string(row), "\n"),
        };
        // Our own rows have text for keys and nothing that JSON can't say, so this never fails; if
        // it did, an empty object would be skipped by every reader.
        format!("{before}{}{after}", body.unwrap_or_else(|_| "{}".to_owned()))
    }

    /// Reads what [`Line::encode`] wrote.
    pub fn parse(text: &str) -> Result<Line, LineError> {
        let text = text.trim_end();
        let line = if text.starts_with(Line::INTERVAL_PREFIX) {
            unwrap(text).map(|row| Line::Interval(Box::new(row)))
        } else if text.starts_with("{\"action\":") {
            serde_json::from_str(text).map(Line::Action)
        } else if text.starts_with("{\"statement\":") {
            serde_json::from_str(text).map(Line::Statement)
        } else if text.starts_with(Line::SERVER_PREFIX) {
            unwrap(text).map(Line::Server)
        } else if text.starts_with(Line::HOST_PREFIX) {
            unwrap(text).map(Line::Host)
        } else if text.starts_with(Line::POOLER_PREFIX) {
            unwrap(text).map(Line::Pooler)
        } else if text.starts_with(Line::BUSIEST_PREFIX) {
            unwrap(text).map(|row| Line::Busiest(Box::new(row)))
        } else if text.starts_with(Line::EVENT_PREFIX) {
            unwrap(text).map(Line::Event)
        } else if text.starts_with(Line::END_PREFIX) {
            unwrap(text).map(Line::End)
        } else if text.starts_with(Line::RESULT_PREFIX) {
            unwrap(text).map(|result| Line::Result(Box::new(result)))
        } else if text.starts_with(Line::HEADER_PREFIX) {
            unwrap(text).map(|header| Line::Header(Box::new(header)))
        } else {
            return Err(LineError("it begins like none that we write".to_owned()));
        };
        line.map_err(|error| LineError(error.to_string()))
    }
}

fn unwrap<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    serde_json::from_str::<Wrapped<T>>(text).map(|wrapped| wrapped.it)
}
