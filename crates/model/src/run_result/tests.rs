//! Sums that must agree, and files of other versions.

use super::*;
use crate::catalog::{Catalog, Kind, StatementSpec};
use crate::failure::{ErrorClass, Failure};
use crate::measured::{Interval, Measured};
use crate::metric::Metric;
use crate::sample::{ActionSample, Phase, StatementSample};
use crate::series::ServerRow;
use std::collections::BTreeMap;

fn catalog() -> Catalog {
    let spec =
        |name: &str, kind| StatementSpec { name: name.to_owned(), sql: format!("-- {name}"), kind };
    Catalog {
        actions: vec!["look".to_owned(), "play_card".to_owned()],
        statements: vec![
            spec("commit", Kind::Transaction),
            spec("game_load", Kind::Select),
            spec("event_append", Kind::Insert),
        ],
    }
}

fn action(succeeded: u64, failed: u64, us: u64) -> ActionSample {
    let mut sample = ActionSample::default();
    sample.counts.scheduled = succeeded + failed;
    sample.counts.succeeded = succeeded;
    sample.counts.failed = failed;
    sample.response.record_n_us(us, succeeded + failed);
    sample
}

fn statement(count: u64, failed: u64) -> StatementSample {
    let mut sample = StatementSample { count, failed, rows: count, ..StatementSample::default() };
    sample.service.record_n_us(500, count);
    sample
}

fn measured() -> Measured {
    let mut measured = Measured {
        elapsed_s: 10.0,
        actions: vec![action(70, 0, 1000), action(29, 1, 9000)],
        statements: vec![statement(29, 0), statement(75, 0), statement(25, 1)],
        session_statements: vec![(30, 0), (80, 0), (26, 1)],
        poller: "epoll".to_owned(),
        ..Measured::default()
    };
    measured.failures.count(&Failure::new(ErrorClass::Other, "boom"));
    measured
}

fn assembled(measured: &Measured, metrics: Vec<Metric>, pacing: Pacing) -> RunResult {
    let set_up = BTreeMap::from([("game_load".to_owned(), 5)]);
    RunResult::assemble(Inputs {
        started_at: "2025-01-01T00:00:00Z",
        workload: "hokm",
        connections: 4,
        pacing,
        measured,
        catalog: &catalog(),
        set_up_statements: &set_up,
        plan: serde_json::json!({"database": {"password": "hunter2"}}),
        environment: Environment::default(),
        verification: None,
        metrics,
        stages: vec![],
        database_metrics: None,
        system_metrics: None,
        action_log: None,
    })
}

#[test]
fn queries_are_the_statements_without_transaction_control() {
    let result = assembled(&measured(), vec![], Pacing::Closed);
    assert_eq!(result.test_summary.queries_executed, 100);
    assert_eq!(result.test_summary.queries_failed, 1);
    assert_eq!(result.load_metrics.queries_per_s, 10.0);
    assert_eq!(result.load_metrics.read_share_ratio, Some(0.75));
    assert_eq!(result.load_metrics.all_statements.count, 129);
    assert_eq!(result.load_metrics.transactions.committed, 29);
}

#[test]
fn a_session_counts_what_set_up_did_too() {
    let result = assembled(&measured(), vec![], Pacing::Closed);
    assert_eq!(result.load_metrics.statements["game_load"].totals.session_count, 85);
    assert_eq!(result.load_metrics.all_statements.session_count, 141);
}

#[test]
fn what_was_not_measured_is_absent_and_never_zero() {
    let result = assembled(&Measured::default(), vec![], Pacing::Closed);
    let json = serde_json::to_value(&result).unwrap();
    let load = json["load_metrics"].as_object().unwrap();
    for absent in ["offered_per_s", "read_share_ratio", "error_rate_percent", "games"] {
        assert!(!load.contains_key(absent), "{absent}");
    }
    assert!(json.get("database_metrics").is_none() && json.get("findings").is_none());
    assert!(json["load_metrics"]["all_actions"].get("response_time_ms").is_none());
}

#[test]
fn offered_exists_only_where_there_is_a_schedule() {
    let mut open = measured();
    open.offered = Some(130.0);
    let result = assembled(&open, vec![], Pacing::Statements);
    assert_eq!(result.load_metrics.offered_per_s, Some(10.0));
    assert_eq!(result.load_metrics.offered_queries_per_s, Some(13.0));
    assert_eq!(assembled(&open, vec![], Pacing::Closed).load_metrics.offered_per_s, None);
}

#[test]
fn games_are_told_from_the_workloads_other_metrics() {
    let metrics = vec![
        Metric::counter("games_started", "", 12),
        Metric::counter("games_completed", "", 9),
        Metric::counter("games_abandoned", "", 3),
        Metric::counter("hands", "hands played", 40),
    ];
    let load = assembled(&measured(), metrics, Pacing::Closed).load_metrics;
    assert_eq!(load.games.unwrap().completion_rate_percent, Some(75.0));
    assert_eq!(load.custom.keys().collect::<Vec<_>>(), ["hands"]);
}

#[test]
fn no_secret_of_the_plan_is_saved() {
    let result = assembled(&measured(), vec![], Pacing::Closed);
    assert!(!serde_json::to_string(&result).unwrap().contains("hunter2"));
}

#[test]
fn a_saved_result_reads_back_equal() {
    let result = assembled(&measured(), vec![Metric::gauge("x", "s", "", 0.5)], Pacing::Actions);
    let text = serde_json::to_string(&result).unwrap();
    assert_eq!(serde_json::from_str::<RunResult>(&text).unwrap(), result);
}

#[test]
fn a_file_of_a_newer_program_is_read_without_what_we_do_not_know() {
    let mut json = serde_json::to_value(assembled(&measured(), vec![], Pacing::Closed)).unwrap();
    json["new_section"] = serde_json::json!({"a": 1});
    json["load_metrics"]["all_actions"]["new_count"] = 7.into();
    json["events"] = serde_json::json!([{"at_s": 1.0, "kind": "fault_injected", "text": "x"}]);
    let read: RunResult = serde_json::from_value(json).unwrap();
    assert_eq!(read.load_metrics.all_actions.succeeded, 99);
    assert!(read.events.is_empty());
}

#[test]
fn a_file_of_an_older_program_is_read_with_defaults() {
    let read: RunResult =
        serde_json::from_str(r#"{"schema_version":1,"test_summary":{"queries_executed":5}}"#)
            .unwrap();
    assert_eq!(read.test_summary.queries_executed, 5);
}

fn interval(start_s: f64, phase: Phase, succeeded: u64, us: u64) -> Interval {
    Interval {
        start_s,
        length_s: 1.0,
        phase,
        grace: false,
        offered: Some(succeeded as f64),
        behind_s: None,
        actions: vec![Some(action(succeeded, 0, us))],
        statements: vec![],
        connections: Default::default(),
        failures: Default::default(),
        generator: Default::default(),
        connected: 1,
        in_use_max: 1,
        idle_mean: 0.0,
    }
}

#[test]
fn a_second_in_which_all_stood_still_took_at_least_as_long_as_it_was() {
    let plan = StagePlan { length_s: 10.0, hold: true, ..StagePlan::default() };
    let mut tracker = StageTracker::new(vec![plan], 0.0);
    // Eight are under way and nothing ends, then nobody asks for anything.
    for (second, in_use_max) in [(0.0, 8), (1.0, 0)] {
        let nothing = interval(second, Phase::Measured, 0, 1);
        tracker.interval(&Interval { actions: vec![None], in_use_max, ..nothing });
        let checkpoint_active_percent = Some(100.0);
        tracker.server(&ServerRow { t: second, checkpoint_active_percent, ..Default::default() });
    }
    let seen = tracker.finish().remove(0).checkpoint_overlap.unwrap().with;
    assert_eq!(seen.seconds, 1);
    assert!((seen.response_time_p99_median_ms / 1000.0 - 1.0).abs() < 0.01, "{seen:?}");
}

#[test]
fn every_interval_counts_in_the_stage_in_which_it_lies() {
    let plan = |name: &str, from_s, length_s| StagePlan {
        name: name.to_owned(),
        from_s,
        length_s,
        hold: true,
        users: false,
    };
    let mut tracker = StageTracker::new(vec![plan("a", 0.0, 20.0), plan("b", 20.0, 10.0)], 5.0);
    (0..5).for_each(|s| tracker.interval(&interval(f64::from(s), Phase::WarmUp, 999, 1)));
    (5..25).for_each(|s| tracker.interval(&interval(f64::from(s), Phase::Measured, 100, 1000)));
    (25..31).for_each(|s| tracker.interval(&interval(f64::from(s), Phase::Measured, 50, 4000)));
    let stages = tracker.finish();
    assert_eq!(stages.iter().map(|s| s.length_s).collect::<Vec<_>>(), [20.0, 6.0]);
    assert_eq!(stages.iter().map(|s| s.achieved_per_s).collect::<Vec<_>>(), [100.0, 50.0]);
    assert_eq!(stages[0].blocks.len(), 10);
    assert!(stages[0].blocks.iter().all(|block| block.length_s == 2.0));
    assert!(stages[1].response_time_ms.unwrap().p50 > 3.9);
}

#[test]
fn warm_up_and_grace_are_no_part_of_a_stage() {
    let whole = StagePlan { length_s: 9.0, hold: true, ..StagePlan::default() };
    let mut tracker = StageTracker::new(vec![whole], 1.0);
    tracker.interval(&interval(0.0, Phase::WarmUp, 999, 1));
    (1..9).for_each(|s| tracker.interval(&interval(f64::from(s), Phase::Measured, 100, 1000)));
    tracker.interval(&Interval { grace: true, ..interval(9.0, Phase::Measured, 999, 1) });
    let stages = tracker.finish();
    assert_eq!((stages[0].length_s, stages[0].achieved_per_s), (8.0, 100.0));
}
