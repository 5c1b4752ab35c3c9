//! The connection pooler in front of the server, as its own console tells.

use super::MeanMax;
use serde::{Deserialize, Serialize};

/// The pools of the database under load, together: PgBouncer's `SHOW POOLS` five times a second,
/// and what its `SHOW STATS` counted meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolerStats {
    /// How often the pools were looked at.
    pub samples: u64,
    /// Clients that have a server connection, or nothing to ask for.
    pub clients_active: MeanMax,
    /// Clients that have asked and wait for a server connection.
    pub clients_waiting: MeanMax,
    /// Server connections that a client has.
    pub servers_active: MeanMax,
    /// Server connections that are free.
    pub servers_idle: MeanMax,
    /// The longest that a client had waited when it was looked at.
    pub wait_max_ms: f64,
    /// Transactions that went through; absent where the pooler does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactions: Option<u64>,
    /// Statements that went through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statements: Option<u64>,
    /// Time that all clients together waited for a server connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_total_ms: Option<f64>,
    /// The same per transaction; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_per_transaction_ms: Option<f64>,
}
