//! What the planner knows of the tables.

use super::schema::{autovacuum_is_off, switch_on};
use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact};
use model::finding::Severity;
use model::units::{count, percent};

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "stale_statistics",
    category: "vacuum",
    source: "pgwatch, n_mod_since_analyze; twice PostgreSQL's autovacuum_analyze_scale_factor \
                 (10 %)",
    judge: stale,
}];

/// Of the live rows.
const CHANGED_PERCENT: f64 = 20.0;
/// Small tables are planned well enough without.
const MIN_ROWS: u64 = 10_000;

/// S7: tables that have changed much since the planner last looked.
fn stale(facts: &Facts<'_>) -> Ruling {
    let tables = &facts.section(|it| &it.table_stats)?.tables;
    let changed = |it: &model::database_metrics::TableLoad| {
        let rows = it.rows_modified_since_analyze?;
        Some(rows as f64 * 100.0 / it.live_rows.max(1) as f64)
    };
    if !tables.is_empty() && tables.iter().all(|it| changed(it).is_none()) {
        return Err(Missing::because("rows changed since the last analyze were not read"));
    }
    let is_stale = |it: &&model::database_metrics::TableLoad| {
        let rows = it.rows_modified_since_analyze.unwrap_or_default();
        let is_large = it.live_rows >= MIN_ROWS;
        is_large && rows >= MIN_ROWS && changed(it).is_some_and(|share| share > CHANGED_PERCENT)
    };
    let stale: Vec<_> = tables.iter().filter(is_stale).collect();
    let Some(worst) = stale.iter().max_by_key(|it| it.rows_modified_since_analyze) else {
        return Ok(None);
    };
    let share = percent(changed(worst).unwrap_or_default());
    let advice = match autovacuum_is_off(facts) {
        true => {
            format!("ANALYZE {} between loading and the run, and {}", worst.table, switch_on(facts))
        }
        false => format!(
            "ANALYZE {} between loading and the run; autovacuum_analyze_scale_factor = 0.02 for \
             tables that grow fast",
            worst.table
        ),
    };
    let title = format!("{share} of {} have changed since its last analyze", worst.table);
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen(stale.iter().take(3).map(|it| {
                let rows = it.rows_modified_since_analyze.unwrap_or_default();
                fact(
                    format!("{}: {} of {} rows", it.table, count(rows), count(it.live_rows)),
                    "database_metrics.table_stats.tables.rows_modified_since_analyze",
                    rows as f64,
                )
            }))
            .because("the planner estimates by what the table was before: plans may be wrong")
            .advise(advice, again("rows_modified_since_analyze stays below a tenth of live_rows")),
    ))
}
