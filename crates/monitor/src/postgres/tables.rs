//! `pg_stat_user_tables`, with sizes: what happened to each table in the window, and from how many
//! dead rows on autovacuum takes care of it.

use super::catalogue::{Wanted, wanted};
use super::counters::Counters;
use super::ends::Settings;
use super::relations::{self, Added, MOST, Relation, Relations, added};
use super::session::{Session, number};
use model::database_metrics::{TableLoad, TableStats, Unread, VacuumStats};
use std::collections::BTreeMap;

const VIEW: &str = "pg_stat_user_tables";
const TABLE: &[Wanted] = &wanted![
    "seq_scan",
    "seq_tup_read",
    "idx_scan",
    "idx_tup_fetch",
    "n_tup_ins",
    "n_tup_upd",
    "n_tup_hot_upd",
    "n_tup_newpage_upd",
    "n_tup_del",
    "vacuum_count",
    "autovacuum_count",
    "analyze_count",
    "autoanalyze_count",
];
const STATE: &[Wanted] = &wanted![
    "n_live_tup",
    "n_dead_tup",
    "n_mod_since_analyze",
    "n_ins_since_vacuum",
    // As vacuum and analyze left it: what autovacuum reckons with.
    "reltuples",
];
const SHOWN: usize = 50;
/// The sizes of so many are asked for: each costs the server some calls of its file system.
const SIZED: usize = 300;
/// Those that most happened to since the server counts.
const BUSIEST: &str = "coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) + n_tup_ins \
    + n_tup_upd + n_tup_del DESC";

pub(super) fn read(session: &mut Session) -> Result<Relations, Unread> {
    session.ensure()?;
    let (list, state) = (session.catalogue().list(VIEW, TABLE), state(session));
    let sql = format!(
        "SELECT relid, pg_catalog.format('%I.%I', schemaname, s.relname), s.relname::text, \
                array_to_string(c.reloptions, ','), {list}, {state} \
           FROM pg_catalog.{VIEW} s JOIN pg_catalog.pg_class c ON c.oid = relid \
          ORDER BY {BUSIEST} LIMIT {MOST}"
    );
    relations::read(session, VIEW, &sql, (TABLE, STATE))
}

fn state(session: &Session) -> String {
    let (own, of_class) = STATE.split_at(STATE.len() - 1);
    let catalogue = session.catalogue();
    format!("{}, c.{}::float8", catalogue.list(VIEW, own), of_class[0].name)
}

/// Sizes in bytes by table, with all that belongs to it.
pub(super) type Sizes = BTreeMap<u32, f64>;

/// Sizes of the busiest tables. One that is locked against everyone is passed over: asking would
/// wait until its owner is done.
pub(super) fn sizes(session: &mut Session) -> Result<Sizes, Unread> {
    let sql = format!(
        "SELECT relid, pg_catalog.pg_total_relation_size(relid)::float8 \
           FROM (SELECT relid FROM pg_catalog.{VIEW} ORDER BY {BUSIEST} LIMIT {SIZED}) busiest \
          WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_locks \
                 WHERE relation = relid AND mode = 'AccessExclusiveLock' AND granted)"
    );
    let rows = session.query("the sizes of tables", &sql, &[])?;
    let pair = |row| Some((wire::blocking::OwnedRow::value::<u32>(row, 0).ok()?, number(row, 1)?));
    Ok(rows.iter().filter_map(pair).collect())
}

fn touched(added: &Counters) -> f64 {
    let parts = ["seq_tup_read", "idx_tup_fetch", "n_tup_ins", "n_tup_upd", "n_tup_del"];
    parts.iter().filter_map(|name| added.get(name)).sum()
}

/// Tables that something happened to, those with the most rows first.
pub(super) fn busiest<'a>(now: &'a Relations, earlier: &Relations) -> (Vec<Added<'a>>, u64) {
    let (mut all, left_out) = added(now, earlier);
    all.retain(|it| TABLE.iter().any(|wanted| it.counters.get(wanted.name) > Some(0.0)));
    all.sort_by(|a, b| touched(&b.counters).total_cmp(&touched(&a.counters)));
    (all, left_out)
}

/// Vacuums and analyzes of all tables together.
pub(super) fn vacuums(stats: &mut VacuumStats, now: &Relations, earlier: &Relations) {
    let (all, _) = added(now, earlier);
    let sum = |name: &str| all.iter().map(|it| it.counters.count(name)).sum::<u64>();
    stats.vacuums = Some(sum("vacuum_count") + sum("autovacuum_count"));
    stats.autovacuums = Some(sum("autovacuum_count"));
    stats.analyzes = Some(sum("analyze_count") + sum("autoanalyze_count"));
    stats.autoanalyzes = Some(sum("autoanalyze_count"));
}

/// What is known of the tables at both ends.
pub(super) struct Tables<'a> {
    pub(super) now: &'a Relations,
    pub(super) earlier: &'a Relations,
    pub(super) sizes_now: Option<&'a Sizes>,
    pub(super) sizes_earlier: Option<&'a Sizes>,
    /// The server's own.
    pub(super) settings: Option<&'a Settings>,
}

impl Tables<'_> {
    pub(super) fn stats(&self) -> TableStats {
        let (all, left_out) = busiest(self.now, self.earlier);
        let left_out = left_out + all.len().saturating_sub(SHOWN) as u64;
        let tables = all.iter().take(SHOWN).map(|it| self.load(it)).collect();
        TableStats { tables, left_out }
    }

    fn load(&self, Added { number, relation, counters }: &Added<'_>) -> TableLoad {
        let (count, state) = (|name| counters.count(name), &relation.state);
        let began = self.earlier.get(number).map(|it| &it.state);
        let began = |name| began.and_then(|state| state.whole(name));
        let size = |of: Option<&Sizes>| of?.get(number).map(|bytes| *bytes as u64);
        let rows = |kind| threshold(relation, self.settings?, kind);
        TableLoad {
            table: relation.name.clone(),
            sequential_scans: count("seq_scan"),
            sequential_rows: count("seq_tup_read"),
            index_scans: count("idx_scan"),
            index_rows: count("idx_tup_fetch"),
            rows_inserted: count("n_tup_ins"),
            rows_updated: count("n_tup_upd"),
            rows_hot_updated: count("n_tup_hot_upd"),
            rows_updated_to_new_page: counters.whole("n_tup_newpage_upd"),
            rows_deleted: count("n_tup_del"),
            live_rows: state.count("n_live_tup"),
            live_rows_begin: began("n_live_tup"),
            dead_rows: state.count("n_dead_tup"),
            dead_rows_begin: began("n_dead_tup"),
            rows_modified_since_analyze: state.whole("n_mod_since_analyze"),
            rows_inserted_since_vacuum: state.whole("n_ins_since_vacuum"),
            vacuum_threshold_rows: rows("vacuum"),
            analyze_threshold_rows: rows("analyze"),
            size_begin_bytes: size(self.sizes_earlier),
            size_end_bytes: size(self.sizes_now),
            vacuums: count("vacuum_count") + count("autovacuum_count"),
            autovacuums: counters.whole("autovacuum_count"),
            analyzes: count("analyze_count") + count("autoanalyze_count"),
            autoanalyzes: counters.whole("autoanalyze_count"),
        }
    }
}

/// From how many dead or changed rows on autovacuum acts on the table: threshold plus scale factor
/// times rows, its own settings before the server's, at most `max_threshold` (since version 18).
/// None where autovacuum is off for it.
fn threshold(table: &Relation, server: &Settings, kind: &str) -> Option<u64> {
    let own = |name: &str| {
        let mut options = table.options.split(',').filter_map(|option| option.split_once('='));
        options.find(|(option, _)| *option == name).map(|(_, value)| value.to_owned())
    };
    let setting = |name: &str| own(name).or_else(|| server.get(name).cloned());
    let is_off = |value: String| matches!(value.as_str(), "off" | "false" | "0" | "no");
    if own("autovacuum_enabled").is_some_and(is_off) || server.get("autovacuum")? == "off" {
        return None;
    }
    let value = |name: &str| {
        setting(&format!("autovacuum_{kind}_{name}"))?.parse::<f64>().ok().filter(|it| *it >= 0.0)
    };
    // A table that was never vacuumed nor analyzed counts as empty (-1).
    let rows = table.state.get("reltuples")?.max(0.0);
    let rows = value("threshold")? + value("scale_factor")? * rows;
    Some(rows.min(value("max_threshold").unwrap_or(f64::INFINITY)) as u64)
}
