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
    /// Schema and name, quoted where SQL asks for it.
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
    /// Updated to a version on another page (since version 16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_updated_to_new_page: Option<u64>,
    /// Rows deleted.
    pub rows_deleted: u64,
    /// Live rows at the end, as the server estimates them.
    pub live_rows: u64,
    /// Live rows at the beginning; absent where the table was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_rows_begin: Option<u64>,
    /// Dead rows at the end, as the server estimates them.
    pub dead_rows: u64,
    /// Dead rows at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_rows_begin: Option<u64>,
    /// Rows changed since its last analyze, at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_modified_since_analyze: Option<u64>,
    /// Rows inserted since its last vacuum, at the end (since version 13).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_inserted_since_vacuum: Option<u64>,
    /// From how many dead rows on autovacuum vacuums it, by its own settings and the server's;
    /// absent where autovacuum is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vacuum_threshold_rows: Option<u64>,
    /// From how many changed rows on autovacuum analyzes it, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyze_threshold_rows: Option<u64>,
    /// Its size at the beginning, indexes and long values included; absent where it was not asked
    /// for (of the busiest 300 tables, without those that are locked against everyone).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_begin_bytes: Option<u64>,
    /// Its size at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_end_bytes: Option<u64>,
    /// Vacuums, automatic ones included.
    pub vacuums: u64,
    /// Of those: by autovacuum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autovacuums: Option<u64>,
    /// Analyzes, automatic ones included.
    pub analyzes: u64,
    /// Of those: by autovacuum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoanalyzes: Option<u64>,
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
    /// Schema and name, quoted where SQL asks for it.
    pub index: String,
    /// Schema and name of its table, likewise.
    pub table: String,
    /// Scans.
    pub scans: u64,
    /// Entries read.
    pub rows_read: u64,
    /// Rows fetched.
    pub rows_fetched: u64,
    /// True where it keeps values apart: then it is of use without any scan.
    pub unique: bool,
    /// True for the primary key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<bool>,
    /// True where something rests on it that keeps it from being dropped: a constraint (the primary
    /// key is one), the table's replica identity, or the index of a partitioned table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// False where its making failed or goes on: then no query uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// Its size at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// How to make it, the beginning of that; absent where it was dropped meanwhile or is
    /// locked against everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}
