//! A PgBouncer that goes away under load and comes back.

use super::document::{self, Chapter};
use crate::database::{Database, bouncer};
use crate::running::{Ended, Load};
use crate::truth::counts::agree_on;
use model::failure::ErrorClass;
use model::run_result::RunResult;
use servers::{PgBouncer, PoolMode};
use std::time::{Duration, Instant};

/// What becomes of a run of 8 s through a PgBouncer that `end` ends at the 2nd second, and that is
/// back two seconds later.
fn restarted(database: &Database, end: fn(&mut PgBouncer), arguments: &str) -> Ended {
    let mut bouncer = bouncer(PoolMode::Transaction);
    let load = Load::hokm(&database.url_through(&bouncer)).args("--connections 8 --warm-up 0");
    let mut running = load.args("--duration 8s --keep-data").args(arguments).start();
    running.wait_for_second(2);
    let ended = Instant::now();
    end(&mut bouncer);
    std::thread::sleep(Duration::from_secs(2).saturating_sub(ended.elapsed()));
    bouncer.restart().unwrap();
    running.wait()
}

#[track_caller]
fn recovered(result: &RunResult) {
    let load = &result.load_metrics;
    let connections = &load.connections;
    assert_eq!((connections.lost, connections.reconnected), (8, 8), "{connections:?}");
    assert!(!connections.still_down);
    // Reconnects are up to a second apart.
    let recovery_s = connections.time_to_recover_s.unwrap();
    assert!((1.5..7.5).contains(&recovery_s), "{recovery_s}");
    assert!(load.availability_percent.unwrap() < 95.0, "{:?}", load.availability_percent);
    let known = [ErrorClass::ConnectionLost, ErrorClass::ConnectRefused];
    let known = known.map(ErrorClass::name);
    assert!(load.errors.iter().all(|it| known.contains(&it.class.as_str())), "{:?}", load.errors);
    assert!(load.verification.as_ref().is_some_and(|it| it.passed), "{:?}", load.verification);
    assert!(load.all_actions.succeeded > 100, "{:?}", load.all_actions);
}

#[test]
fn a_pooler_that_is_killed_and_comes_back_is_an_outage_and_no_loss() {
    let database = Database::new("pooler_killed");
    let ended = restarted(&database, PgBouncer::kill, "--rate 100");
    let result = ended.result();
    recovered(&result);
    let all = &result.load_metrics.all_actions;
    assert_eq!(all.scheduled, 800, "an open loop forgets nothing");
    assert!(all.failed <= 8, "{all:?}");
    document::measured(
        Chapter::Connections,
        "PgBouncer in between is killed and comes back",
        &ended,
        &["max_error_rate", "failed", "unknown", "x connection_lost"],
    );
}

#[test]
fn a_pooler_that_is_restarted_in_good_order_loses_nothing_at_full_speed() {
    let database = Database::new("pooler_restarted");
    let result = restarted(&database, PgBouncer::shut_down, "--qps-target 0").result();
    recovered(&result);
    if result.load_metrics.all_actions.failed == 0 {
        // Every transaction under way was let end: nothing is unknown, all is counted alike.
        agree_on("a restarted pooler", &result, &database);
    }
}
