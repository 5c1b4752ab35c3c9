//! What the server said of itself while load ran: one section per subject, facts only.
//!
//! Every section stands alone: it has a status, and where its numbers are not there it says why.
//! Counters are differences over the section's own window (`from_s` to `to_s` on the run's clock);
//! a counter that went backwards makes its section absent, never negative.

mod io;
mod maintenance;
mod over_time;
mod plans;
mod pooler;
mod relations;
mod section;
mod sessions;
mod statements;
mod storage;

pub use io::{IoLoad, IoStats, SlruLoad, SlruStats};
pub use maintenance::{
    OldestXmin, ReplicationSlot, ReplicationStats, Standby, VacuumProgress, VacuumStats, XminHolder,
};
pub use over_time::{StatementRate, StatementsOverTime, StatementsPart};
pub use plans::{IndexCandidate, PlanNode, QueryPlans, StatementPlan};
pub use pooler::PoolerStats;
pub use relations::{IndexLoad, IndexUsage, TableLoad, TableStats};
pub use section::{MeanMax, Section, Status, Unread};
pub use sessions::{
    BlockedSession, BlockingSession, ConnectionStats, IdleTransaction, LockContention, LockMoment,
    StatementWaits, WaitEvent, WaitEvents,
};
pub use statements::{QueryPerformance, StatementLoad, TransactionStats};
pub use storage::{
    BufferCache, DatabaseSize, SettingChange, SettingStats, SettingValue, TempFiles, WalCheckpoints,
};

use serde::{Deserialize, Serialize};

/// What the server said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseMetrics {
    /// Sessions by state, and how many of the server's slots were used.
    pub connection_stats: Section<ConnectionStats>,
    /// Statements as `pg_stat_statements` counts them.
    pub query_performance: Section<QueryPerformance>,
    /// How they changed while load ran; absent where there is nothing to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statements_over_time: Option<Section<StatementsOverTime>>,
    /// Plans of those that mattered, and the indexes that they lack.
    pub query_plans: Section<QueryPlans>,
    /// Commits, rollbacks, conflicts and rows.
    pub transaction_stats: Section<TransactionStats>,
    /// Who waited for whom.
    pub lock_contention: Section<LockContention>,
    /// What active sessions waited for.
    pub wait_events: Section<WaitEvents>,
    /// Blocks found in shared buffers and blocks asked for.
    pub buffer_cache: Section<BufferCache>,
    /// Write-ahead log and checkpoints.
    pub wal_checkpoints: Section<WalCheckpoints>,
    /// Reads and writes by kind of process.
    pub io: Section<IoStats>,
    /// Caches of transaction states and the like.
    pub slru: Section<SlruStats>,
    /// What did not fit into `work_mem`.
    pub temp_files: Section<TempFiles>,
    /// Scans, changes and vacuums by table.
    pub table_stats: Section<TableStats>,
    /// Scans by index.
    pub index_usage: Section<IndexUsage>,
    /// Vacuum, and what holds it up.
    pub vacuum: Section<VacuumStats>,
    /// Standbys and replication slots.
    pub replication: Section<ReplicationStats>,
    /// The size of the database.
    pub database_size: Section<DatabaseSize>,
    /// The server's settings at both ends.
    pub settings: Section<SettingStats>,
    /// The connection pooler in front of the server, where there is one that can be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pooler: Option<Section<PoolerStats>>,
    /// What asking for all this cost.
    pub monitor: Section<MonitorCost>,
}

/// What the monitor itself took from the server and from this machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MonitorCost {
    /// Statements that it sent, of the whole run.
    pub statements: u64,
    /// Of those: without an answer that could be used.
    pub statements_failed: u64,
    /// Connects after the first.
    pub reconnects: u64,
    /// Sent to answered, all together: an upper bound of the server's work for them.
    pub round_trip_ms: f64,
    /// CPU time of the backend that answered it, while load ran; known where the server is on this
    /// machine and the connection held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_cpu_ms: Option<f64>,
    /// That CPU time as a share of the server's CPU capacity (CPUs × time); where it is unknown the
    /// round trips instead, an upper bound. Absent where the number of its CPUs is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_cpu_percent: Option<f64>,
    /// Execution time of its statements in the measured window, by `pg_stat_statements`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec_time_ms: Option<f64>,
    /// CPU time of the monitor's own threads on this machine; absent where the system does not
    /// say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<f64>,
    /// Session samples that were due and not taken: the server or this machine was too slow.
    pub samples_missed: u64,
    /// Rows of the series that found no room on the way to the record.
    pub rows_lost: u64,
}
