//! What kept the server busy in one window: the busiest statements, tables and indexes, each by the
//! difference of two looks. A window lasts ten seconds, or until its stage ends.
//!
//! Counts, not rates: whoever adds windows up comes to what was counted. What could not be compared
//! is absent and says why; what the whole run came to stands in `database_metrics`.

use serde::{Deserialize, Serialize};

/// One window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusiestRow {
    /// When it began, seconds since measuring began; negative only where the server could not be
    /// asked then.
    pub t: f64,
    /// How long it was, as far as load ran in it.
    pub length_s: f64,
    /// Those that took the most execution time.
    pub statements: Busiest<StatementWindow>,
    /// Those whose rows were read or changed most.
    pub tables: Busiest<TableWindow>,
    /// Those that were scanned most.
    pub indexes: Busiest<IndexWindow>,
}

/// The few of one kind that had most to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Busiest<T> {
    /// Between the two looks at this kind, as far as load ran; absent where they can't be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length_s: Option<f64>,
    /// Why they can't be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The busiest first.
    pub rows: Vec<T>,
    /// Of how many nothing is known: a counter went backwards, or its beginning was not seen.
    #[serde(skip_serializing_if = "is_zero")]
    pub unknown: u64,
}

impl<T> Default for Busiest<T> {
    fn default() -> Busiest<T> {
        Busiest { length_s: None, reason: None, rows: Vec::new(), unknown: 0 }
    }
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// A statement by `pg_stat_statements`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatementWindow {
    /// The server's number of it, as text: it has more digits than every reader of JSON keeps.
    pub queryid: String,
    /// The beginning of its text, where it is told for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Executions that ended.
    pub calls: u64,
    /// Their execution time.
    pub exec_ms: f64,
    /// Rows that they returned or changed.
    pub rows: u64,
}

/// A table by `pg_stat_user_tables`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableWindow {
    /// Schema and name.
    pub table: String,
    /// Sequential scans.
    pub sequential_scans: u64,
    /// Rows that they read.
    pub sequential_rows: u64,
    /// Index scans.
    pub index_scans: u64,
    /// Rows that they fetched.
    pub index_rows: u64,
    /// Rows inserted.
    pub rows_inserted: u64,
    /// Rows updated.
    pub rows_updated: u64,
    /// Of those: without a new entry in any index.
    pub rows_hot_updated: u64,
    /// Rows deleted.
    pub rows_deleted: u64,
    /// Dead rows at the end of the window.
    pub dead_rows: u64,
}

/// An index by `pg_stat_user_indexes`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IndexWindow {
    /// Schema and name.
    pub index: String,
    /// Scans.
    pub scans: u64,
}
