//! Whether evidence stands where it says: each `metric` of a finding is a path of the published
//! schema of a result, and there is something at it in the result that was judged. Every finding of
//! every unit test is held to it.

use model::finding::Finding;
use model::run_result::RunResult;
use serde_json::Value;

const SCHEMA: &str = include_str!("../../../../docs/result.schema.json");

/// Asserts that what these findings cite is in their result.
#[track_caller]
pub(crate) fn hold(result: &RunResult, findings: &[Finding]) {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let result = serde_json::to_value(result).expect("a result is JSON");
    for finding in findings {
        let code = &finding.code;
        for evidence in &finding.evidence {
            let Some(metric) = evidence.metric.as_deref() else { continue };
            let is_there = leads_to(&schema, &schema, metric);
            assert!(is_there, "{code}: no {metric} in docs/result.schema.json");
            let found = values(&result, metric);
            assert!(!found.is_empty(), "{code}: nothing at {metric} in the result");
            let value = evidence.value.expect("what is cited has a value");
            assert!(is_of(&found, value), "{code}: {value} is not at {metric}: {found:?}");
        }
    }
}

/// Whether a value is one of these, or the sum of some. What stands there in words (a setting) or has
/// parts of its own was reckoned with; it is not compared.
fn is_of(found: &[&Value], value: f64) -> bool {
    /// The rows of unit tests are few: more would be more sums than are worth trying.
    const MOST: usize = 12;
    let numbers: Vec<f64> = found.iter().filter_map(|it| it.as_f64()).collect();
    assert!(numbers.len() <= MOST, "{} rows to sum up", numbers.len());
    let with = |sums: Vec<f64>, number: &f64| {
        let more: Vec<f64> = sums.iter().map(|sum| sum + number).collect();
        [sums, more].concat()
    };
    let sums = numbers.iter().fold(vec![0.0], with);
    let near = |it: &f64| (it - value).abs() <= it.abs() * 1e-6;
    // The first is that of none.
    numbers.is_empty() || sums[1..].iter().any(near)
}

/// What stands at a path of a result, in each row of the lists on the way.
fn values<'a>(result: &'a Value, path: &str) -> Vec<&'a Value> {
    if let Some(rows) = result.as_array() {
        return rows.iter().flat_map(|row| values(row, path)).collect();
    }
    if path.is_empty() {
        return vec![result];
    }
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    result.get(name).map(|it| values(it, rest)).unwrap_or_default()
}

/// Whether a path of names leads from a schema to something. Rows of a list have no name of their
/// own; names of a map are whatever they are.
fn leads_to(whole: &Value, schema: &Value, path: &str) -> bool {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let found = whole.pointer(name.trim_start_matches('#'));
        return found.is_some_and(|it| leads_to(whole, it, path));
    }
    if let Some(rows) = schema.get("items") {
        return leads_to(whole, rows, path);
    }
    if path.is_empty() {
        return true;
    }
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let known = schema.get("properties").and_then(|it| it.get(name));
    let mut ways = ["anyOf", "oneOf", "allOf"].iter().filter_map(|way| schema.get(way)?.as_array());
    known.is_some_and(|it| leads_to(whole, it, rest))
        || schema.get("additionalProperties").is_some_and(|it| leads_to(whole, it, rest))
        || ways.any(|all| all.iter().any(|it| leads_to(whole, it, path)))
}

#[test]
fn a_path_that_is_not_in_the_schema_is_none() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let is_there = |path| leads_to(&schema, &schema, path);
    assert!(is_there("database_metrics.table_stats.tables.dead_rows"));
    assert!(is_there("database_metrics.wait_events.by_class.CPU"));
    assert!(is_there("environment.server.settings.work_mem"));
    assert!(!is_there("database_metrics.table_stats.tables.dead"));
    assert!(!is_there("system_metrics.server_processes.cpu_percent.mean"));
    assert!(!is_there("load_metrics.all_actions.response_time_ms.p96"));
}
