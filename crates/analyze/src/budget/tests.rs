//! The parts add up, and what can't be known is not made up.

use super::*;
use crate::diagnosis::fixture::{db, diagnosed, latency, waiting};
use model::run_result::RunResult;
use proptest::prelude::*;

fn budget(change: impl FnOnce(&mut RunResult)) -> LatencyBudget {
    diagnosed(change).diagnosis.budget.expect("actions were answered")
}

fn part(budget: &LatencyBudget, name: &str) -> Option<f64> {
    budget.parts.iter().find(|it| it.part == name).map(|it| it.mean_ms)
}

#[test]
fn the_servers_time_is_split_by_what_its_sessions_did() {
    // 100 actions/s: a session on average is ten milliseconds of each action.
    let seen = budget(waiting(&[
        ("CPU:CPU", 0.2),
        ("IO:DataFileRead", 0.1),
        ("IO:WalSync", 0.15),
        ("LWLock:WALWrite", 0.05),
        ("Lock:tuple", 0.3),
        ("LWLock:BufferContent", 0.025),
        ("Client:ClientRead", 0.4),
    ]));
    let parts = ["planning", "cpu", "io", "commit", "lock", "other", "network_and_client"];
    assert_eq!(parts.map(|it| part(&seen, it).unwrap()), [0.1, 1.9, 1.0, 2.0, 3.0, 0.25, 1.75]);
    assert_eq!((seen.consistent, seen.notes.len()), (Some(true), 0));
}

#[test]
fn planning_is_taken_from_the_time_on_the_cpu() {
    let seen = budget(|result| {
        waiting(&[("CPU:CPU", 0.3)])(result);
        db(result).query_performance.data.as_mut().unwrap().total_plan_time_ms = Some(10_000.0);
    });
    assert_eq!((part(&seen, "planning"), part(&seen, "cpu")), (Some(1.0), Some(2.0)));
}

#[test]
fn what_would_not_fit_is_cut_and_told() {
    let seen = budget(waiting(&[("CPU:CPU", 30.0), ("Lock:tuple", 10.0)]));
    assert_eq!(part(&seen, "network_and_client"), Some(0.0));
    assert_eq!((part(&seen, "cpu"), part(&seen, "lock")), (Some(7.4975), Some(2.5)));
    assert!(seen.notes[0].contains("cut to fit"), "{:?}", seen.notes);
}

#[test]
fn what_others_do_is_told_since_it_is_in_the_parts() {
    let seen = budget(|result| {
        let stats = db(result).connection_stats.data.as_mut().unwrap();
        stats.other_active_sessions = Some(crate::diagnosis::fixture::steady(0.3));
    });
    assert!(seen.notes[0].starts_with("0.30 of 0.90 busy sessions"), "{:?}", seen.notes);
}

#[test]
fn without_samples_the_servers_part_is_not_told_apart() {
    let seen = budget(|result| result.database_metrics = None);
    assert_eq!((part(&seen, "server"), part(&seen, "cpu")), (Some(10.0), None));
    assert!(seen.notes[0].contains("not watched"), "{:?}", seen.notes);
}

#[test]
fn what_the_clocks_disagree_on_is_not_consistent() {
    let idle = |mean: f64| move |result: &mut RunResult| result.load_metrics.pool.idle_mean = mean;
    // 100/s of 10 ms each are one connection of ten.
    assert_eq!(budget(idle(9.01)).consistent, Some(true));
    let seen = budget(idle(8.0));
    assert_eq!(seen.consistent, Some(false));
    assert_eq!(seen.littles_law.unwrap().difference_percent, 50.0);
    assert_eq!(budget(idle(10.0)).littles_law, None, "nothing to divide by");
    let lost = |result: &mut RunResult| result.load_metrics.connections.lost = 1;
    assert_eq!(budget(lost).consistent, None);
}

proptest! {
    #[test]
    fn the_parts_always_add_up_and_none_is_negative(
        response in 0.01f64..1e4, service in 0.01f64..1e4, wait in 0.0f64..1e4,
        cpu in 0.0f64..50.0, lock in 0.0f64..50.0, sync in 0.0f64..50.0, plan in 0.0f64..1e6,
    ) {
        let seen = budget(|result| {
            let all = &mut result.load_metrics.all_actions;
            all.response_time_ms = Some(latency(response));
            all.service_time_ms = Some(latency(service));
            all.wait_ms = Some(latency(wait));
            let events = [("CPU:CPU", cpu), ("Lock:tuple", lock), ("IO:WalSync", sync)];
            db(result).wait_events.data = Some(crate::diagnosis::fixture::waits(&events));
            let queries = db(result).query_performance.data.as_mut().unwrap();
            queries.total_plan_time_ms = Some(plan);
        });
        let sum: f64 = seen.parts.iter().map(|it| it.mean_ms).sum();
        prop_assert!((sum - response).abs() < 1e-4, "{sum} of {response}: {seen:?}");
        prop_assert!(seen.parts.iter().all(|it| it.mean_ms >= 0.0), "{seen:?}");
    }
}
