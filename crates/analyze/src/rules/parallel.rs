//! Parallel workers: statements that were planned for more of them than there were.

use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact};
use model::finding::Severity;
use model::units::{count, percent};

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "parallel_workers_short",
    category: "cpu",
    source: "pgwatch, parallel workers by database, and PostgreSQL manual, \"How Parallel Query \
             Works\"; PGTune's max_parallel_workers; a tenth of them is our limit",
    judge: parallel_workers_short,
}];

/// Of the workers that were planned.
const SHORT_PERCENT: f64 = 10.0;
/// Fewer than this are one or two statements.
const MIN_PLANNED: u64 = 10;

/// C7: plans that count on workers run without them.
fn parallel_workers_short(facts: &Facts<'_>) -> Ruling {
    let stats = facts.section(|it| &it.connection_stats)?;
    let both = stats.parallel_workers_planned.zip(stats.parallel_workers_launched);
    let why = "parallel workers are counted since version 18";
    let (planned, launched) = both.ok_or_else(|| Missing::because(why))?;
    let short = planned.saturating_sub(launched);
    let share = short as f64 * 100.0 / planned.max(1) as f64;
    if planned < MIN_PLANNED || share <= SHORT_PERCENT {
        return Ok(None);
    }
    let now = |name| facts.setting(name).map(|it| format!(" (now {it})")).unwrap_or_default();
    let (parallel, processes) = (now("max_parallel_workers"), now("max_worker_processes"));
    let title =
        format!("{} of the parallel workers that plans count on were not there", percent(share));
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([
                fact(
                    format!("{} workers planned", count(planned)),
                    "database_metrics.connection_stats.parallel_workers_planned",
                    planned as f64,
                ),
                fact(
                    format!("{} launched", count(launched)),
                    "database_metrics.connection_stats.parallel_workers_launched",
                    launched as f64,
                ),
            ])
            .because(
                "all statements share max_parallel_workers: one that finds none left runs a plan made \
                 for several processes alone, often slower than the plan for one",
            )
            .advise(
                format!(
                    "raise max_parallel_workers{parallel} and max_worker_processes{processes} where \
                     the host has CPUs to spare; where it has not, let fewer statements go parallel \
                     (max_parallel_workers_per_gather = 0 for the role that has many connections)"
                ),
                again("as many workers are launched as were planned"),
            ),
    ))
}
