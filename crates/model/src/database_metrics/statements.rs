//! Statements and transactions, as the server counts them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Top-level statements of the database by `pg_stat_statements`; transaction control and the
/// monitor's own are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryPerformance {
    /// Executions.
    pub calls: u64,
    /// Their execution time on the server.
    pub total_exec_time_ms: f64,
    /// The mean of one; absent where none ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_exec_time_ms: Option<f64>,
    /// Time for planning; absent where the server does not track it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_plan_time_ms: Option<f64>,
    /// Time for compiling expressions (JIT), most of it a part of the execution time; absent before
    /// `pg_stat_statements` 1.10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_jit_time_ms: Option<f64>,
    /// Rows returned or changed.
    pub rows: u64,
    /// Statements that the view had to forget in the window; if not 0, the numbers are too small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evicted: Option<u64>,
    /// Those that took the most execution time, at most 20.
    pub statements: Vec<StatementLoad>,
}

/// One statement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatementLoad {
    /// The server's number of it, as text: it has more digits than every reader of JSON keeps.
    pub queryid: String,
    /// Its text without constants, the beginning of it; absent where we may not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Executions.
    pub calls: u64,
    /// Their execution time on the server.
    pub total_exec_time_ms: f64,
    /// The mean of one.
    pub mean_exec_time_ms: f64,
    /// Of all execution time.
    pub share_percent: f64,
    /// Rows returned or changed.
    pub rows: u64,
    /// Blocks found in shared buffers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks_hit: Option<u64>,
    /// Blocks asked for from the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks_read: Option<u64>,
    /// Blocks changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks_dirtied: Option<u64>,
    /// Blocks of temporary files written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temp_blocks_written: Option<u64>,
    /// Write-ahead log; absent before `pg_stat_statements` 1.8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_bytes: Option<u64>,
    /// Time for planning; absent where the server does not track it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_plan_time_ms: Option<f64>,
    /// Time for compiling its expressions (JIT); absent before `pg_stat_statements` 1.10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_jit_time_ms: Option<f64>,
}

/// Transactions of the database, the monitor's own taken out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TransactionStats {
    /// Committed, read-only ones and those of autovacuum too.
    pub commits: u64,
    /// Rolled back.
    pub rollbacks: u64,
    /// Both, per second from the window's beginning to the load's end.
    pub transactions_per_s: f64,
    /// Rolled back of all; absent where none ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_ratio: Option<f64>,
    /// Statements cancelled because of recovery, on a standby.
    pub conflicts: u64,
    /// The same by what they collided over (`lock`, `snapshot`, `bufferpin` …), those that were.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conflicts_by_kind: BTreeMap<String, u64>,
    /// Deadlocks that the server resolved.
    pub deadlocks: u64,
    /// Rows that scans went over.
    pub rows_returned: u64,
    /// Rows that index scans fetched.
    pub rows_fetched: u64,
    /// Rows inserted.
    pub rows_inserted: u64,
    /// Rows updated.
    pub rows_updated: u64,
    /// Rows deleted.
    pub rows_deleted: u64,
}
