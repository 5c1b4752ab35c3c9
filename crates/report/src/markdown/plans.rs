//! How the server would execute the statements that mattered, and the indexes that they lack.

use super::{cell, code, grid, list, shortened};
use crate::table::{ABSENT, Table};
use model::database_metrics::{DatabaseMetrics, IndexCandidate, PlanNode, QueryPlans};
use model::units::{count, decimal};

/// How many plans are shown; the JSON has 20.
const SHOWN: usize = 5;
/// How many steps of each.
const STEPS: usize = 3;

/// Candidates first: they are to be acted on.
pub(super) fn text(database: &DatabaseMetrics) -> String {
    let Some(plans) = database.query_plans.data() else { return String::new() };
    let parts = [
        list(plans.candidates.iter().map(candidate)),
        grid(&table(plans, database)),
        list(unplanned(plans)),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    parts.join("\n")
}

fn candidate(it: &IndexCandidate) -> String {
    let costs = match (it.cost_before, it.cost_after, &it.not_tried) {
        (Some(before), Some(after), _) => {
            format!("; tried, the estimated cost falls from {} to {}", cost(before), cost(after))
        }
        (.., Some(reason)) => format!("; not tried: {}", cell(reason)),
        _ => String::new(),
    };
    format!(
        "Perhaps missing: {}: {} scans of the whole table went over {} rows, of {} the statement \
         keeps about {}{costs}",
        code(&it.create_index),
        count(it.sequential_scans),
        count(it.sequential_rows),
        decimal(it.table_rows),
        decimal(it.estimated_rows)
    )
}

fn table(plans: &QueryPlans, database: &DatabaseMetrics) -> Table {
    let mut table = Table::new(["statement", "reads by", "estimated cost"], 2);
    let statements = database.query_performance.data().map(|it| it.statements.as_slice());
    let text = |queryid: &str| {
        let known = statements.unwrap_or_default().iter().find(|it| it.queryid == queryid);
        let text = known.and_then(|it| it.text.as_deref()).map(shortened);
        text.unwrap_or_else(|| format!("queryid {queryid}"))
    };
    let planned = plans.statements.iter().filter(|it| !it.nodes.is_empty());
    table.rows.extend(planned.take(SHOWN).map(|it| {
        let steps: Vec<String> = it.nodes.iter().take(STEPS).map(step).collect();
        let cost = it.total_cost.map_or_else(|| ABSENT.to_owned(), cost);
        vec![text(&it.queryid), steps.join("; "), cost]
    }));
    table
}

/// `Seq Scan on public.games, about 20 of 200,000 rows`.
fn step(node: &PlanNode) -> String {
    let on = node.table.iter().map(|it| format!(" on {it}"));
    let by = node.index.iter().map(|it| format!(" by {it}"));
    let of = node.table_rows.map(|all| format!(" of {}", decimal(all))).unwrap_or_default();
    let place: String = on.chain(by).collect();
    format!("{}{place}, about {}{of} rows", node.node_type, decimal(node.estimated_rows))
}

/// Why there is no plan, each reason once.
fn unplanned(plans: &QueryPlans) -> Vec<String> {
    let mut reasons: Vec<(&str, u64)> = Vec::new();
    for reason in plans.statements.iter().filter_map(|it| it.reason.as_deref()) {
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, times)) => *times += 1,
            None => reasons.push((reason, 1)),
        }
    }
    let line = |(reason, times): (&str, u64)| format!("Without a plan: {times} ({})", cell(reason));
    reasons.into_iter().map(line).collect()
}

/// The planner's own unit has no name.
fn cost(cost: f64) -> String {
    decimal(cost)
}
