//! The busiest tables and indexes of a window.

use super::super::relations::{Added, Relations, added};
use super::super::tables;
use super::SHOWN;
use model::series::{IndexWindow, TableWindow};
use std::cmp::Reverse;

/// Those whose rows were read or changed most, and of how many nothing is known.
pub(super) fn tables(now: &Relations, earlier: &Relations) -> (Vec<TableWindow>, u64) {
    let (all, unknown) = tables::busiest(now, earlier);
    (all.iter().take(SHOWN).map(table).collect(), unknown)
}

fn table(Added { relation, counters, .. }: &Added<'_>) -> TableWindow {
    let count = |name| counters.count(name);
    TableWindow {
        table: relation.name.clone(),
        sequential_scans: count("seq_scan"),
        sequential_rows: count("seq_tup_read"),
        index_scans: count("idx_scan"),
        index_rows: count("idx_tup_fetch"),
        rows_inserted: count("n_tup_ins"),
        rows_updated: count("n_tup_upd"),
        rows_hot_updated: count("n_tup_hot_upd"),
        rows_deleted: count("n_tup_del"),
        dead_rows: relation.state.count("n_dead_tup"),
    }
}

/// Those that were scanned most, and of how many nothing is known.
pub(super) fn indexes(now: &Relations, earlier: &Relations) -> (Vec<IndexWindow>, u64) {
    let (mut all, unknown) = added(now, earlier);
    let scans = |it: &Added<'_>| it.counters.count("idx_scan");
    all.retain(|it| scans(it) > 0);
    all.sort_by_key(|it| (Reverse(scans(it)), it.relation.name.clone()));
    let shown = all.iter().take(SHOWN);
    let shown = shown.map(|it| IndexWindow { index: it.relation.name.clone(), scans: scans(it) });
    (shown.collect(), unknown)
}
