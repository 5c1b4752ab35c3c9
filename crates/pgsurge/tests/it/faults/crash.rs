//! A server that is killed under load and comes back.

use super::document::{self, Chapter};
use crate::database::{private, url};
use crate::running::{Ended, Load};
use model::failure::ErrorClass;
use model::run_result::RunResult;
use model::verdict::ValidityOutcome;
use std::time::{Duration, Instant};

/// A run whose server was killed at the 3rd second and started again two seconds later.
struct Crash {
    ended: Ended,
    /// How long the server was away.
    away_s: f64,
    duration_s: u32,
}

fn crash(arguments: &str, duration_s: u32) -> Crash {
    let mut server = private();
    let url = url(&server);
    let load = Load::hokm(&url).args("--connections 8 --warm-up 0");
    let load = load.args(&format!("--duration {duration_s}s")).args(arguments);
    let mut running = load.start();
    running.wait_for_second(3);
    let killed = Instant::now();
    server.kill();
    std::thread::sleep(Duration::from_secs(2).saturating_sub(killed.elapsed()));
    server.restart().unwrap();
    let away_s = killed.elapsed().as_secs_f64();
    Crash { ended: running.wait(), away_s, duration_s }
}

/// On a machine where the server takes long to come back a short run shows no recovery: then a
/// longer one.
fn crash_and_return(arguments: &str) -> Crash {
    let crashed = crash(arguments, 10);
    if crashed.away_s > 4.5 { crash(arguments, 25) } else { crashed }
}

/// Held for every crash, whatever the load.
fn recovered(crash: &Crash) -> RunResult {
    let Crash { ended, away_s, duration_s } = crash;
    let (result, duration_s) = (ended.result(), f64::from(*duration_s));
    let load = &result.load_metrics;
    let verification = load.verification.as_ref().unwrap();
    assert!(verification.passed, "{:#?}", verification.checks);
    let checked: u64 = verification.checks.iter().map(|check| check.checked).sum();
    assert!(checked > 100, "verification looked at {checked} things");

    let connections = &load.connections;
    assert_eq!((connections.lost, connections.reconnected), (8, 8), "{connections:?}");
    assert!(!connections.still_down);
    // Reconnects are up to a second apart.
    let recovery_s = connections.time_to_recover_s.unwrap();
    assert!((away_s - 0.5..*away_s + 5.0).contains(&recovery_s), "{recovery_s} s of {away_s} s");
    let available = load.availability_percent.unwrap();
    // One to three whole seconds without a success, or as many as a slow restart took.
    let dark = (duration_s * (1.0 - available / 100.0)).round();
    assert!((1.0..=recovery_s + 1.0).contains(&dark), "{available} %, {recovery_s} s");

    let count = |class: ErrorClass| -> u64 {
        load.errors.iter().filter(|row| row.class == class.name()).map(|row| row.count).sum()
    };
    assert!(count(ErrorClass::ConnectionLost) >= 1, "{:?}", load.errors);
    assert!(count(ErrorClass::ConnectRefused) >= 8, "{:?}", load.errors);
    assert_eq!(count(ErrorClass::Other) + count(ErrorClass::Unexpected), 0, "{:?}", load.errors);
    assert!(load.all_actions.failed <= 8 + load.all_actions.unknown, "{:?}", load.all_actions);
    assert_eq!(result.events.len(), 2, "{:?}", result.events);

    // Most connects were refused, which no default allows; a busy machine may void it.
    let is_void = result.validity.iter().any(|check| check.outcome == ValidityOutcome::Invalid);
    assert_eq!(result.verdict.exit_code, if is_void { 6 } else { 4 });
    let reasons = result.verdict.reasons.join("\n");
    assert!(reasons.contains("max_connection_failure_rate_percent"), "{reasons}");
    result
}

#[test]
fn a_killed_server_that_comes_back_is_an_outage_and_no_loss() {
    let crash = crash_and_return("--rate 100");
    let result = recovered(&crash);
    let load = &result.load_metrics;
    // What was due meanwhile waited: an open loop forgets nothing.
    assert_eq!(load.all_actions.scheduled, u64::from(crash.duration_s) * 100);
    assert!(load.all_actions.response_time_ms.unwrap().max > 2000.0);
    document::measured(
        Chapter::Connections,
        "the server crashes and comes back (SIGKILL)",
        &crash.ended,
        &["max_error_rate", "failed", "unknown", "server_shutting_down", "x connection_lost"],
    );
}

#[test]
fn a_closed_loop_at_full_speed_loses_nothing_that_was_acknowledged() {
    let result = recovered(&crash_and_return("--qps-target 0"));
    assert!(result.load_metrics.all_actions.succeeded > 1000);
}
