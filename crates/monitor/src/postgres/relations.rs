//! `pg_stat_user_tables` and `pg_stat_user_indexes`: what happened to each in the window.

use super::catalogue::{Wanted, wanted};
use super::counters::Counters;
use super::session::{Session, text};
use model::database_metrics::{IndexLoad, IndexUsage, TableLoad, TableStats, Unread};
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &[Wanted] = &wanted![
    "seq_scan",
    "seq_tup_read",
    "idx_scan",
    "idx_tup_fetch",
    "n_tup_ins",
    "n_tup_upd",
    "n_tup_hot_upd",
    "n_tup_del",
    "vacuum_count",
    "autovacuum_count",
    "analyze_count",
    "autoanalyze_count",
];
/// What a table has, which grows and shrinks.
const ROWS: &[Wanted] = &wanted!["n_live_tup", "n_dead_tup"];
const INDEX: &[Wanted] = &wanted!["idx_scan", "idx_tup_read", "idx_tup_fetch"];

/// More than this many are not kept: a database of tens of thousands of tables must not fill our
/// memory. Those with the most to show come first.
const MOST: usize = 2000;
const SHOWN_TABLES: usize = 50;
const SHOWN_INDEXES: usize = 100;

/// A table or an index at one moment.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    name: String,
    table: String,
    is_unique: bool,
    counters: Counters,
    /// Live and dead rows; of tables alone.
    rows: Option<Counters>,
}

/// Those of the database, by their numbers.
pub(super) type Relations = BTreeMap<u32, Relation>;

pub(super) fn tables(session: &mut Session) -> Result<Relations, Unread> {
    session.ensure()?;
    let view = "pg_stat_user_tables";
    let catalogue = session.catalogue();
    let (list, rows) = (catalogue.list(view, TABLE), catalogue.list(view, ROWS));
    let sql = format!(
        "SELECT relid, schemaname || '.' || relname, relname::text, false, {list}, {rows} \
           FROM pg_catalog.{view} \
          ORDER BY coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd \
                + n_tup_del DESC LIMIT {MOST}"
    );
    relations(session, view, &sql, (TABLE, true))
}

pub(super) fn indexes(session: &mut Session) -> Result<Relations, Unread> {
    session.ensure()?;
    let view = "pg_stat_user_indexes";
    let list = session.catalogue().list(view, INDEX);
    let sql = format!(
        "SELECT s.indexrelid, schemaname || '.' || indexrelname, schemaname || '.' || relname, \
                indisunique, {list} \
           FROM pg_catalog.{view} s JOIN pg_catalog.pg_index i USING (indexrelid) \
          ORDER BY idx_scan DESC LIMIT {MOST}"
    );
    relations(session, view, &sql, (INDEX, false))
}

fn relations(
    session: &mut Session,
    view: &str,
    sql: &str,
    (names, has_rows): (&'static [Wanted], bool),
) -> Result<Relations, Unread> {
    let rows = session.query(view, sql, &[])?;
    let relation = |row| {
        let relation = Relation {
            name: text(row, 1)?,
            table: text(row, 2)?,
            is_unique: row.value::<bool>(3).unwrap_or(false),
            counters: Counters::of(names, row, 4),
            rows: has_rows.then(|| Counters::of(ROWS, row, 4 + names.len())),
        };
        Some((row.value::<u32>(0).ok()?, relation))
    };
    Ok(rows.iter().filter_map(relation).collect())
}

/// What was added to each since `earlier`; one whose counters went backwards is left out.
fn added<'a>(now: &'a Relations, earlier: &Relations) -> (Vec<(&'a Relation, Counters)>, u64) {
    let (mut all, mut left_out) = (Vec::new(), 0);
    for (number, relation) in now {
        let began = earlier.get(number).map(|it| it.counters.clone());
        match relation.counters.since(&began.unwrap_or_else(|| relation.counters.zero())) {
            Ok(added) => all.push((relation, added)),
            Err(_) => left_out += 1,
        }
    }
    (all, left_out)
}

fn touched(added: &Counters) -> f64 {
    let parts = ["seq_tup_read", "idx_tup_fetch", "n_tup_ins", "n_tup_upd", "n_tup_del"];
    parts.iter().filter_map(|name| added.get(name)).sum()
}

fn something_happened(added: &Counters) -> bool {
    TABLE.iter().any(|wanted| added.get(wanted.name).is_some_and(|value| value > 0.0))
}

pub(super) fn table_stats(now: &Relations, earlier: &Relations) -> TableStats {
    let (mut all, left_out) = added(now, earlier);
    all.retain(|(_, added)| something_happened(added));
    all.sort_by(|(_, a), (_, b)| touched(b).total_cmp(&touched(a)));
    let left_out = left_out + all.len().saturating_sub(SHOWN_TABLES) as u64;
    let tables = all.into_iter().take(SHOWN_TABLES).map(|(relation, added)| {
        let has = |name| relation.rows.as_ref().map_or(0, |rows| rows.count(name));
        TableLoad {
            table: relation.name.clone(),
            sequential_scans: added.count("seq_scan"),
            sequential_rows: added.count("seq_tup_read"),
            index_scans: added.count("idx_scan"),
            index_rows: added.count("idx_tup_fetch"),
            rows_inserted: added.count("n_tup_ins"),
            rows_updated: added.count("n_tup_upd"),
            rows_hot_updated: added.count("n_tup_hot_upd"),
            rows_deleted: added.count("n_tup_del"),
            live_rows: has("n_live_tup"),
            dead_rows: has("n_dead_tup"),
            vacuums: added.count("vacuum_count") + added.count("autovacuum_count"),
            analyzes: added.count("analyze_count") + added.count("autoanalyze_count"),
        }
    });
    TableStats { tables: tables.collect(), left_out }
}

/// Indexes of the tables that something happened to.
pub(super) fn index_usage(
    (now, earlier): (&Relations, &Relations),
    (tables, earlier_tables): (&Relations, &Relations),
) -> IndexUsage {
    let (alive, _) = added(tables, earlier_tables);
    let alive = alive.into_iter().filter(|(_, added)| something_happened(added));
    let alive: BTreeSet<&str> = alive.map(|(relation, _)| relation.name.as_str()).collect();
    let (mut all, left_out) = added(now, earlier);
    all.retain(|(relation, _)| alive.contains(relation.table.as_str()));
    all.sort_by_key(|(relation, added)| {
        (std::cmp::Reverse(added.count("idx_scan")), relation.name.clone())
    });
    let left_out = left_out + all.len().saturating_sub(SHOWN_INDEXES) as u64;
    let indexes = all.into_iter().take(SHOWN_INDEXES).map(|(relation, added)| IndexLoad {
        index: relation.name.clone(),
        table: relation.table.clone(),
        scans: added.count("idx_scan"),
        rows_read: added.count("idx_tup_read"),
        rows_fetched: added.count("idx_tup_fetch"),
        unique: relation.is_unique,
    });
    IndexUsage { indexes: indexes.collect(), left_out }
}
