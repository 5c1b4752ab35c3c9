//! Each key against values on both sides of its limit, and against nothing.

use super::*;
use ThresholdOutcome::{Failed, NotEvaluated, Passed};
use model::database_metrics::{DatabaseMetrics, Section, Unread};
use model::metric::{Distribution, Metric};
use model::run_result::{CustomMetric, Games};
use model::system_metrics::{HostMetrics, SystemMetrics};
use model::threshold::{Comparison, ThresholdSource};
use serde_json::json;

fn limit(name: &str, limit: f64, set_by_user: bool) -> Limit {
    Limit { name: name.to_owned(), limit, set_by_user }
}

/// A result in which every threshold's place holds `value`.
fn document(value: f64) -> Value {
    let times = json!({"mean": value, "p95": value, "p99": value});
    json!({
        "load_metrics": {
            "all_actions": {"response_time_ms": times},
            "all_statements": {"service_time_ms": times},
            "error_rate_percent": value,
            "connections": {"failure_rate_percent": value},
            "games": {"completed": 20, "abandoned": 0, "completion_rate_percent": value},
        },
        "database_metrics": {
            "query_performance": {"mean_exec_time_ms": value},
            "connection_stats": {"pool_usage_percent": value},
        },
        "system_metrics": {
            "cpu_usage_percent": {"mean": value},
            "memory_usage_percent": {"mean": value},
        },
    })
}

#[test]
fn every_key_holds_at_its_limit_and_fails_beyond_it() {
    for threshold in defaults() {
        let beyond = match threshold.comparison {
            Comparison::AtLeast => threshold.limit - 0.01,
            _ => threshold.limit + 0.01,
        };
        assert_eq!(compare(&document(threshold.limit), &threshold).outcome, Passed);
        assert_eq!(compare(&document(beyond), &threshold).outcome, Failed, "{}", threshold.name);
    }
}

#[test]
fn what_was_not_measured_is_not_evaluated_and_says_why() {
    let results = evaluate(&RunResult::default(), &defaults());
    for result in &results {
        assert_eq!((result.outcome, result.value), (NotEvaluated, None), "{}", result.name);
    }
    let reason = |name: &str| results.iter().find(|r| r.name == name).unwrap().reason.clone();
    let cases = [
        ("max_p99_response_time_ms", "nothing was counted there"),
        ("max_db_query_time_ms", "the server's own statistics were not collected"),
        ("max_cpu_usage_percent", "the server's host was not watched"),
        ("min_games_completion_rate_percent", "the workload played no games"),
    ];
    cases.iter().for_each(|(name, why)| assert_eq!(reason(name).as_deref(), Some(*why)));
}

#[test]
fn real_results_hold_the_places_that_the_keys_name() {
    let mut result = RunResult::default();
    let some = Some(Distribution::default());
    result.load_metrics.all_actions.response_time_ms = some;
    result.load_metrics.all_statements.service_time_ms = some;
    result.load_metrics.error_rate_percent = Some(0.0);
    result.load_metrics.connections.failure_rate_percent = Some(0.0);
    result.load_metrics.games =
        Some(Games { completed: 20, completion_rate_percent: Some(100.0), ..Games::default() });
    let seen = evaluate(&result, &defaults());
    let evaluated = seen.iter().filter(|r| r.metric.starts_with("load_metrics."));
    assert!(evaluated.clone().count() == 8 && evaluated.clone().all(|r| r.outcome == Passed));
}

#[test]
fn a_completion_rate_needs_twenty_ended_games() {
    let threshold = key("min_games_completion_rate_percent").unwrap().threshold(None);
    for (completed, abandoned, expected) in [(10, 9, NotEvaluated), (10, 10, Failed)] {
        let mut result = RunResult::default();
        result.load_metrics.games = Some(Games {
            completed,
            abandoned,
            completion_rate_percent: Some(50.0),
            ..Games::default()
        });
        let seen = &evaluate(&result, std::slice::from_ref(&threshold))[0];
        assert_eq!(seen.outcome, expected, "{:?}", seen.reason);
    }
}

#[test]
fn a_plan_keeps_its_limits_and_who_wanted_them() {
    let limits = [
        limit("max_error_rate_percent", 5.0, true),
        limit("max_p99_response_time_ms", 2000.0, false),
    ];
    let seen = of_plan(&limits, &["action.play_card.p99 < 20ms".to_owned()]).unwrap();
    assert_eq!(seen.len(), 3);
    assert_eq!((seen[0].limit, seen[0].source), (2000.0, ThresholdSource::Default));
    assert_eq!((seen[1].limit, seen[1].source), (5.0, ThresholdSource::User));
    assert_eq!((seen[2].limit, seen[2].source), (20.0, ThresholdSource::User));
}

#[test]
fn an_unknown_limit_names_the_one_that_was_meant() {
    let limits = [limit("max_p95_response_ms", 5.0, true)];
    let errors = of_plan(&limits, &["p98 < 5ms".to_owned()]).unwrap_err();
    let [LimitError::Unknown(unknown), LimitError::Unreadable(unreadable)] = &errors[..] else {
        panic!("{errors:?}")
    };
    assert_eq!(unknown.nearest, "max_p95_response_time_ms");
    assert_eq!(unreadable.text, "p98 < 5ms");
    assert_eq!(nearest("error_rate"), "max_error_rate_percent");
}

#[test]
fn a_limit_on_an_action_that_there_is_none_of_says_so() {
    let threshold = parse("action.play_crad.p99 < 5ms").unwrap();
    let seen = &evaluate(&RunResult::default(), &[threshold])[0];
    assert_eq!(seen.outcome, NotEvaluated);
    assert!(seen.reason.as_ref().is_some_and(|why| why.contains("\"play_crad\"")), "{seen:?}");
}

#[test]
fn a_limit_on_a_metric_that_a_workload_does_not_have_names_the_nearest_that_it_has() {
    let mut result = RunResult::default();
    for name in ["orders", "basket_items"] {
        let Metric { name, unit, kind, meaning, value } = Metric::counter(name, "", 1);
        let metric = CustomMetric { kind, unit, meaning, value };
        result.load_metrics.custom.insert(name, metric);
    }
    let seen = &evaluate(&result, &[parse("custom.oders > 5").unwrap()])[0];
    assert_eq!(seen.outcome, NotEvaluated);
    assert!(seen.reason.as_ref().is_some_and(|why| why.contains("did you mean \"orders\"?")));
}

/// A run whose server's host used `percent` of its CPU.
fn with_cpu(percent: f64, offered_per_s: Option<f64>) -> RunResult {
    let mean = model::database_metrics::MeanMax { mean: percent, max: percent };
    let host = HostMetrics { cpu_usage_percent: mean, ..HostMetrics::default() };
    let server_host = Section::read(host, (0.0, 60.0));
    let mut result = RunResult {
        system_metrics: Some(SystemMetrics { server_host, ..SystemMetrics::default() }),
        ..RunResult::default()
    };
    result.load_metrics.offered_per_s = offered_per_s;
    result
}

#[test]
fn a_closed_loop_may_fill_the_machine_unless_the_user_says_no() {
    let cpu = key("max_cpu_usage_percent").unwrap();
    let outcome = |percent, offered, limit| {
        let result = with_cpu(percent, offered);
        let seen = evaluate(&result, &[cpu.threshold(limit)]).remove(0);
        assert_eq!(seen.value, Some(percent));
        seen.outcome
    };
    assert_eq!(outcome(97.0, None, None), NotEvaluated);
    assert_eq!(outcome(97.0, None, Some(80.0)), Failed);
    assert_eq!(outcome(97.0, Some(100.0), None), Failed);
    assert_eq!(outcome(70.0, None, None), Passed);
}

#[test]
fn a_section_that_could_not_be_read_gives_its_own_reason() {
    let unread = || Unread::missing("the server was restarted while load ran");
    let database = DatabaseMetrics {
        query_performance: Section::unread(unread()),
        connection_stats: Section::unread(unread()),
        ..DatabaseMetrics::default()
    };
    let system =
        SystemMetrics { server_host: Section::unread(unread()), ..SystemMetrics::default() };
    let result = RunResult {
        database_metrics: Some(database),
        system_metrics: Some(system),
        ..RunResult::default()
    };
    let seen = evaluate(&result, &defaults());
    let of_server = seen.iter().filter(|it| !it.metric.starts_with("load_metrics"));
    assert_eq!(of_server.clone().count(), 4);
    for limit in of_server {
        let why = limit.reason.as_deref();
        assert_eq!(why, Some("the server was restarted while load ran"), "{}", limit.name);
    }
}
