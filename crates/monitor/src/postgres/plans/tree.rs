//! A plan as `EXPLAIN (FORMAT JSON)` gives it: its cost, and the steps that read something.

use serde_json::Value;

/// How deep and how much of a plan is looked at.
const DEEPEST: usize = 100;
const MOST: usize = 20;

/// A step that reads a table or an index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Node {
    pub(super) node_type: String,
    /// Schema and name, as they are.
    pub(super) relation: Option<(String, String)>,
    /// What the statement calls the table.
    pub(super) alias: String,
    pub(super) index: Option<String>,
    pub(super) filter: Option<String>,
    /// Estimated rows that it gives, all processes together.
    pub(super) rows: f64,
}

/// The planner's estimate for all of it.
pub(super) fn total_cost(plan: &Value) -> Option<f64> {
    plan.get("Total Cost")?.as_f64()
}

/// The steps that read something, outermost first.
pub(super) fn nodes(plan: &Value) -> Vec<Node> {
    let mut nodes = Vec::new();
    gather(plan, 0.0, DEEPEST, &mut nodes);
    nodes.truncate(MOST);
    nodes
}

fn gather(plan: &Value, workers: f64, deepest: usize, nodes: &mut Vec<Node>) {
    let workers = plan.get("Workers Planned").and_then(Value::as_f64).unwrap_or(workers);
    nodes.extend(node(plan, workers));
    let below = plan.get("Plans").and_then(Value::as_array).filter(|_| deepest > 0);
    for plan in below.into_iter().flatten() {
        gather(plan, workers, deepest - 1, nodes);
    }
}

fn node(plan: &Value, workers: f64) -> Option<Node> {
    let text = |name| plan.get(name).and_then(Value::as_str).map(str::to_owned);
    let node_type = text("Node Type").filter(|it| it.contains("Scan"))?;
    let relation = text("Schema").zip(text("Relation Name"));
    let index = text("Index Name");
    if relation.is_none() && index.is_none() {
        return None;
    }
    let is_parallel = plan.get("Parallel Aware").and_then(Value::as_bool) == Some(true);
    let each = plan.get("Plan Rows").and_then(Value::as_f64)?;
    Some(Node {
        node_type,
        relation,
        alias: text("Alias").unwrap_or_default(),
        index,
        filter: text("Filter"),
        rows: each * if is_parallel { processes(workers) } else { 1.0 },
    })
}

/// By how many the planner divides rows among processes: the leader, which gathers as well, does
/// the less the more workers there are (get_parallel_divisor, costsize.c).
fn processes(workers: f64) -> f64 {
    workers + (1.0 - 0.3 * workers).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_rows_of_a_parallel_scan_are_those_of_all_its_processes() {
        let scan = json!({ "Node Type": "Seq Scan", "Parallel Aware": true, "Schema": "public",
                           "Relation Name": "t", "Alias": "t", "Plan Rows": 100 });
        let plan = json!({ "Node Type": "Gather", "Workers Planned": 2, "Plans": [scan],
                           "Total Cost": 12.5 });
        assert_eq!((nodes(&plan)[0].rows, total_cost(&plan)), (240.0, Some(12.5)));
    }

    #[test]
    fn a_plan_of_any_depth_and_width_is_cut() {
        let scan = json!({ "Node Type": "Index Only Scan", "Index Name": "i", "Plan Rows": 1 });
        let mut plan = json!({ "Node Type": "Append", "Plans": vec![scan; 30] });
        assert_eq!(nodes(&plan).len(), MOST);
        for _ in 0..200 {
            plan = json!({ "Node Type": "Limit", "Plans": [plan] });
        }
        assert_eq!(nodes(&plan), []);
    }
}
