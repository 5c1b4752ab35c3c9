//! Reads and writes of the whole server, by who did them.

use serde::{Deserialize, Serialize};

/// What the server's processes read and wrote (`pg_stat_io`, since version 16), the monitor's own
/// among it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IoStats {
    /// By process, object and context; those that nothing happened in are left out.
    pub rows: Vec<IoLoad>,
}

/// One kind of process on one kind of object. What makes no sense for it, or is not counted by
/// this version, is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IoLoad {
    /// Who (`client backend`, `checkpointer`, `autovacuum worker` …).
    pub backend_type: String,
    /// On what (`relation`, `temp relation`, since version 18 `wal`).
    pub object: String,
    /// How (`normal`, `vacuum`, `bulkread`, `bulkwrite`, since version 18 `init`).
    pub context: String,
    /// Reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<u64>,
    /// What they read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<u64>,
    /// Time for it; absent where the server does not measure it (`track_io_timing`, of the
    /// write-ahead log `track_wal_io_timing`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_time_ms: Option<f64>,
    /// Writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<u64>,
    /// What they wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_bytes: Option<u64>,
    /// Time for it, as of reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_time_ms: Option<f64>,
    /// Blocks that the operating system was asked to write to disk soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writebacks: Option<u64>,
    /// Time for asking, as of reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writeback_time_ms: Option<f64>,
    /// How often a file was made longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<u64>,
    /// By how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extend_bytes: Option<u64>,
    /// Time for it, as of reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extend_time_ms: Option<f64>,
    /// Blocks found in a buffer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hits: Option<u64>,
    /// Blocks thrown out of a buffer to make room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evictions: Option<u64>,
    /// How often a buffer of a bulk operation's own ring was taken again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuses: Option<u64>,
    /// Calls of fsync; those of a checkpoint stand with the checkpointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fsyncs: Option<u64>,
    /// Time for them, as of reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fsync_time_ms: Option<f64>,
}

/// Caches of transaction states and the like (`pg_stat_slru`, since version 13), of the whole
/// server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SlruStats {
    /// Those in which something happened.
    pub caches: Vec<SlruLoad>,
}

/// One such cache.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SlruLoad {
    /// Its name, as this version has it (`Xact` or `transaction`, `MultiXactMember` …).
    pub name: String,
    /// Pages found in it.
    pub pages_hit: u64,
    /// Pages read from disk.
    pub pages_read: u64,
    /// Pages written.
    pub pages_written: u64,
    /// Pages begun anew.
    pub pages_zeroed: u64,
}
