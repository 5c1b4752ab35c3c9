//! Sessions as samples of `pg_stat_activity` show them. The monitor's own is in none of them but
//! the count of used slots, which it takes one of.

use super::MeanMax;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Client sessions of the whole server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConnectionStats {
    /// How often the sessions were looked at.
    pub samples: u64,
    /// The server's `max_connections`.
    pub max_connections: u64,
    /// Of those: not reserved for superusers and the like.
    pub usable_connections: u64,
    /// Most slots in use at once, the monitor's own among them.
    pub used_connections_max: u64,
    /// Those of the usable.
    pub pool_usage_percent: f64,
    /// Sessions by state (`active`, `idle`, `idle in transaction` …); `hidden` where we may not
    /// see it.
    pub by_state: BTreeMap<String, MeanMax>,
    /// Sessions of the database that were opened in the window, the monitor's own aside (since
    /// version 14, as the next three).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_opened: Option<u64>,
    /// Of those that ended: their client went away without a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_abandoned: Option<u64>,
    /// Ended by an error that no session outlives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_fatal: Option<u64>,
    /// Ended by an administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions_killed: Option<u64>,
    /// Parallel workers that statements of the database asked for (since version 18, as the next).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel_workers_planned: Option<u64>,
    /// Those that they got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel_workers_launched: Option<u64>,
    /// Sessions that idled inside a transaction, of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_in_transaction_percent: Option<f64>,
    /// The longest time that one idled inside a transaction; absent where none did for 100 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_idle_in_transaction: Option<IdleTransaction>,
    /// Active sessions that are not of this run, by their application names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_active_sessions: Option<MeanMax>,
    /// Their mean by application name, the ten with the most.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_applications: BTreeMap<String, f64>,
}

/// A session that was idle inside a transaction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdleTransaction {
    /// Its process.
    pub pid: i64,
    /// When it was last seen so, seconds since measuring began.
    pub at_s: f64,
    /// How long its last statement had been over by then.
    pub age_ms: f64,
    /// Its application name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// The beginning of its last statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

/// What active sessions did: ran (`CPU`, no wait is told) or waited.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WaitEvents {
    /// How often the sessions were looked at.
    pub samples: u64,
    /// Active sessions, parallel workers included.
    pub active_sessions: MeanMax,
    /// Mean number of active sessions by class of what they waited for.
    pub by_class: BTreeMap<String, f64>,
    /// Mean number of active sessions by event, most first.
    pub events: Vec<WaitEvent>,
    /// The same by statement, at most 20, most first; absent where the server does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_statement: Option<Vec<StatementWaits>>,
    /// Why it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_statement_reason: Option<String>,
}

/// What sessions did that ran one statement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatementWaits {
    /// The server's number of it, as in the statements of `query_performance`.
    pub queryid: String,
    /// Its text without constants, the beginning of it; absent without `pg_stat_statements`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Mean number of active sessions that ran it.
    pub active_sessions: f64,
    /// Those by event, at most 5, most first.
    pub events: Vec<WaitEvent>,
}

/// One event that sessions waited for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WaitEvent {
    /// Its class (`LWLock`, `IO`, `Lock` …).
    pub class: String,
    /// Its name, as this version of the server has it.
    pub event: String,
    /// Mean number of active sessions that waited for it.
    pub active_sessions: f64,
}

/// Waiting for heavyweight locks (of rows, tables, transactions).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LockContention {
    /// How often the sessions were looked at.
    pub samples: u64,
    /// Sessions that waited for a lock.
    pub waiting_sessions: MeanMax,
    /// How long sessions waited for locks, all together: their mean number over the time that was
    /// looked at, s.
    #[serde(default)]
    pub lock_wait_s: f64,
    /// Deadlocks that the server resolved; absent where its counters can't be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadlocks: Option<u64>,
    /// Who blocked whom when most sessions waited; absent where nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<LockMoment>,
}

/// Who blocked whom at a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LockMoment {
    /// When, seconds since measuring began.
    pub at_s: f64,
    /// Sessions that waited; the list below has at most 50 of them.
    pub waiting_sessions: u64,
    /// Those that waited.
    pub blocked: Vec<BlockedSession>,
    /// Those that they waited for and that waited for nobody: the roots.
    pub blocking: Vec<BlockingSession>,
}

/// A session that waited for a lock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BlockedSession {
    /// Its process.
    pub pid: i64,
    /// The processes that it waited for.
    pub blocked_by: Vec<i64>,
    /// The kind of lock (`transactionid`, `tuple`, `relation` …).
    pub lock: String,
    /// How long it had waited for this lock; absent before PostgreSQL 14, which does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_ms: Option<f64>,
    /// How long its statement had been running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement_age_ms: Option<f64>,
    /// The beginning of its statement.
    pub statement: String,
}

/// A session that others waited for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BlockingSession {
    /// Its process.
    pub pid: i64,
    /// Its state; absent where we may not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How long its transaction had been open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_age_ms: Option<f64>,
    /// The beginning of its statement, of the last one where it is idle.
    pub statement: String,
}
