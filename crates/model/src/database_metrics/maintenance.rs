//! Replication and vacuum: what goes on beside the load and decides whether it can go on for long.

use super::MeanMax;
use serde::{Deserialize, Serialize};

/// Who follows this server, and what log is kept for whom. Looked at every second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplicationStats {
    /// True where the server is a standby itself.
    pub standby: bool,
    /// Those that follow it, at most 50.
    pub standbys: Vec<Standby>,
    /// Its replication slots, at most 50.
    pub slots: Vec<ReplicationSlot>,
}

/// One that follows the server; what we may not see of it is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Standby {
    /// Its application name.
    pub application: String,
    /// Its state when it was last seen (`streaming`, `catchup` …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Whether commits wait for it (`async`, `sync`, `quorum` …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_state: Option<String>,
    /// Log not sent to it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_lag_bytes: Option<MeanMax>,
    /// Log that it has not written yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_lag_bytes: Option<MeanMax>,
    /// Log that it has not made safe yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flush_lag_bytes: Option<MeanMax>,
    /// Log that it has not applied yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_lag_bytes: Option<MeanMax>,
    /// How long it takes until the log is safe there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flush_lag_ms: Option<MeanMax>,
    /// How long it takes until the log is applied there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_lag_ms: Option<MeanMax>,
}

/// One replication slot, as it was last seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplicationSlot {
    /// Its name.
    pub name: String,
    /// `physical` or `logical`.
    pub kind: String,
    /// Whether anybody uses it.
    pub active: bool,
    /// Log that is kept for it; absent where it keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retained_bytes: Option<MeanMax>,
    /// Whether its log is still there (`reserved`, `extended`, `unreserved`, `lost`; since
    /// version 13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal_status: Option<String>,
    /// How much more log may be written before it is lost; absent where nothing limits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_wal_bytes: Option<i64>,
}

/// Vacuum of the database, and what holds it up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VacuumStats {
    /// Workers of autovacuum in the whole server.
    pub autovacuum_workers: MeanMax,
    /// Vacuums of tables; absent where the counters can't be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vacuums: Option<u64>,
    /// Of those: by autovacuum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autovacuums: Option<u64>,
    /// Analyzes of tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzes: Option<u64>,
    /// Of those: by autovacuum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoanalyzes: Option<u64>,
    /// Tables that were seen under vacuum, one look per second.
    pub progress: Vec<VacuumProgress>,
    /// Transactions since the database's oldest row version was made, at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xid_age: Option<u64>,
    /// From how many on autovacuum freezes, whatever else is set (`autovacuum_freeze_max_age`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze_max_age: Option<u64>,
    /// Multixacts since the oldest that the database still has, at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mxid_age: Option<u64>,
    /// From how many on autovacuum freezes (`autovacuum_multixact_freeze_max_age`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multixact_freeze_max_age: Option<u64>,
    /// What dead rows have to stay for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_xmin: Option<OldestXmin>,
}

/// A table under vacuum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VacuumProgress {
    /// Schema and name.
    pub table: String,
    /// What vacuum did (`scanning heap`, `vacuuming indexes` …).
    pub phase: String,
    /// In how many looks it was seen, one per second.
    pub looks: u64,
}

/// The oldest transaction or snapshot that was still open: rows that died since stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OldestXmin {
    /// How many transactions ago it began, when measuring began; 0 where there was none.
    pub begin_age_xids: u64,
    /// The same when the load ended.
    pub end_age_xids: u64,
    /// The most in between.
    pub max_age_xids: u64,
    /// Whose it was at that moment; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<XminHolder>,
}

/// Who keeps dead rows from being removed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct XminHolder {
    /// `session`, `replication slot` or `prepared transaction`.
    pub kind: String,
    /// Its process, its name, its identifier.
    pub name: String,
    /// When it was seen, seconds since measuring began.
    pub at_s: f64,
    /// The session's state; of a slot, whether it is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The session's application name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// How long its transaction had been open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_age_ms: Option<f64>,
    /// The beginning of the session's last statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}
