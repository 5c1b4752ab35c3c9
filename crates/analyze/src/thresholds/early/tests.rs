//! What is judged while load runs, and what is left to its end.

use super::*;
use crate::thresholds::parse;
use model::catalog::Catalog;
use model::failure::FailureTally;
use model::measured::GeneratorSample;
use model::sample::{ActionSample, ConnectionSample};

fn early(limit: &str, grace_s: f64) -> Early {
    let catalog =
        Catalog { actions: vec!["look".to_owned(), "play".to_owned()], ..Catalog::default() };
    Early::new(vec![parse(limit).unwrap()], &catalog, (grace_s, false))
}

/// A measured second in which `play` took so long and so many more failed.
fn second(play_ms: u64, failed: u64) -> Interval {
    let mut play = ActionSample::default();
    play.counts.succeeded = 10;
    play.counts.failed = failed;
    play.response.record_n_us(play_ms * 1000, 10 + failed);
    Interval {
        start_s: 0.0,
        length_s: 1.0,
        phase: Phase::Measured,
        grace: false,
        offered: None,
        behind_s: None,
        actions: vec![None, Some(play)],
        statements: Vec::new(),
        connections: ConnectionSample::default(),
        failures: FailureTally::default(),
        generator: GeneratorSample::default(),
        connected: 1,
        in_use_max: 1,
        idle_mean: 0.0,
    }
}

fn server(fill: impl FnOnce(&mut ServerRow)) -> ServerRow {
    let mut row = ServerRow { t: 0.0, length_s: Some(1.0), ..ServerRow::default() };
    fill(&mut row);
    row
}

#[test]
fn a_limit_is_judged_over_all_that_was_measured_after_its_grace() {
    let mut early = early("action.play.p95 < 20ms", 3.0);
    early.interval(&second(30, 0));
    early.interval(&second(30, 0));
    assert_eq!(early.broken(), None, "within the grace");
    early.interval(&Interval { phase: Phase::WarmUp, ..second(30, 0) });
    assert_eq!(early.broken(), None, "the warm-up does not count");
    early.interval(&second(1, 0));
    assert_eq!(early.at_end(), [""; 0]);
    let told = early.broken().unwrap();
    assert!(told.starts_with("aborted after 3s: action.play.p95 < 20ms: 30"), "{told}");
    (0..60).for_each(|_| early.interval(&second(1, 0)));
    assert_eq!(early.broken(), None, "the slow ones have become few");
}

#[test]
fn failures_and_what_the_server_counts_are_judged_too() {
    let mut errors = early("error_rate < 10%", 0.0);
    errors.interval(&second(1, 1));
    assert_eq!(errors.broken(), None, "1 of 11");
    errors.interval(&second(1, 10));
    assert!(errors.broken().unwrap().contains("35.5 %"), "{:?}", errors.broken());
    let mut deadlocks = early("database_metrics.transaction_stats.deadlocks < 2", 0.0);
    let one = server(|row| row.deadlocks = Some(1.0));
    deadlocks.server(&ServerRow { t: -1.0, ..one.clone() });
    deadlocks.server(&one);
    assert_eq!(deadlocks.broken(), None, "one of them was in the warm-up");
    deadlocks.server(&one);
    assert!(deadlocks.broken().is_some());
}

#[test]
fn a_share_is_one_of_all_seconds_together_and_not_the_mean_of_shares() {
    let mut cache = early("database_metrics.buffer_cache.hit_ratio > 0.9", 0.0);
    let blocks = |hit, read| {
        server(|row| (row.blocks_hit_per_s, row.blocks_read_per_s) = (Some(hit), Some(read)))
    };
    cache.server(&blocks(0.0, 10.0));
    assert!(cache.broken().is_some());
    cache.server(&blocks(990.0, 0.0));
    assert_eq!(cache.broken(), None, "990 of 1000");
}

#[test]
fn what_only_the_end_can_judge_never_ends_a_run() {
    for limit in [
        "database_metrics.wal_checkpoints.wal_bytes > 1",
        "completion_rate > 90%",
        "max > 1s",
        "action.play.failed > 5",
    ] {
        let mut early = early(limit, 0.0);
        assert_eq!(early.at_end(), [limit]);
        early.interval(&second(1, 0));
        early.server(&server(|row| row.wal_bytes_per_s = Some(1.0)));
        assert_eq!(early.broken(), None, "{limit}");
    }
}

#[test]
fn before_anything_was_measured_nothing_is_broken() {
    assert_eq!(early("p99 < 1ms", 0.0).broken(), None);
    assert_eq!(early("error_rate < 1%", 0.0).broken(), None);
}
