//! Tables and indexes that the load went to, and how the data grew.

use super::{cell, grid, list};
use crate::table::{ABSENT, Table};
use model::database_metrics::{DatabaseMetrics, IndexLoad, TableLoad};
use model::units::{bytes, count, percent};

/// How many tables and indexes are shown; the JSON has 50 and 100.
const SHOWN: usize = 10;
/// How many of the largest tables.
const LARGEST: usize = 5;

/// Those with the most rows read and changed.
pub(super) fn tables(database: &DatabaseMetrics) -> String {
    let mut table = Table::new(
        ["table", "full scans", "index scans", "rows changed", "HOT", "live", "dead", "size"],
        1,
    );
    let tables = all_tables(database);
    table.rows.extend(tables.iter().take(SHOWN).map(|it| {
        vec![
            it.table.clone(),
            count(it.sequential_scans),
            count(it.index_scans),
            count(it.rows_inserted + it.rows_updated + it.rows_deleted),
            hot(it),
            count(it.live_rows),
            count(it.dead_rows),
            size(it.size_end_bytes),
        ]
    }));
    let left_out = database.table_stats.data().map_or(0, |it| it.left_out);
    format!("{}{}", grid(&table), more(tables.len().saturating_sub(SHOWN) as u64 + left_out))
}

/// Those with the most scans, and those without any.
pub(super) fn indexes(database: &DatabaseMetrics) -> String {
    let Some(usage) = database.index_usage.data() else { return String::new() };
    let mut table =
        Table::new(["index", "table", "scans", "entries read", "rows fetched", "size"], 2);
    let used = || usage.indexes.iter().filter(|it| it.scans > 0);
    table.rows.extend(used().take(SHOWN).map(|it| {
        vec![
            it.index.clone(),
            it.table.clone(),
            count(it.scans),
            count(it.rows_read),
            count(it.rows_fetched),
            size(it.size_bytes),
        ]
    }));
    let left_out = used().count().saturating_sub(SHOWN) as u64 + usage.left_out;
    let unused = unused(&usage.indexes);
    let gap = if table.is_empty() || unused.is_empty() { "" } else { "\n" };
    format!("{}{}{gap}{unused}", grid(&table), more(left_out))
}

/// Indexes that are changed with every row and that no scan used; one that keeps values apart is of
/// use without any.
fn unused(indexes: &[IndexLoad]) -> String {
    let unused = || indexes.iter().filter(|it| it.scans == 0 && !it.unique);
    let names: Vec<String> = unused().take(SHOWN).map(|it| cell(&it.index)).collect();
    let together: u64 = unused().filter_map(|it| it.size_bytes).sum();
    match unused().count() {
        0 => String::new(),
        n => {
            let more = n.saturating_sub(SHOWN);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let size = bytes(together as f64);
            format!("Without a scan meanwhile: {}{more} ({size} together).\n", names.join(", "))
        }
    }
}

/// The database and its largest tables, at both ends.
pub(super) fn growth(database: &DatabaseMetrics) -> String {
    let whole = database.database_size.data().map(|it| {
        let ends = [it.begin_bytes, it.end_bytes].map(|it| bytes(it as f64));
        format!("Database: {} before, {} after ({})", ends[0], ends[1], signed(it.growth_bytes))
    });
    let mut largest: Vec<&TableLoad> =
        all_tables(database).iter().filter(|it| it.size_end_bytes.is_some()).collect();
    largest.sort_by_key(|it| std::cmp::Reverse(it.size_end_bytes));
    let mut table = Table::new(["largest tables", "before", "after", "growth"], 1);
    table.rows.extend(largest.into_iter().take(LARGEST).map(|it| {
        let growth = it.size_begin_bytes.zip(it.size_end_bytes);
        let growth = growth.map(|(begin, end)| signed(end as i64 - begin as i64));
        vec![
            it.table.clone(),
            size(it.size_begin_bytes),
            size(it.size_end_bytes),
            growth.unwrap_or_else(|| ABSENT.to_owned()),
        ]
    }));
    let gap = if whole.is_some() && !table.is_empty() { "\n" } else { "" };
    format!("{}{gap}{}", list(whole), grid(&table))
}

fn all_tables(database: &DatabaseMetrics) -> &[TableLoad] {
    database.table_stats.data().map(|it| it.tables.as_slice()).unwrap_or_default()
}

/// Updates without a new index entry, of all.
fn hot(table: &TableLoad) -> String {
    match table.rows_updated {
        0 => ABSENT.to_owned(),
        updated => percent(table.rows_hot_updated as f64 * 100.0 / updated as f64),
    }
}

fn size(of: Option<u64>) -> String {
    of.map_or_else(|| ABSENT.to_owned(), |it| bytes(it as f64))
}

fn signed(growth_bytes: i64) -> String {
    let sign = if growth_bytes > 0 { "+" } else { "" };
    format!("{sign}{}", bytes(growth_bytes as f64))
}

/// What the table has no room for.
fn more(left_out: u64) -> String {
    match left_out {
        0 => String::new(),
        n => format!("\n{} more that something happened to.\n", count(n)),
    }
}
