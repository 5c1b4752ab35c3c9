//! Tables and indexes of the database at one moment, and what was added to each in between.

use super::catalogue::Wanted;
use super::counters::Counters;
use super::session::{Session, text};
use model::database_metrics::Unread;
use std::collections::BTreeMap;

/// More than this many are not kept: a database of tens of thousands of tables must not fill our
/// memory. Those with the most to show come first.
pub(super) const MOST: usize = 2000;

/// A table or an index at one moment.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    pub(super) name: String,
    /// Of an index: its table.
    pub(super) table: String,
    pub(super) counters: Counters,
    /// What it has, which grows and shrinks.
    pub(super) state: Counters,
    /// Its own settings of storage and autovacuum, `name=value` after `name=value`.
    pub(super) options: String,
}

/// Those of the database, by their numbers.
pub(super) type Relations = BTreeMap<u32, Relation>;

/// Runs a query that tells number, name, table, options, then `counted`, then `state`.
pub(super) fn read(
    session: &mut Session,
    view: &str,
    sql: &str,
    (counted, state): (&'static [Wanted], &'static [Wanted]),
) -> Result<Relations, Unread> {
    let rows = session.poll(view, sql, &[])?;
    let relation = |row| {
        let relation = Relation {
            name: text(row, 1)?,
            table: text(row, 2)?,
            options: text(row, 3).unwrap_or_default(),
            counters: Counters::of(counted, row, 4),
            state: Counters::of(state, row, 4 + counted.len()),
        };
        Some((row.value::<u32>(0).ok()?, relation))
    };
    Ok(rows.iter().filter_map(relation).collect())
}

/// A relation at the end, its number, and what was added to it.
pub(super) struct Added<'a> {
    pub(super) number: u32,
    pub(super) relation: &'a Relation,
    pub(super) counters: Counters,
}

/// What was added to each since `earlier`; one whose counters went backwards is left out, and so
/// is one of which nobody knows where it began: `earlier` may not have had room for it.
pub(super) fn added<'a>(now: &'a Relations, earlier: &Relations) -> (Vec<Added<'a>>, u64) {
    let (mut all, mut left_out) = (Vec::new(), 0);
    let is_full = earlier.len() >= MOST;
    for (number, relation) in now {
        let added = match earlier.get(number) {
            Some(began) => relation.counters.since(&began.counters).ok(),
            None if is_full => None,
            None => Some(relation.counters.clone()),
        };
        match added {
            Some(counters) => all.push(Added { number: *number, relation, counters }),
            None => left_out += 1,
        }
    }
    (all, left_out)
}
