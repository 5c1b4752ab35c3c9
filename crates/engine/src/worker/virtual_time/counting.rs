//! What a run must count when nothing breaks.

use super::world::{MS, Reply, Run, closed, open};
use crate::pace::{Arrivals, Curve, Stage};
use crate::settings::{Shape, Unit};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn an_open_loop_schedules_exactly_what_the_pace_offers() {
    let (measured, _) = Run::new(open(16, 10, 1000.0), |_| Reply::After(5 * MS)).go();
    let counts = measured.all_actions().counts;
    assert_eq!((counts.scheduled, counts.succeeded), (10_000, 10_000));
    assert_eq!(measured.offered, Some(10_000.0));
    assert!(measured.adds_up());
}

#[test]
fn a_known_delay_is_the_service_time_and_without_queueing_the_response_time() {
    let (measured, _) = Run::new(open(16, 10, 100.0), |_| Reply::After(7 * MS)).go();
    let all = measured.all_actions();
    for histogram in [&all.response, &all.service] {
        assert!((histogram.quantile_ms(0.99).unwrap() / 7.0 - 1.0).abs() < 0.01);
    }
    assert!(all.wait.max_ms() == Some(0.0) && all.lateness.max_ms() == Some(0.0));
}

/// The classic that load tools get wrong: a server that stalls looks fine if nobody asked it.
#[test]
fn a_server_stopped_for_two_seconds_shows_in_the_response_times_of_all_who_would_have_asked() {
    let stall = |now: u64| match now / MS {
        at @ 4000..6000 => Reply::After((6000 - at) * MS + MS),
        _ => Reply::After(MS),
    };
    let (measured, _) = Run::new(open(8, 10, 500.0), stall).go();
    let all = measured.all_actions();
    let delayed = all.response.count_between_us(10_000, 10_000_000);
    assert!((1000..=1100).contains(&delayed), "2 s × 500/s and those behind them, but {delayed}");
    let halves = [(0, 1_000_000), (1_000_000, 2_010_000)]
        .map(|(from, to)| all.response.count_between_us(from.max(10_000), to));
    assert!((halves[0] as f64 / halves[1] as f64 - 1.0).abs() < 0.1, "falls linearly: {halves:?}");
    assert!((all.response.max_ms().unwrap() / 2000.0 - 1.0).abs() < 0.02);
    assert!(all.service.count_between_us(10_000, 10_000_000) <= 8, "service time alone hides it");
}

#[test]
fn a_backlog_that_drains_after_the_end_was_not_achieved_in_time() {
    let (measured, _) = Run::new(open(1, 10, 200.0), |_| Reply::After(10 * MS)).go();
    let counts = measured.all_actions().counts;
    assert_eq!((counts.scheduled, counts.succeeded), (2_000, 2_000 - counts.unfinished));
    let in_time = counts.succeeded - measured.late_succeeded;
    assert!((990..=1_010).contains(&in_time), "a server that does 100/s for 10 s, but {in_time}");
    assert_eq!(measured.late_statements, [measured.late_succeeded]);
}

#[test]
fn seconds_in_which_nobody_asks_are_not_held_against_the_server() {
    let (measured, _) = Run::new(open(2, 10, 0.5), |_| Reply::After(MS)).go();
    assert_eq!((measured.seconds_due, measured.seconds_available), (5, 5));
}

#[test]
fn a_closed_loop_of_n_clients_and_delay_d_does_n_over_d() {
    let (measured, _) = Run::new(closed(10, 10), |_| Reply::After(10 * MS)).go();
    let succeeded = measured.all_actions().counts.succeeded;
    assert!((9_990..=10_010).contains(&succeeded), "{succeeded}");
    assert_eq!(measured.offered, None);
}

#[test]
fn think_time_comes_between_actions_and_is_nobodys_latency() {
    let mut load = closed(10, 10);
    let think = Duration::from_millis(40);
    load.shape = Shape::Closed { think_min: think, think_max: think, users: None };
    let (measured, _) = Run::new(load, |_| Reply::After(10 * MS)).go();
    let all = measured.all_actions();
    assert!((1_980..=2_010).contains(&all.counts.succeeded), "{:?}", all.counts);
    assert!((all.response.max_ms().unwrap() / 10.0 - 1.0).abs() < 0.02);
}

#[test]
fn an_action_of_three_statements_takes_three_slots_of_a_schedule_of_statements() {
    let mut load = open(16, 10, 300.0);
    if let Shape::Open { unit, .. } = &mut load.shape {
        *unit = Unit::Statements;
    }
    let (measured, _) = Run::new(load, |_| Reply::After(MS)).steps(3).go();
    assert_eq!(measured.all_actions().counts.succeeded, 1_000);
    assert_eq!(measured.statements[0].count, 3_000);
}

#[test]
fn the_warm_up_is_kept_apart() {
    let mut load = open(16, 12, 100.0);
    (load.warm_up, load.duration) = (Duration::from_millis(2_500), Duration::from_millis(9_500));
    let (measured, intervals) = Run::new(load, |_| Reply::After(MS)).go();
    assert_eq!(measured.warm_up_actions[0].counts.scheduled, 250);
    assert_eq!(measured.actions[0].counts.scheduled, 950);
    assert_eq!(measured.session_statements[0], (1_200, 0));
    let starts: Vec<f64> = intervals.iter().take(4).map(|interval| interval.start_s).collect();
    assert_eq!(starts, [0.0, 0.5, 1.5, 2.5], "no interval lies in both phases");
}

#[test]
fn the_intervals_together_are_the_totals() {
    let (measured, intervals) = Run::new(closed(4, 7), |now| Reply::After(MS + now % MS)).go();
    let sum: u64 = intervals.iter().map(|interval| interval.counts().succeeded).sum();
    assert_eq!(sum, measured.all_actions().counts.succeeded);
    assert_eq!(intervals.len(), 8, "7 seconds and the last answers");
    assert_eq!((measured.seconds_due, measured.seconds_available), (7, 7));
}

#[test]
fn what_a_thread_did_with_its_own_time_is_told_of_the_measured_window_alone() {
    let mut load = closed(4, 5);
    load.warm_up = Duration::from_secs(2);
    let (measured, intervals) = Run::new(load, |_| Reply::After(MS)).go();
    let ours = &measured.generator;
    let waited = ours.run_queue.unwrap();
    let is_about = |us: u64, expected: f64| (us as f64 / expected - 1.0).abs() < 0.01;
    assert!(is_about(ours.cpu_us, 5e6 / 10.0), "{}", ours.cpu_us);
    assert!(is_about(waited.wait_us, 5e6 / 5.0), "{waited:?}");
    // There is one thread.
    assert_eq!(waited.longest_thread_us, waited.wait_us);
    assert!(is_about(waited.runs, 5e3), "{waited:?}");
    let of_each = intervals.iter().filter_map(|interval| interval.generator.run_queue);
    let whole: Vec<u64> = of_each.take(7).map(|waited| waited.wait_us).collect();
    assert!(whole.iter().all(|&us| is_about(us, 1e6 / 5.0)), "{whole:?}");
}

#[test]
fn hopelessly_late_actions_are_skipped_and_counted() {
    let mut load = open(1, 10, 100.0);
    if let Shape::Open { max_backlog, .. } = &mut load.shape {
        *max_backlog = Duration::from_secs(1);
    }
    let (measured, _) = Run::new(load, |_| Reply::After(100 * MS)).go();
    let counts = measured.all_actions().counts;
    assert_eq!(counts.scheduled, 1_000);
    assert!(counts.skipped > 700 && counts.adds_up(), "{counts:?}");
    assert!(measured.all_actions().response.max_ms().unwrap() < 1_200.0);
}

#[test]
fn what_has_no_answer_when_the_grace_ends_is_unfinished() {
    let (measured, _) = Run::new(open(4, 3, 10.0), |_| Reply::Never).go();
    let counts = measured.all_actions().counts;
    assert_eq!((counts.scheduled, counts.unfinished), (30, 30));
    assert!(measured.all_actions().response.is_empty());
}

proptest! {
    // Each case is a whole run: 48 of them find what a broken loop does wrong, in a second.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn offered_equals_scheduled_for_every_shape_of_load(
        stages in prop::collection::vec((1..4_u64, 0.0..300.0, 0.0..300.0), 1..4),
        clients in 1..9_u32, delay in 1..50_u64, poisson in any::<bool>(),
    ) {
        let stages: Vec<Stage> = stages.into_iter().map(|(seconds, from_per_s, to_per_s)| {
            Stage { duration: Duration::from_secs(seconds), from_per_s, to_per_s }
        }).collect();
        let curve = Arc::new(Curve::new(&stages));
        let arrivals = if poisson { Arrivals::Poisson } else { Arrivals::Uniform };
        let mut load = open(clients, curve.end_s() as u64, 1.0);
        let max_backlog = Duration::from_millis(500);
        load.shape = Shape::Open { curve: curve.clone(), arrivals, unit: Unit::Actions, max_backlog };
        let (measured, _) = Run::new(load, move |_| Reply::After(delay * MS)).go();
        let counts = measured.all_actions().counts;
        prop_assert!(counts.adds_up(), "{:?}", counts);
        if !poisson {
            prop_assert_eq!(counts.scheduled as f64, curve.slots_at(f64::MAX).ceil());
        }
    }
}
