//! Memory, log and disk, as the server counts them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Blocks of the database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BufferCache {
    /// Found in shared buffers.
    pub blocks_hit: u64,
    /// Asked for from the operating system, which may have had them in its own cache.
    pub blocks_read: u64,
    /// Found of all; absent where no block was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit_ratio: Option<f64>,
    /// Time for reading them; absent where `track_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_time_ms: Option<f64>,
    /// Time that sessions spent on writing them; absent where `track_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_time_ms: Option<f64>,
}

/// Write-ahead log and checkpoints of the whole server. What its version does not count is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WalCheckpoints {
    /// Checkpoints that came by time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoints_timed: Option<u64>,
    /// Checkpoints that were asked for, most often because `max_wal_size` was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoints_requested: Option<u64>,
    /// Write-ahead log written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_bytes: Option<u64>,
    /// The same per second from the window's beginning to the load's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_bytes_per_s: Option<f64>,
    /// Its records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_records: Option<u64>,
    /// Whole pages among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_full_page_images: Option<u64>,
    /// How often its buffers were full and a session had to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_buffers_full: Option<u64>,
    /// How often it was written to its file (since version 14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_writes: Option<u64>,
    /// How often it was made safe on disk (since version 14); 0 where `wal_sync_method` does both
    /// at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_syncs: Option<u64>,
    /// Time for the writes; absent where `track_wal_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_write_time_ms: Option<f64>,
    /// Time for the syncs; absent where `track_wal_io_timing` is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_sync_time_ms: Option<f64>,
    /// Time for writing in checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_write_ms: Option<f64>,
    /// Time for syncing in checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_sync_ms: Option<f64>,
    /// Share of the looks at the sessions in which a checkpoint was at work, its pauses between
    /// writes included; absent where we may not see the checkpointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_active_percent: Option<f64>,
    /// Buffers written by checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffers_checkpoint: Option<u64>,
    /// Buffers written by the background writer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffers_background: Option<u64>,
    /// Buffers written by sessions themselves (versions up to 16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffers_backend: Option<u64>,
    /// Files that sessions made safe on disk themselves, for the checkpointer took no more
    /// (versions up to 16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_fsyncs: Option<u64>,
}

/// Temporary files of the database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TempFiles {
    /// How many.
    pub files: u64,
    /// What was written to them.
    pub bytes: u64,
}

/// The size of the database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DatabaseSize {
    /// At the beginning of the window.
    pub begin_bytes: u64,
    /// At its end.
    pub end_bytes: u64,
    /// The difference; negative where it shrank.
    pub growth_bytes: i64,
}

/// The server's settings at both ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SettingStats {
    /// How many settings were compared.
    pub compared: u64,
    /// Those that were not the same.
    pub changed: Vec<SettingChange>,
    /// Values at the end, of those that throughput and safety depend on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, SettingValue>,
}

/// The value of a setting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SettingValue {
    /// In its own unit.
    pub value: String,
    /// Its unit (`8kB`, `ms` …); absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where it comes from (`default`, `configuration file`, `database` …).
    pub source: String,
}

/// A setting that changed while load ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SettingChange {
    /// Its name.
    pub name: String,
    /// Its value at the beginning, in the setting's own unit; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its value at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}
