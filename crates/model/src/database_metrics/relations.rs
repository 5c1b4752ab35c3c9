//! Tables and indexes of the database.

use serde::{Deserialize, Serialize};

/// Tables that something happened to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TableStats {
    /// Those with the most rows read and changed, at most 50.
    pub tables: Vec<TableLoad>,
    /// How many more there were.
    pub left_out: u64,
}

/// One table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TableLoad {
    /// Schema and name.
    pub table: String,
    /// Scans of the whole table.
    pub sequential_scans: u64,
    /// Rows that they went over.
    pub sequential_rows: u64,
    /// Scans of its indexes.
    pub index_scans: u64,
    /// Rows that they fetched.
    pub index_rows: u64,
    /// Rows inserted.
    pub rows_inserted: u64,
    /// Rows updated.
    pub rows_updated: u64,
    /// Of those: without a new index entry.
    pub rows_hot_updated: u64,
    /// Rows deleted.
    pub rows_deleted: u64,
    /// Live rows at the end, as the server estimates them.
    pub live_rows: u64,
    /// Dead rows at the end, as the server estimates them.
    pub dead_rows: u64,
    /// Vacuums, automatic ones included.
    pub vacuums: u64,
    /// Analyzes, automatic ones included.
    pub analyzes: u64,
}

/// Indexes of the tables that something happened to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IndexUsage {
    /// Those with the most scans, at most 100; those without any are at the end.
    pub indexes: Vec<IndexLoad>,
    /// How many more there were.
    pub left_out: u64,
}

/// One index.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IndexLoad {
    /// Schema and name.
    pub index: String,
    /// The name of its table.
    pub table: String,
    /// Scans.
    pub scans: u64,
    /// Entries read.
    pub rows_read: u64,
    /// Rows fetched.
    pub rows_fetched: u64,
    /// True where it keeps values apart: then it is of use without any scan.
    pub unique: bool,
}
