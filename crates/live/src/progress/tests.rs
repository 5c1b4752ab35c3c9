//! Lines as a reader sees them, in each part of a run.

use super::*;
use model::failure::{ErrorClass, Failure, FailureTally};
use model::measured::GeneratorSample;
use model::sample::{ActionSample, ConnectionSample};

const LENGTH: Length = Length { warm_up_s: 6.0, duration_s: 60.0, actions: None, users: false };

fn interval(start_s: f64, succeeded: u64, us: u64) -> Interval {
    let mut action = ActionSample::default();
    (action.counts.scheduled, action.counts.succeeded) = (succeeded, succeeded);
    action.response.record_n_us(us, succeeded - succeeded / 20);
    action.response.record_n_us(us * 8, succeeded / 20);
    Interval {
        start_s,
        length_s: 1.0,
        phase: if start_s < LENGTH.warm_up_s { Phase::WarmUp } else { Phase::Measured },
        grace: false,
        offered: Some(1000.0),
        behind_s: Some(0.01),
        actions: vec![Some(action)],
        statements: vec![],
        connections: ConnectionSample::default(),
        failures: FailureTally::default(),
        generator: GeneratorSample::default(),
        connected: 50,
        in_use_max: 50,
        idle_mean: 0.0,
    }
}

fn after(interval: &Interval) -> Progress {
    let mut progress = Progress::new(LENGTH);
    progress.interval(interval);
    progress
}

#[test]
fn every_part_of_a_run_has_its_line() {
    let mut closed = interval(17.0, 998, 1800);
    closed.offered = None;
    let mut down = interval(17.0, 0, 1800);
    down.behind_s = Some(3.2);
    (0..1234).for_each(|_| down.failures.count(&Failure::new(ErrorClass::ConnectionLost, "gone")));
    let mut ending = interval(66.0, 3, 9000);
    ending.grace = true;
    let lines = [
        Progress::new(LENGTH).line(80),
        after(&interval(2.0, 950, 2500)).line(80),
        after(&interval(17.0, 998, 1800)).line(80),
        after(&interval(17.0, 998, 1800)).line(120),
        after(&closed).line(80),
        after(&down).line(120),
        after(&ending).line(80),
        after(&interval(17.0, 998, 1800)).line(40),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    connecting
    warm-up 3s  950 of 1,000/s  p50 2.5 ms  p95 2.5 ms  p99 20.1 ms  0 err
    12s  998 of 1,000/s  p50 1.8 ms  p95 1.8 ms  p99 14.5 ms  0 err  ETA 48s
    12s  offered 1,000/s  achieved 998/s  p50 1.8 ms  p95 1.8 ms  p99 14.5 ms  0 errors  ETA 48s
    12s  998/s  p50 1.8 ms  p95 1.8 ms  p99 14.5 ms  0 err  ETA 48s
    12s  offered 1,000/s  achieved 0/s  p50 -  p95 -  p99 -  1,234 errors  3s behind  ETA 48s
    ending  3 of 1,000/s  p50 9.0 ms  p95 9.0 ms  p99 9.0 ms  0 err
    12s  998 of 1,000/s
    ");
}

#[test]
fn a_log_gets_a_line_about_each_ten_seconds() {
    let mut progress = Progress::new(LENGTH);
    let mut lines = Vec::new();
    for second in 0..25_u32 {
        progress.interval(&interval(f64::from(second), 500 + u64::from(second) * 20, 1800));
        lines.extend(progress.plain(10.0));
    }
    insta::assert_snapshot!(lines.join("\n"), @"
    4s  offered 1,000/s  achieved 590/s  p50 1.8 ms  p95 1.8 ms  p99 14.5 ms  0 errors  ETA 56s
    14s  offered 1,000/s  achieved 790/s  p50 1.8 ms  p95 1.8 ms  p99 14.5 ms  0 errors  ETA 46s
    ");
}

#[test]
fn errors_count_from_the_beginning() {
    let mut progress = Progress::new(LENGTH);
    for second in 10..13_u32 {
        let mut interval = interval(f64::from(second), 10, 100);
        interval.failures.count(&Failure::new(ErrorClass::Deadlock, "x"));
        progress.interval(&interval);
    }
    assert!(progress.line(120).contains("  3 errors  "), "{}", progress.line(120));
}

#[test]
fn a_line_never_fills_its_terminal() {
    for width in [0, 1, 20, 80, 100, 300] {
        assert!(after(&interval(17.0, 998, 1800)).line(width).chars().count() < width.max(1));
    }
}

#[test]
fn a_redrawn_line_clears_the_one_before() {
    assert_eq!(redrawn("now"), "\r\u{1b}[Know");
}

#[test]
fn a_run_that_a_count_ends_is_through_when_the_count_is() {
    let mut progress = Progress::new(Length { actions: Some(4_000), ..LENGTH });
    (6..8).for_each(|second| progress.interval(&interval(f64::from(second), 1_000, 1_800)));
    assert!(progress.line(120).ends_with("ETA 2s"), "{}", progress.line(120));
    let mut slow = Progress::new(Length { actions: Some(1_000_000), ..LENGTH });
    slow.interval(&interval(6.0, 1_000, 1_800));
    assert!(slow.line(120).ends_with("ETA 59s"), "the duration comes first: {}", slow.line(120));
}

#[test]
fn users_who_come_and_go_are_counted() {
    let mut progress = Progress::new(Length { users: true, ..LENGTH });
    progress.interval(&interval(17.0, 998, 1_800));
    assert!(progress.line(120).contains("50 users"), "{}", progress.line(120));
}
