//! Vacuum, how old transactions are, and what keeps dead rows.

use super::{cell, list, statement};
use model::database_metrics::{DatabaseMetrics, VacuumStats, XminHolder};
use model::units::{count, decimal, milliseconds, percent, several};

/// How many tables under vacuum are named.
const SHOWN: usize = 5;

/// All of it, in lines.
pub(super) fn text(database: &DatabaseMetrics) -> String {
    let Some(vacuum) = database.vacuum.data() else { return String::new() };
    let under_way = vacuum.progress.iter().take(SHOWN).map(|it| {
        let (table, phase) = (cell(&it.table), cell(&it.phase));
        format!("Under vacuum: {table}, {phase}, in {}", several(it.looks, "look"))
    });
    let ages = [
        ("transactions", vacuum.xid_age, vacuum.freeze_max_age),
        ("multixacts", vacuum.mxid_age, vacuum.multixact_freeze_max_age),
    ];
    let ages = ages.into_iter().filter_map(|(what, age, limit)| Some(aged(what, age?, limit)));
    list(work(vacuum).into_iter().chain(under_way).chain(ages).chain(kept(vacuum)))
}

fn work(vacuum: &VacuumStats) -> Vec<String> {
    let workers = vacuum.autovacuum_workers;
    let done = |what: &str, all: Option<u64>, automatic: Option<u64>| {
        let automatic = automatic.map(|it| format!(" ({} by autovacuum)", count(it)));
        Some(format!("{}{}", several(all?, what), automatic.unwrap_or_default()))
    };
    let mut lines = vec![format!(
        "Workers of autovacuum: {} on average, at most {}",
        decimal(workers.mean),
        decimal(workers.max)
    )];
    let work = [
        done("vacuum", vacuum.vacuums, vacuum.autovacuums),
        done("analyze", vacuum.analyzes, vacuum.autoanalyzes),
    ];
    let work: Vec<String> = work.into_iter().flatten().collect();
    if !work.is_empty() {
        lines.push(format!("Of tables: {}", work.join(", ")));
    }
    lines
}

fn aged(what: &str, age: u64, limit: Option<u64>) -> String {
    let limit = limit.filter(|it| *it > 0).map(|limit| {
        let share = percent(age as f64 * 100.0 / limit as f64);
        format!(", {share} of the {} from which on autovacuum freezes", count(limit))
    });
    format!("Age of the oldest rows: {} {what}{}", count(age), limit.unwrap_or_default())
}

/// For whom dead rows had to stay.
fn kept(vacuum: &VacuumStats) -> Option<String> {
    let oldest = vacuum.oldest_xmin.as_ref().filter(|it| it.max_age_xids > 0)?;
    let holder = oldest.holder.as_ref().map(|it| format!(", for {}", holder(it)));
    let (most, holder) = (count(oldest.max_age_xids), holder.unwrap_or_default());
    Some(format!("Dead rows of the last {most} transactions had to stay{holder}"))
}

fn holder(it: &XminHolder) -> String {
    let more = [
        it.application.as_deref().map(cell),
        it.state.as_deref().map(cell),
        it.transaction_age_ms.map(|ms| format!("open for {}", milliseconds(ms))),
    ];
    let more: Vec<String> = more.into_iter().flatten().collect();
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
    let statement = it.statement.as_deref().map(|sql| format!(": {}", statement(sql)));
    let (kind, name, at) = (cell(&it.kind), cell(&it.name), decimal(it.at_s));
    format!("{kind} {name}{more} at {at} s{}", statement.unwrap_or_default())
}
