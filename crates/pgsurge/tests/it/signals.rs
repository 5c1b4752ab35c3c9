//! SIGINT, SIGTERM and SIGKILL at every moment of a run: what is saved, what is removed, how soon.

use crate::database::Database;
use crate::existing_tables::game;
use crate::program::Program;
use crate::running::{Ended, Load, lines, until};
use model::series::Line;
use model::verdict::VerdictOutcome;
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};

/// A long run of the card game on a user's tables, interrupted at its second second. Nothing is
/// ever due that no connection is free for, so all that was sent is all there is.
fn interrupted(database: &Database, signal: Signal) -> Ended {
    let mut running = Load::hokm(&database.url())
        .args("--connections 4 --qps-target 0 --think-time 20ms --warm-up 0 --duration 10m")
        .start();
    running.wait_for_second(2);
    running.signal(signal);
    running.wait()
}

#[test]
fn one_signal_ends_the_load_cleanly_and_saves_what_there_is() {
    for (signal, name) in [(Signal::SIGINT, "int"), (Signal::SIGTERM, "term")] {
        let database = game(&format!("signal_{name}"));
        let before = database.contents();
        let ended = interrupted(&database, signal);
        let result = ended.result();
        let load = &result.load_metrics;
        assert_eq!(ended.code, Some(130));
        assert!(result.test_summary.interrupted);
        assert_eq!(result.verdict.outcome, VerdictOutcome::Interrupted);
        assert!((2.0..60.0).contains(&load.elapsed_s), "{}", load.elapsed_s);
        assert!(load.all_actions.succeeded >= 50, "{:?}", load.all_actions);
        assert_eq!(load.all_actions.unfinished, 0, "each had its grace");
        assert!(load.verification.as_ref().is_some_and(|it| it.passed), "{:?}", load.verification);
        assert!(ended.out.contains("interrupted"), "{}", ended.out);
        assert_eq!(database.contents(), before);
    }
}

#[test]
fn a_run_that_is_to_ignore_hangups_goes_on_after_one() {
    let database = game("signal_nohup");
    let mut running = Load::hokm(&database.url())
        .args("--connections 4 --rate 100 --warm-up 0 --duration 4s")
        .ignoring_hangups()
        .start();
    running.wait_for_second(1);
    running.signal(Signal::SIGHUP);
    let ended = running.wait();
    let result = ended.result();
    assert!(!result.test_summary.interrupted, "{}", ended.err);
    assert!(result.load_metrics.elapsed_s >= 4.0, "{}", result.load_metrics.elapsed_s);
}

#[test]
fn a_second_signal_saves_and_goes_although_the_server_does_not_answer() {
    let database = game("signal_twice");
    let before = database.contents();
    let mut running = Load::hokm(&database.url())
        .args("--connections 4 --rate 100 --warm-up 0 --duration 10m --grace 10m")
        .start();
    running.wait_for_second(1);
    // Everything that writes, and removing it again, waits for this lock.
    let mut other = database.client();
    other.batch("BEGIN; LOCK TABLE game_events, games, players").unwrap();
    running.wait_for_second(2);
    running.signal(Signal::SIGINT);
    running.wait_for("once more to save and go at once");
    running.signal(Signal::SIGINT);
    let signalled = Instant::now();
    let ended = running.wait();
    assert!(signalled.elapsed() < Duration::from_secs(20), "{:?}", signalled.elapsed());
    let result = ended.result();
    assert_eq!((ended.code, result.test_summary.interrupted), (Some(130), true));
    assert!(result.load_metrics.all_actions.unfinished > 0);
    assert_eq!(result.load_metrics.verification, None);
    let command = ended.tells_how_to_remove_what_is_left();
    other.batch("ROLLBACK").unwrap();
    assert_ne!(database.contents(), before, "it left nothing behind");
    let cleaned = Program::load().args(&command).run();
    assert_eq!(cleaned.code, 0, "{}", cleaned.err);
    assert_eq!(database.contents(), before);
}

#[test]
fn two_signals_end_a_verification_that_waits_for_the_server() {
    let database = game("signal_verifying");
    let mut running = Load::hokm(&database.url())
        .args("--connections 4 --rate 50 --warm-up 0 --duration 3s --grace 1s -v")
        .start();
    running.wait_for_second(1);
    let mut other = database.client();
    other.batch("BEGIN; LOCK TABLE game_events, games, players").unwrap();
    running.wait_for("verifying the stored data");
    running.signal(Signal::SIGINT);
    running.wait_for("once more to save and go at once");
    running.signal(Signal::SIGINT);
    let signalled = Instant::now();
    let ended = running.wait();
    assert!(signalled.elapsed() < Duration::from_secs(20), "{:?}", signalled.elapsed());
    let result = ended.result();
    assert_eq!((ended.code, result.load_metrics.verification), (Some(130), None));
    let reasons = result.verdict.reasons.join("\n");
    assert!(reasons.contains("could not be verified"), "{reasons}");
}

#[test]
fn a_signal_while_tables_are_loaded_ends_the_run_before_it_begins_and_drops_them() {
    let database = Database::new("signal_set_up");
    let mut running =
        Load::at(&database.url()).args("--workload select-only --scale 200 -v").start();
    running.wait_for("loading pgbench_accounts");
    running.signal(Signal::SIGINT);
    let signalled = Instant::now();
    let ended = running.wait();
    assert!(signalled.elapsed() < Duration::from_secs(15), "{:?}", signalled.elapsed());
    assert!(ended.refused(130).contains("interrupted before the load began"), "{}", ended.err);
    assert_eq!(database.contents().trim(), "");
}

#[test]
fn a_killed_run_leaves_its_record() {
    let database = Database::new("signal_kill");
    let mut running = Load::hokm(&database.url())
        .args("--connections 4 --rate 100 --warm-up 0 --duration 10m")
        .start();
    running.wait_for_second(3);
    running.signal(Signal::SIGKILL);
    let ended = running.wait();
    assert_eq!(ended.code, None);
    assert_eq!(ended.left(), ["result.json.partial"]);
    let lines = lines(&ended.path("result.json.partial"));
    let Some(Line::Header(header)) = lines.first() else { panic!("no header: {lines:?}") };
    assert_eq!((header.workload.as_str(), header.connections), ("hokm", 4));
    let rows = lines.iter().filter_map(|line| match line {
        Line::Interval(row) => Some((row.succeeded, row.response_time.is_some())),
        _ => None,
    });
    let rows: Vec<(u64, bool)> = rows.collect();
    assert!(rows.len() >= 3 && rows.iter().all(|row| row.0 > 0 && row.1), "{rows:?}");
}

/// The processes that a process has started.
#[cfg(target_os = "linux")]
fn children(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let listed = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("children")));
    let text: String = listed.map(|it| it.unwrap_or_default()).collect();
    text.split_whitespace().map(|it| it.parse().unwrap()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn the_throwaway_server_of_a_killed_run_goes_with_it() {
    for signal in [Signal::SIGKILL, Signal::SIGINT] {
        let mut running = Load::throwaway()
            .args("--workload select-only --warm-up 0 --duration 10m --connections 2 --rate 50")
            .start();
        running.wait_for_second(1);
        let servers = children(running.pid());
        assert!(!servers.is_empty(), "no server was started");
        running.signal(signal);
        let ended = running.wait();
        let is_there = |pid: &u32| std::path::Path::new(&format!("/proc/{pid}")).exists();
        until("the server to go", || !servers.iter().any(is_there));
        match signal {
            Signal::SIGKILL => assert_eq!(ended.left(), ["result.json.partial"]),
            _ => assert_eq!(ended.result().verdict.exit_code, 130),
        }
    }
}
