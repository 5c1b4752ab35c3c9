//! Tables and indexes: what makes changes dearer than they need be.

use super::origin::undo;
use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Role, fact, said};
use model::database_metrics::{IndexLoad, TableLoad};
use model::finding::{Evidence, Severity};
use model::units::{count, percent, several};

/// The rules.
pub(super) const RULES: [Rule; 3] = [
    Rule {
        code: "no_hot_updates",
        category: "schema",
        source: "PostgreSQL manual, \"Heap-Only Tuples (HOT)\"; that fewer than half of the \
                 updates \
                 are HOT is our limit",
        judge: no_hot_updates,
    },
    Rule {
        code: "dead_rows",
        category: "vacuum",
        source: "alerts of postgres_exporter's mixin and pgEdge's rule reference: at least 10,000 \
                 dead rows, and more than 10 % of all or more than autovacuum's own threshold",
        judge: dead_rows,
    },
    Rule {
        code: "unused_index",
        category: "schema",
        source: "pgwatch and pganalyze, \"unused indexes\"; without a scan in this run, which is \
                 no \
                 proof for production",
        judge: unused_index,
    },
];

/// Fewer updates say nothing about a table.
const ENOUGH_UPDATES: u64 = 1000;
/// Below this share of heap-only updates every second one writes all indexes.
const HOT_PERCENT: f64 = 50.0;

/// S3: updates that write a new entry into every index.
fn no_hot_updates(facts: &Facts<'_>) -> Ruling {
    let tables = &facts.section(|it| &it.table_stats)?.tables;
    let hot = |it: &TableLoad| it.rows_hot_updated as f64 * 100.0 / it.rows_updated.max(1) as f64;
    let cold = |it: &&TableLoad| it.rows_updated >= ENOUGH_UPDATES && hot(it) < HOT_PERCENT;
    let of = |it: &TableLoad| it.rows_updated - it.rows_hot_updated.min(it.rows_updated);
    let Some(worst) = tables.iter().filter(cold).max_by_key(|it| of(it)) else { return Ok(None) };
    let title = format!(
        "only {} of the updates of {} are heap-only (HOT)",
        percent(hot(worst)),
        worst.table
    );
    let others = tables.iter().filter(cold).filter(|it| it.table != worst.table);
    let others = others.map(|it| {
        said(format!(
            "also {}: {} of {} updates",
            it.table,
            percent(hot(it)),
            count(it.rows_updated)
        ))
    });
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([fact(
                format!(
                    "{} of {} updated rows of {} were heap-only",
                    count(worst.rows_hot_updated),
                    count(worst.rows_updated),
                    worst.table
                ),
                "database_metrics.table_stats.tables.rows_updated",
                worst.rows_updated as f64,
            )])
            .seen(others.take(3))
            .because(
                "an update stays on its page and leaves the indexes alone only where no indexed \
                 column changes and the page has room; else each index gets a new entry, which \
                 costs log, locks and vacuuming",
            )
            .advise(
                format!(
                    "drop the index on a column of {0} that is updated all the time, or give its \
                     pages room: ALTER TABLE {0} SET (fillfactor = 80), then VACUUM FULL {0} or \
                     load it anew",
                    worst.table
                ),
                again("rows_hot_updated comes near rows_updated, and wal_bytes falls"),
            ),
    ))
}

/// Fewer dead rows are no matter for any table.
const DEAD_ROWS: u64 = 10_000;
/// From this share on, scans go over them as well.
const DEAD_PERCENT: f64 = 10.0;
/// From here on every second row that is read is in vain.
const DEAD_HARM_PERCENT: f64 = 50.0;

/// S4: dead rows that autovacuum has not removed.
fn dead_rows(facts: &Facts<'_>) -> Ruling {
    let tables = &facts.section(|it| &it.table_stats)?.tables;
    let share =
        |it: &TableLoad| it.dead_rows as f64 * 100.0 / (it.dead_rows + it.live_rows).max(1) as f64;
    let many = |it: &&TableLoad| {
        it.dead_rows >= DEAD_ROWS && (share(it) >= DEAD_PERCENT || is_overdue(it))
    };
    let worst = tables.iter().filter(many).max_by(|a, b| share(a).total_cmp(&share(b)));
    let Some(worst) = worst else { return Ok(None) };
    let title = format!("{} of the rows of {} are dead", percent(share(worst)), worst.table);
    let harms = share(worst) >= DEAD_HARM_PERCENT;
    let severity = if harms { Severity::High } else { Severity::Medium };
    let (told, advice) = whose_turn(facts, worst);
    let verify = match share(worst) >= DEAD_PERCENT {
        true => "dead_rows stays below a tenth of live_rows",
        false => "dead_rows stays below twice vacuum_threshold_rows",
    };
    Ok(Some(
        Found::new(severity, Role::Remark, title)
            .seen([fact(
                format!(
                    "{} dead rows beside {} live ones at the end, {} meanwhile",
                    count(worst.dead_rows),
                    count(worst.live_rows),
                    several(worst.vacuums, "vacuum")
                ),
                "database_metrics.table_stats.tables.dead_rows",
                worst.dead_rows as f64,
            )])
            .seen([told])
            .because(
                "each update leaves a dead row, and vacuum removes them too late: scans go over \
                 them, and table and indexes grow",
            )
            .advise(advice, again(verify)),
    ))
}

/// So many times its own threshold autovacuum leaves no table for long that it keeps up with: it
/// looks once in autovacuum_naptime, a minute by default. Our limit.
const OVERDUE: u64 = 2;

/// Whether autovacuum should have been there by its own settings.
fn is_overdue(table: &TableLoad) -> bool {
    let threshold = table.vacuum_threshold_rows;
    threshold.is_some_and(|threshold| table.dead_rows > threshold.saturating_mul(OVERDUE))
}

/// Why autovacuum has not removed them, and what makes it: it never comes, it is not done in time,
/// or its settings let it wait.
fn whose_turn(facts: &Facts<'_>, table: &TableLoad) -> (Evidence, String) {
    let name = &table.table;
    if autovacuum_is_off(facts) {
        return (said("autovacuum is off"), switch_on(facts));
    }
    let Some(threshold) = table.vacuum_threshold_rows else {
        let told = said(format!("from how many dead rows on it vacuums {name} is not known"));
        let advice = format!(
            "see whether autovacuum is off for the table (ALTER TABLE {name} RESET \
             (autovacuum_enabled) lets it in); else let it come earlier: ALTER TABLE {name} SET \
             (autovacuum_vacuum_scale_factor = 0.02)"
        );
        return (told, advice);
    };
    let told = fact(
        format!("autovacuum comes from {} dead rows on", count(threshold)),
        "database_metrics.table_stats.tables.vacuum_threshold_rows",
        threshold as f64,
    );
    let advice = match is_overdue(table) {
        true => format!(
            "autovacuum is due and not done: raise autovacuum_vacuum_cost_limit or lower \
             autovacuum_vacuum_cost_delay, which slow it down, give it more \
             autovacuum_max_workers or a shorter autovacuum_naptime, and end old transactions \
             that keep rows it could remove; VACUUM {name} does it now"
        ),
        false => format!(
            "let autovacuum come earlier: ALTER TABLE {name} SET \
             (autovacuum_vacuum_scale_factor = 0.02)"
        ),
    };
    (told, advice)
}

/// What a table needs before any setting of its own is of use.
pub(super) fn switch_on(facts: &Facts<'_>) -> String {
    let undo = undo(facts, "autovacuum");
    format!("set autovacuum = on ({undo}): while it is off, no setting of a table makes it come")
}

/// Whether the server leaves all tables alone.
pub(super) fn autovacuum_is_off(facts: &Facts<'_>) -> bool {
    facts.setting("autovacuum").is_ok_and(|it| it == "off")
}

/// Fewer changes make no index dear.
const ENOUGH_CHANGES: u64 = 1000;

/// S2: indexes that changes keep up and that nobody reads.
fn unused_index(facts: &Facts<'_>) -> Ruling {
    let tables = &facts.section(|it| &it.table_stats)?.tables;
    let indexes = &facts.section(|it| &it.index_usage)?.indexes;
    let changes = |it: &IndexLoad| {
        let table = tables.iter().find(|table| table.table == it.table);
        table.map_or(0, |it| {
            it.rows_inserted + it.rows_updated - it.rows_hot_updated.min(it.rows_updated)
        })
    };
    // What keeps values apart, or what a constraint rests on, is of use without any scan.
    let spare = |it: &IndexLoad| it.scans == 0 && !it.unique && it.required != Some(true);
    let unused = |it: &&IndexLoad| spare(it) && changes(it) >= ENOUGH_CHANGES;
    let unused: Vec<&IndexLoad> = indexes.iter().filter(unused).collect();
    let Some(first) = unused.iter().max_by_key(|it| changes(it)) else { return Ok(None) };
    let title = match unused.len() {
        1 => format!(
            "{} was never scanned, and {} changes kept it up",
            first.index,
            count(changes(first))
        ),
        n => format!("{n} indexes were never scanned, and changes kept them up"),
    };
    let told = unused.iter().map(|it| {
        fact(
            format!("{} of {}: 0 scans, {} changed rows", it.index, it.table, count(changes(it))),
            "database_metrics.index_usage.indexes.scans",
            0.0,
        )
    });
    Ok(Some(
        Found::new(Severity::Low, Role::Remark, title)
            .seen(told.take(5))
            .because("an index that no statement of this run reads still costs every change of it")
            .advise(
                format!(
                    "see whether production scans {} (pg_stat_user_indexes.idx_scan there, \
                 standbys \
                     too): only if it doesn't either is it of no use",
                    first.index
                ),
                again("wal_bytes falls without the index, and no statement gets slower"),
            ),
    ))
}
