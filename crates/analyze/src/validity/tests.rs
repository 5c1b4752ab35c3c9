//! Tables of what was seen and what it comes to.

use super::*;
use ValidityOutcome::{Invalid, NotEvaluated, Ok, Warning};
use model::database_metrics::{
    ConnectionStats, DatabaseMetrics, MeanMax, MonitorCost, Section, WaitEvents,
};
use model::metric::Distribution;
use model::run_result::{ActionMetrics, ServerEnvironment, StageBlock, StageMetrics};

/// A sound run: 100 actions/s for 100 s, in an open loop.
fn sound() -> RunResult {
    let all = ActionMetrics {
        scheduled: 10_000,
        succeeded: 10_000,
        response_time_ms: Some(latency(10.0)),
        lateness_ms: Some(latency(0.05)),
        ..ActionMetrics::default()
    };
    let mut result = RunResult::default();
    let load = &mut result.load_metrics;
    load.elapsed_s = 100.0;
    load.offered_per_s = Some(100.0);
    load.achieved_per_s = 100.0;
    load.generator.busiest_thread_percent = Some(30.0);
    load.generator.turn_ms = Some(latency(0.2));
    load.generator.run_queue_wait_percent = Some(1.0);
    load.generator.wake_delay_ms = Some(0.05);
    load.actions.insert("look".to_owned(), all.clone());
    load.all_actions = all;
    load.stages = vec![stage(&[100.0; 10], &[10.0; 10], 100.0)];
    let settings = [("fsync".to_owned(), "on".to_owned())].into();
    result.environment.server = Some(ServerEnvironment { settings, ..Default::default() });
    result.database_metrics = Some(watched());
    result
}

/// A server that nobody else used, watched for next to nothing.
fn watched() -> DatabaseMetrics {
    let mut watched = DatabaseMetrics::default();
    let sessions = |mean| MeanMax { mean, max: mean };
    let others = Some(sessions(0.0));
    let stats = ConnectionStats { other_active_sessions: others, ..Default::default() };
    watched.connection_stats = Section::read(stats, (0.0, 100.0));
    let waits = WaitEvents { active_sessions: sessions(2.0), ..WaitEvents::default() };
    watched.wait_events = Section::read(waits, (0.0, 100.0));
    let cost = MonitorCost { server_cpu_percent: Some(0.2), ..MonitorCost::default() };
    watched.monitor = Section::read(cost, (0.0, 100.0));
    watched
}

#[test]
fn what_others_do_and_what_watching_costs_is_a_warning() {
    let others = |mean: f64| {
        move |result: &mut RunResult| {
            let stats = &mut result.database_metrics.as_mut().unwrap().connection_stats;
            stats.data.as_mut().unwrap().other_active_sessions = Some(MeanMax { mean, max: mean });
        }
    };
    assert_eq!(outcome("other_traffic", others(0.11)), Warning);
    assert_eq!(outcome("other_traffic", others(0.09)), Ok);
    let cost = |percent: f64| {
        move |result: &mut RunResult| {
            let monitor = &mut result.database_metrics.as_mut().unwrap().monitor;
            monitor.data.as_mut().unwrap().server_cpu_percent = Some(percent);
        }
    };
    assert_eq!(outcome("monitor_cost", cost(1.1)), Warning);
    assert_eq!(outcome("monitor_cost", cost(1.0)), Ok);
    for code in ["other_traffic", "monitor_cost"] {
        assert_eq!(outcome(code, |result| result.database_metrics = None), NotEvaluated);
    }
}

fn latency(ms: f64) -> Distribution {
    Distribution { mean: ms, p50: ms, p90: ms, p95: ms, p99: ms, p999: ms, max: ms }
}

fn stage(rates: &[f64], times: &[f64], length_s: f64) -> StageMetrics {
    let block = |(&achieved_per_s, &time): (&f64, &f64)| StageBlock {
        length_s: length_s / 10.0,
        achieved_per_s,
        response_time_mean_ms: Some(time),
    };
    let blocks = rates.iter().zip(times).map(block).collect();
    StageMetrics { name: "hold".to_owned(), length_s, hold: true, blocks, ..Default::default() }
}

fn outcome(code: &str, change: impl FnOnce(&mut RunResult)) -> ValidityOutcome {
    let mut result = sound();
    change(&mut result);
    let checks = check(&result);
    checks.iter().find(|check| check.code == code).expect(code).outcome
}

#[test]
fn a_sound_run_has_nothing_to_complain_of() {
    let checks = check(&sound());
    assert!(checks.iter().all(|check| check.outcome == Ok), "{checks:#?}");
}

#[test]
fn one_lost_action_voids_the_run() {
    let changes: [fn(&mut RunResult); 4] = [
        |result| result.load_metrics.all_actions.scheduled += 1,
        |result| result.load_metrics.actions.get_mut("look").unwrap().succeeded -= 1,
        |result| result.load_metrics.warm_up.scheduled = 1,
        |result| result.load_metrics.all_actions.unknown = 1,
    ];
    changes.iter().for_each(|change| assert_eq!(outcome("accounting", change), Invalid));
    let moved = |result: &mut RunResult| {
        result.load_metrics.actions.insert(
            "other".to_owned(),
            ActionMetrics { scheduled: 1, succeeded: 1, ..ActionMetrics::default() },
        );
    };
    assert_eq!(outcome("accounting", moved), Invalid);
}

#[test]
fn our_delay_counts_by_its_share_and_its_size() {
    // response, lateness, both in ms at mean and p99
    let cases = [
        (10.0, 0.05, Ok),
        (0.3, 0.2, Ok),   // two thirds, but of nothing
        (100.0, 9.0, Ok), // long, but a small share
        (10.0, 3.0, Warning),
        (20.0, 14.0, Warning), // most of it, but still what any scheduler does
        (40.0, 30.0, Invalid),
        (900.0, 800.0, Invalid),
    ];
    for (response, late, expected) in cases {
        let seen = outcome("generator_lateness", |result| {
            result.load_metrics.all_actions.response_time_ms = Some(latency(response));
            result.load_metrics.all_actions.lateness_ms = Some(latency(late));
        });
        assert_eq!(seen, expected, "{late} of {response} ms");
    }
}

#[test]
fn waiting_for_a_processor_counts_by_its_share_of_the_mean_and_its_size() {
    // mean response and mean wait in ms, share of all time waited
    let cases = [
        (10.0, 0.05, 1.0, Ok),
        (0.3, 0.2, 70.0, Ok),
        (100.0, 9.0, 90.0, Ok),
        (10.0, 3.0, 30.0, Warning),
        (20.0, 14.0, 90.0, Warning),
        (40.0, 20.0, 90.0, Warning), // half of it, not more
        (40.0, 20.1, 50.1, Invalid),
        (900.0, 800.0, 90.0, Invalid),
        (4.0, 30.0, 98.0, Invalid), // most actions between two waits, most of the time in them
        (4.0, 30.0, 9.9, Ok),       // long waits, but rare
        (4.0, 30.0, 40.0, Warning),
    ];
    for (response, delay, waited, expected) in cases {
        let seen = outcome("generator_wake_delay", |result| {
            // The tail is not what a mean is held against.
            let times = Distribution { mean: response, ..latency(9_000.0) };
            result.load_metrics.all_actions.response_time_ms = Some(times);
            result.load_metrics.generator.run_queue_wait_percent = Some(waited);
            result.load_metrics.generator.wake_delay_ms = Some(delay);
        });
        assert_eq!(seen, expected, "{delay} of {response} ms, {waited} % of the time");
    }
    let changes: [fn(&mut RunResult); 2] = [
        |result| result.load_metrics.generator.wake_delay_ms = None,
        |result| result.load_metrics.all_actions.response_time_ms = None,
    ];
    for change in changes {
        assert_eq!(outcome("generator_wake_delay", change), NotEvaluated);
    }
}

#[test]
fn waiting_for_a_connection_is_never_the_generators() {
    let seen = check(&{
        let mut result = sound();
        result.load_metrics.all_actions.wait_ms = Some(latency(30_000.0));
        result.load_metrics.all_actions.response_time_ms = Some(latency(30_010.0));
        result
    });
    assert!(seen.iter().all(|check| check.outcome != Invalid), "{seen:#?}");
}

#[test]
fn a_generator_without_time_left_voids_the_run() {
    for (busy, expected) in [(79.9, Ok), (80.0, Warning), (94.9, Warning), (95.0, Invalid)] {
        let seen = outcome("generator_cpu", |result| {
            result.load_metrics.generator.busiest_thread_percent = Some(busy);
        });
        assert_eq!(seen, expected, "{busy}");
    }
    for (turn, expected) in [(2.0, Ok), (2.1, Warning), (20.0, Warning), (20.1, Invalid)] {
        let seen = outcome("generator_loop_delay", |result| {
            result.load_metrics.generator.turn_ms = Some(latency(turn));
        });
        assert_eq!(seen, expected, "{turn}");
    }
    // The mean response time is 1 ms here: half of it is nothing, unless it is long as well.
    for (percent, delay_ms, expected) in
        [(0.5, 0.1, Ok), (2.0, 0.1, Warning), (0.9, 2.1, Warning), (30.0, 160.0, Invalid)]
    {
        let still = |offered: Option<f64>| {
            outcome("generator_loop_delay", |result| {
                let load = &mut result.load_metrics;
                load.offered_per_s = offered;
                load.generator.standstill_percent = Some(percent);
                load.generator.standstill_max_ms = Some(1000.0);
                load.generator.standstill_delay_ms = Some(delay_ms);
            })
        };
        assert_eq!(still(Some(100.0)), expected, "{percent} % {delay_ms} ms");
        // Nothing falls due in a closed loop.
        assert_eq!(still(None), if percent == 0.9 { Ok } else { expected }, "{percent} %");
    }
    let unknown = outcome("generator_cpu", |result| {
        result.load_metrics.generator.busiest_thread_percent = None;
    });
    assert_eq!(unknown, NotEvaluated);
}

#[test]
fn only_a_real_trend_is_no_steady_state() {
    let noisy = [100.0, 60.0, 140.0, 90.0, 150.0, 70.0, 110.0, 55.0, 160.0, 100.0];
    let rising = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0];
    let creeping = [10.0, 10.5, 11.0, 11.5, 12.0, 12.5, 13.0, 13.5, 14.0, 14.5];
    let tiny = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
    let flat = [100.0; 10];
    let mut stalled = flat;
    stalled[9] = 900.0;
    let falling: Vec<f64> = rising.iter().rev().copied().collect();
    // what it is, rates, times, length in s, outcome
    type Case<'a> = (&'a str, &'a [f64], &'a [f64], f64, ValidityOutcome);
    let cases: [Case<'_>; 9] = [
        ("flat", &flat, &flat, 60.0, Ok),
        ("noise is no trend", &noisy, &noisy, 60.0, Ok),
        ("one stall at the end is no trend", &flat, &stalled, 60.0, Ok),
        ("a queue that grows", &flat, &rising, 60.0, Invalid),
        ("a rate that falls", &falling, &flat, 60.0, Invalid),
        ("a slow change", &flat, &creeping, 60.0, Warning),
        ("too short to judge", &flat, &rising, 29.0, NotEvaluated),
        ("fractions of a ms", &flat, &tiny, 60.0, Ok),
        ("too few parts", &flat[..7], &rising[..7], 60.0, NotEvaluated),
    ];
    for (name, rates, times, length_s, expected) in cases {
        let seen = outcome("steady_state", |result| {
            result.load_metrics.stages = vec![stage(rates, times, length_s)];
        });
        assert_eq!(seen, expected, "{name}");
    }
}

#[test]
fn a_ramp_need_not_be_steady() {
    let seen = outcome("steady_state", |result| {
        let rising: Vec<f64> = (1..=10).map(f64::from).collect();
        result.load_metrics.stages = vec![stage(&rising, &rising, 60.0)];
        result.load_metrics.stages[0].hold = false;
    });
    assert_eq!(seen, NotEvaluated);
}

#[test]
fn a_run_that_proves_nothing_says_so() {
    let nothing = |result: &mut RunResult| result.load_metrics.all_actions.succeeded = 0;
    assert_eq!(outcome("something_succeeded", nothing), Warning);
    let few = |result: &mut RunResult| result.load_metrics.all_actions.succeeded = 999;
    assert_eq!(outcome("sample_size", few), Warning);
    let stuck = |result: &mut RunResult| result.load_metrics.all_actions.unfinished = 102;
    assert_eq!(outcome("unfinished_actions", stuck), Warning);
}

#[test]
fn a_server_that_falls_behind_is_told_and_not_held_against_the_run() {
    for (achieved, expected) in [(99.6, Ok), (95.0, Ok), (94.9, Warning), (0.0, Warning)] {
        let seen = outcome("offered_load", |result| result.load_metrics.achieved_per_s = achieved);
        assert_eq!(seen, expected, "{achieved}");
    }
    let closed = |result: &mut RunResult| result.load_metrics.offered_per_s = None;
    assert_eq!(outcome("offered_load", closed), NotEvaluated);
}

#[test]
fn speed_bought_with_data_is_told() {
    for name in ["fsync", "full_page_writes", "synchronous_commit", "autovacuum"] {
        let off = |result: &mut RunResult| {
            let server = result.environment.server.as_mut().unwrap();
            server.settings.insert(name.to_owned(), "off".to_owned());
        };
        assert_eq!(outcome(&format!("{name}_off"), off), Warning);
    }
    let unknown = |result: &mut RunResult| result.environment.server = None;
    assert_eq!(outcome("server_settings", unknown), NotEvaluated);
}

#[test]
fn a_run_in_less_time_says_so() {
    let scaled = |result: &mut RunResult| result.plan = serde_json::json!({ "time_scale": 0.02 });
    assert_eq!(outcome("time_scale", scaled), Warning);
    let whole = RunResult { plan: serde_json::json!({ "time_scale": 1.0 }), ..sound() };
    assert!(!check(&whole).iter().any(|it| it.code == "time_scale"));
}
