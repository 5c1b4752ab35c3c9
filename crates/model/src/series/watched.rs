//! What was watched beside the load, one line per second: the server and its host. What could not
//! be read in a second is absent from its line; a second in which nothing could be has none.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The server in one second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerRow {
    /// When it began, seconds since measuring began; negative in the warm-up.
    pub t: f64,
    /// Since the last look at the counters; they are per second of this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_s: Option<f64>,
    /// Commits and rollbacks of the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions_per_s: Option<f64>,
    /// Rollbacks alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollbacks_per_s: Option<f64>,
    /// Deadlocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadlocks: Option<f64>,
    /// Blocks found of the blocks looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_hit_ratio: Option<f64>,
    /// Blocks asked for from the operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks_read_per_s: Option<f64>,
    /// Blocks found in shared buffers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks_hit_per_s: Option<f64>,
    /// Written to temporary files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temp_bytes_per_s: Option<f64>,
    /// Rows that the database's scans went over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_read_per_s: Option<f64>,
    /// Rows inserted, updated and deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows_changed_per_s: Option<f64>,
    /// Write-ahead log of the whole server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wal_bytes_per_s: Option<f64>,
    /// Whole pages in it (since version 14).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wal_full_page_images_per_s: Option<f64>,
    /// Checkpoints that the server counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoints: Option<f64>,
    /// Buffers that the checkpointer and the background writer wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffers_written_per_s: Option<f64>,
    /// Reads of data and temporary files by the whole server (`pg_stat_io`, since version 16): up to
    /// version 17 of a block each, since 18 of up to `io_combine_limit` at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_reads_per_s: Option<f64>,
    /// Writes of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_writes_per_s: Option<f64>,
    /// Calls of fsync for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_fsyncs_per_s: Option<f64>,
    /// How often the sessions were looked at; without a look there are none.
    pub samples: u64,
    /// Mean number of client sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<f64>,
    /// Most slots in use at once, of the usable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_usage_percent: Option<f64>,
    /// Mean number of active ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<f64>,
    /// Mean number of sessions that idle inside a transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_in_transaction: Option<f64>,
    /// Samples in which a checkpoint was at work, of those in which the checkpointer could be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_active_percent: Option<f64>,
    /// Samples in which autovacuum was at work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autovacuum_active_percent: Option<f64>,
    /// Mean number of active sessions by class of what they waited for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<String, f64>,
}

/// The pooler in front of the server in one second: the pools of the database under load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PoolerRow {
    /// When it began, seconds since measuring began; negative in the warm-up.
    pub t: f64,
    /// How often they were looked at.
    pub samples: u64,
    /// Mean number of clients that have a server connection, or nothing to ask for.
    pub clients_active: f64,
    /// Mean number of clients that wait for a server connection.
    pub clients_waiting: f64,
    /// Mean number of server connections that a client has.
    pub servers_active: f64,
    /// Mean number of free server connections.
    pub servers_idle: f64,
    /// The longest that a client had waited.
    pub wait_max_ms: f64,
}

/// A machine in one second. Shares are of all its CPUs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostRow {
    /// When it began, seconds since measuring began; negative in the warm-up.
    pub t: f64,
    /// How long it was.
    pub length_s: f64,
    /// True for the machine that makes the load, where the server is on another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub generator: bool,
    /// All but idle and waiting for disks.
    pub cpu_percent: f64,
    /// In programs.
    pub user_percent: f64,
    /// In the kernel.
    pub system_percent: f64,
    /// Idle while a disk was waited for.
    pub iowait_percent: f64,
    /// Taken away by the hypervisor.
    pub steal_percent: f64,
    /// Threads that ran or wanted to, at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_queue: Option<f64>,
    /// Memory that programs could not have had, at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_percent: Option<f64>,
    /// Threads that the system's one-minute load average counted, at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_average_1m: Option<f64>,
    /// Pages that came back from swap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_in_pages_per_s: Option<f64>,
    /// Share of time in which its busiest disk had something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_utilisation_percent: Option<f64>,
    /// Read from its disks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_read_bytes_per_s: Option<f64>,
    /// Written to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_written_bytes_per_s: Option<f64>,
    /// Received over its network, the loopback aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_received_bytes_per_s: Option<f64>,
    /// Sent over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_sent_bytes_per_s: Option<f64>,
    /// Share of time in which something waited for a CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_pressure_percent: Option<f64>,
    /// Share of time in which something waited for a disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_pressure_percent: Option<f64>,
    /// Share of time in which something waited for memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_pressure_percent: Option<f64>,
    /// CPU time of the server's processes as a share of all its CPUs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu_percent: Option<f64>,
    /// CPU time of our own process as a share of all its CPUs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator_cpu_percent: Option<f64>,
}
