//! What a limit may be set on: every number of a result, as the published schema lists them, and
//! short names for the common ones.

use super::{edit_distance, nearest_of};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Short names of single values and their places.
pub(super) const SHORT: [(&str, &str); 34] = [
    ("offered_per_s", "load_metrics.offered_per_s"),
    ("achieved_per_s", "load_metrics.achieved_per_s"),
    ("queries_per_s", "load_metrics.queries_per_s"),
    ("error_rate_percent", "load_metrics.error_rate_percent"),
    ("availability_percent", "load_metrics.availability_percent"),
    ("read_share_ratio", "load_metrics.read_share_ratio"),
    ("error_rate", "load_metrics.error_rate_percent"),
    ("availability", "load_metrics.availability_percent"),
    ("late", "load_metrics.all_actions.late"),
    ("achieved", "load_metrics.achieved_per_s"),
    ("queries", "load_metrics.queries_per_s"),
    ("read_share", "load_metrics.read_share_ratio"),
    ("completion_rate", "load_metrics.games.completion_rate_percent"),
    ("connection_failure_rate", "load_metrics.connections.failure_rate_percent"),
    ("time_to_recover", "load_metrics.connections.time_to_recover_s"),
    ("deadlocks", "database_metrics.transaction_stats.deadlocks"),
    ("conflicts", "database_metrics.transaction_stats.conflicts"),
    ("rollback_ratio", "database_metrics.transaction_stats.rollback_ratio"),
    ("transactions_per_s", "database_metrics.transaction_stats.transactions_per_s"),
    ("cache_hit_ratio", "database_metrics.buffer_cache.hit_ratio"),
    ("wal_bytes", "database_metrics.wal_checkpoints.wal_bytes"),
    ("wal_bytes_per_s", "database_metrics.wal_checkpoints.wal_bytes_per_s"),
    ("checkpoints_requested", "database_metrics.wal_checkpoints.checkpoints_requested"),
    ("temp_files", "database_metrics.temp_files.files"),
    ("temp_bytes", "database_metrics.temp_files.bytes"),
    ("active_sessions", "database_metrics.wait_events.active_sessions.mean"),
    ("lock_waiting_sessions", "database_metrics.lock_contention.waiting_sessions.mean"),
    ("connection_usage_percent", "database_metrics.connection_stats.pool_usage_percent"),
    ("mean_exec_time", "database_metrics.query_performance.mean_exec_time_ms"),
    ("database_growth_bytes", "database_metrics.database_size.growth_bytes"),
    ("cpu_usage_percent", "system_metrics.cpu_usage_percent.mean"),
    ("cpu_iowait_percent", "system_metrics.cpu_iowait_percent.mean"),
    ("memory_usage_percent", "system_metrics.memory_usage_percent.mean"),
    ("server_cpu_percent", "system_metrics.server_processes.cpu_machine_percent.mean"),
];

/// Where a place in the result begins.
pub(super) const SECTIONS: [&str; 4] =
    ["load_metrics", "database_metrics", "system_metrics", "test_summary"];

/// The published schema: what is written there is what a reader of the file may count on.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    const TEXT: &str = include_str!("../../../../docs/result.schema.json");
    // Ours, and a test reads it; a name would else be unknown.
    serde_json::from_str(TEXT).unwrap_or_default()
});

/// What stands for a name that is the workload's or the server's.
const ANY_NAME: &str = "NAME";

/// Whether a result can hold a number at `path`.
pub(super) fn is_number(path: &str) -> bool {
    at(path).is_some_and(|node| forms(node).any(has_number))
}

/// What the schema says of the place; none where it says nothing.
pub(super) fn meaning(path: &str) -> Option<&'static str> {
    at(path)?["description"].as_str()
}

/// The place of a number that looks most like `path`.
pub(super) fn nearest_place(path: &str) -> String {
    let mut all = BTreeSet::new();
    for section in SECTIONS {
        numbers(&SCHEMA["properties"][section], section, &mut all);
    }
    // Where the name is right and only the way to it is not, the name says what was meant.
    let (section, _) = path.split_once('.').unwrap_or((path, ""));
    let by_name =
        |it: &&String| ending(it) == ending(path) && it.split('.').next() == Some(section);
    let same = all
        .iter()
        .filter(by_name)
        .min_by_key(|it| (it.split('.').count(), edit_distance(it, path)));
    match same {
        Some(same) => same.clone(),
        None => nearest_of(path, all.iter().map(String::as_str)).to_owned(),
    }
}

/// The last name of a path; of a part of it (`cpu_usage_percent.mean`), with what it is part of.
fn ending(path: &str) -> &str {
    let last = path.rfind('.').map_or(0, |at| at + 1);
    if !["mean", "max"].contains(&&path[last..]) {
        return &path[last..];
    }
    let before = &path[..last.saturating_sub(1)];
    &path[before.rfind('.').map_or(0, |at| at + 1)..]
}

fn at(path: &str) -> Option<&'static Value> {
    let mut names = path.split('.');
    let section = names.next().filter(|it| SECTIONS.contains(it))?;
    names.try_fold(&SCHEMA["properties"][section], |node, name| {
        forms(node).find_map(|form| {
            let by_name = form.get("additionalProperties").filter(|it| it.is_object());
            form["properties"].get(name).or(by_name)
        })
    })
}

/// The node itself, what it refers to, and each of several forms that it may have.
fn forms(node: &'static Value) -> impl Iterator<Item = &'static Value> {
    let several = node["anyOf"].as_array().into_iter().flatten();
    std::iter::once(node).chain(several).map(|node| {
        let reference = node["$ref"].as_str().and_then(|it| SCHEMA.pointer(it.strip_prefix('#')?));
        reference.unwrap_or(node)
    })
}

fn has_number(node: &Value) -> bool {
    let is_one = |it: &Value| matches!(it.as_str(), Some("number" | "integer"));
    match &node["type"] {
        Value::Array(types) => types.iter().any(is_one),
        one => is_one(one),
    }
}

/// Every number under `node`, by its path.
fn numbers(node: &'static Value, path: &str, all: &mut BTreeSet<String>) {
    for form in forms(node) {
        if has_number(form) {
            all.insert(path.to_owned());
        }
        for (name, inner) in form["properties"].as_object().into_iter().flatten() {
            numbers(inner, &format!("{path}.{name}"), all);
        }
        let by_name = &form["additionalProperties"];
        if by_name.is_object() {
            numbers(by_name, &format!("{path}.{ANY_NAME}"), all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_name_and_every_key_stands_for_a_number_of_the_published_schema() {
        let keys = model::threshold::KEYS.map(|key| key.metric);
        for place in SHORT.map(|(_, place)| place).into_iter().chain(keys) {
            assert!(is_number(place), "{place}");
        }
    }

    #[test]
    fn names_of_the_workload_and_of_the_server_are_anything() {
        let metrics = "database_metrics.";
        for place in [
            "load_metrics.actions.play_card.response_time_ms.p99",
            "load_metrics.custom.basket.value",
            "load_metrics.custom.basket.value.p99",
            &format!("{metrics}connection_stats.by_state.idle in transaction.max"),
            &format!("{metrics}wait_events.by_class.Lock"),
            "system_metrics.pressure.io.some_percent.mean",
        ] {
            assert!(is_number(place), "{place}");
        }
        for none in ["database_metrics", "plan.seed", "load_metrics.stages.0.index", "x", ""] {
            assert!(!is_number(none), "{none}");
        }
    }

    #[test]
    fn the_nearest_place_is_the_one_of_that_name_wherever_it_stands() {
        let cases = [
            ("database_metrics.hit_ratio", "database_metrics.buffer_cache.hit_ratio"),
            ("database_metrics.temp_files.byte", "database_metrics.temp_files.bytes"),
            (
                "system_metrics.server_host.cpu_usage_percent.mean",
                "system_metrics.cpu_usage_percent.mean",
            ),
        ];
        cases.iter().for_each(|(slip, meant)| assert_eq!(nearest_place(slip), *meant));
    }
}
