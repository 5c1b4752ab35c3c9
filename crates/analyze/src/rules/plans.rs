//! What plans tell: indexes that are not there.

use super::{Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Role, fact, said};
use model::database_metrics::{IndexCandidate, StatementLoad};
use model::finding::{Confidence, Evidence, Severity};
use model::units::{count, percent};

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "missing_index",
    category: "schema",
    source: "PostgreSQL manual, \"Using EXPLAIN\"; PoWA and pg_qualstats for the limits of a \
             proposal: scans of more than 10,000 rows of which few are kept",
    judge: missing_index,
}];

/// From this share of the execution time on, the scans limit.
const LIMITS_PERCENT: f64 = 20.0;
/// An index that the planner expects less of than a tenth is not worth its upkeep.
const WORTH: f64 = 0.9;

/// S1: a large table is read in whole for a few of its rows.
fn missing_index(facts: &Facts<'_>) -> Ruling {
    let candidates = facts.section(|it| &it.query_plans)?.candidates.iter();
    let mut wanted: Vec<(&IndexCandidate, f64)> =
        candidates.filter(|it| is_worth(it)).map(|it| (it, share(facts, it))).collect();
    wanted.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let Some((first, percent_of_time)) = wanted.first().copied() else { return Ok(None) };
    let limits = percent_of_time >= LIMITS_PERCENT;
    let severity = if limits { Severity::High } else { Severity::Medium };
    let role = if limits { Role::Cause } else { Role::Remark };
    let columns = first.columns.join(", ");
    let title = format!("{} has no index on ({columns}) and is read in whole", first.table);
    let confidence = match first.cost_after {
        Some(_) => Confidence::High,
        None => Confidence::Medium,
    };
    let kept = format!("{} of {} rows", count(first.estimated_rows as u64), rows(first));
    let others = wanted.iter().skip(1).take(3);
    let others = others.map(|(it, _)| said(format!("also wanted: {}", it.create_index)));
    Ok(Some(
        Found::new(severity, role, title)
            .sure(confidence)
            .explains(percent_of_time / 100.0)
            .seen([fact(
                format!(
                    "{} scans went over {} rows of {}, each to keep about {kept}",
                    count(first.sequential_scans),
                    count(first.sequential_rows),
                    first.table
                ),
                "database_metrics.query_plans.candidates.sequential_rows",
                first.sequential_rows as f64,
            )])
            .seen([costs(first)])
            .seen(statements(facts, first).into_iter().take(3).map(scanned_by))
            .seen(others)
            .because(
                "the statement looks for rows by columns that no index begins with, so each of its \
                 executions reads the table from beginning to end",
            )
            .advise(
                first.create_index.clone(),
                again(&format!(
                    "sequential_rows of {} falls, and so does the latency",
                    first.table
                )),
            ),
    ))
}

/// What was tried and brings nothing is no advice.
fn is_worth(candidate: &IndexCandidate) -> bool {
    let costs = candidate.cost_before.zip(candidate.cost_after);
    costs.is_none_or(|(before, after)| after < before * WORTH)
}

fn rows(candidate: &IndexCandidate) -> String {
    count(candidate.table_rows as u64)
}

fn costs(candidate: &IndexCandidate) -> Evidence {
    let costs = candidate.cost_before.zip(candidate.cost_after);
    let Some((before, after)) = costs else {
        let why = candidate.not_tried.as_deref().unwrap_or("no reason is known");
        return said(format!("the index was not tried: {why}"));
    };
    let text = format!("with the index, tried with hypopg, the plan costs {after} after {before}");
    fact(text, "database_metrics.query_plans.candidates.cost_after", after)
}

/// The statements that scan, those with the most time first.
fn statements<'a>(facts: &Facts<'a>, candidate: &IndexCandidate) -> Vec<&'a StatementLoad> {
    let queries = facts.section(|it| &it.query_performance);
    let all = queries.map(|it| it.statements.as_slice()).unwrap_or_default();
    all.iter().filter(|it| candidate.queryids.contains(&it.queryid)).collect()
}

/// Their share of the execution time.
fn share(facts: &Facts<'_>, candidate: &IndexCandidate) -> f64 {
    statements(facts, candidate).iter().map(|it| it.share_percent).sum()
}

fn scanned_by(statement: &StatementLoad) -> Evidence {
    let text = statement.text.as_deref().map(beginning);
    let text = text.unwrap_or_else(|| statement.queryid.clone());
    said(format!("scanned by ({} of execution time): {text}", percent(statement.share_percent)))
}
