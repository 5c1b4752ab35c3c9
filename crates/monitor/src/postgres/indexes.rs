//! `pg_stat_user_indexes`: what each index was used for, and what it is.

use super::catalogue::{Wanted, wanted};
use super::relations::{self, Added, MOST, Relations, added};
use super::session::{Session, number, text};
use super::tables;
use model::database_metrics::{IndexLoad, IndexUsage, Unread};
use std::collections::BTreeSet;
use wire::blocking::Param;

const VIEW: &str = "pg_stat_user_indexes";
const INDEX: &[Wanted] = &wanted!["idx_scan", "idx_tup_read", "idx_tup_fetch"];
const SHOWN: usize = 100;
/// A definition longer than this is cut: an expression may be of any length.
const LONGEST_DEFINITION: usize = 1000;

pub(super) fn read(session: &mut Session) -> Result<Relations, Unread> {
    session.ensure()?;
    let list = session.catalogue().list(VIEW, INDEX);
    let sql = format!(
        "SELECT indexrelid, pg_catalog.format('%I.%I', schemaname, indexrelname), \
                pg_catalog.format('%I.%I', schemaname, relname), NULL, {list} \
           FROM pg_catalog.{VIEW} ORDER BY idx_scan DESC LIMIT {MOST}"
    );
    relations::read(session, VIEW, &sql, (INDEX, &[]))
}

/// Indexes of the tables that something happened to.
pub(super) fn index_usage(
    session: &mut Session,
    (now, earlier): (&Relations, &Relations),
    (tables, earlier_tables): (&Relations, &Relations),
) -> Result<IndexUsage, Unread> {
    let (alive, _) = tables::busiest(tables, earlier_tables);
    let alive: BTreeSet<&str> = alive.iter().map(|it| it.relation.name.as_str()).collect();
    let (mut all, left_out) = added(now, earlier);
    all.retain(|it| alive.contains(it.relation.table.as_str()));
    all.sort_by_key(|it| {
        (std::cmp::Reverse(it.counters.count("idx_scan")), it.relation.name.clone())
    });
    let left_out = left_out + all.len().saturating_sub(SHOWN) as u64;
    all.truncate(SHOWN);
    let mut indexes: Vec<IndexLoad> = all.iter().map(load).collect();
    let numbers: Vec<i64> = all.iter().map(|it| i64::from(it.number)).collect();
    describe(session, &numbers, &mut indexes)?;
    Ok(IndexUsage { indexes, left_out })
}

fn load(it: &Added<'_>) -> IndexLoad {
    IndexLoad {
        index: it.relation.name.clone(),
        table: it.relation.table.clone(),
        scans: it.counters.count("idx_scan"),
        rows_read: it.counters.count("idx_tup_read"),
        rows_fetched: it.counters.count("idx_tup_fetch"),
        ..IndexLoad::default()
    }
}

/// Asks what those are that are shown. One that was dropped meanwhile stays as it is. Of one that
/// is locked against everyone, itself or its table, neither size nor definition is asked for: that
/// would wait for its owner.
fn describe(
    session: &mut Session,
    numbers: &[i64],
    indexes: &mut [IndexLoad],
) -> Result<(), Unread> {
    let sql = "SELECT indexrelid::int8, indisunique, indisprimary, indisvalid, \
            indisreplident \
               OR EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conindid = indexrelid) \
               OR EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = indexrelid), \
            CASE WHEN open THEN left(pg_catalog.pg_get_indexdef(indexrelid), $2) END, \
            CASE WHEN open THEN pg_catalog.pg_relation_size(indexrelid)::float8 END \
       FROM pg_catalog.pg_index, LATERAL (SELECT NOT EXISTS ( \
            SELECT FROM pg_catalog.pg_locks WHERE relation IN (indexrelid, indrelid) \
               AND mode = 'AccessExclusiveLock' AND granted) AS open) AS lock \
      WHERE indexrelid::int8 = ANY($1)";
    let params = [Param::Int8Array(numbers), Param::Int4(LONGEST_DEFINITION as i32)];
    for row in session.query("what indexes are", sql, &params)? {
        let Ok(index) = row.value::<i64>(0) else { continue };
        let Some(at) = numbers.iter().position(|number| *number == index) else { continue };
        let is = |column| row.value::<bool>(column).ok();
        let found = &mut indexes[at];
        found.unique = is(1).unwrap_or(false);
        (found.primary, found.valid, found.required) = (is(2), is(3), is(4));
        found.definition = text(&row, 5);
        found.size_bytes = number(&row, 6).map(|bytes| bytes as u64);
    }
    Ok(())
}
