//! What scans of whole tables came to in the window.

use super::super::relations::{Relations, added};
use std::collections::BTreeMap;

/// Of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct SequentialScans {
    /// Those of parallel workers each.
    pub(super) scans: u64,
    /// Rows that they went over.
    pub(super) rows: u64,
    /// Live rows at the end.
    pub(super) live_rows: u64,
}

/// By the table's number; without those whose counters went backwards.
pub(super) fn between(now: &Relations, earlier: &Relations) -> BTreeMap<u32, SequentialScans> {
    let (all, _) = added(now, earlier);
    let scans = all.into_iter().map(|it| {
        let scans = SequentialScans {
            scans: it.counters.count("seq_scan"),
            rows: it.counters.count("seq_tup_read"),
            live_rows: it.relation.state.count("n_live_tup"),
        };
        (it.number, scans)
    });
    scans.collect()
}
