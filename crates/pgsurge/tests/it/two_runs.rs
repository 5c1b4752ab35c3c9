//! Two runs at the same time in one database: neither sees, verifies, removes or drops what is the
//! other's, and the last one leaves nothing.

use crate::database::Database;
use crate::existing_tables::game;
use crate::faults::document::{self, Chapter};
use crate::running::{Ended, Load, Running};

/// Starts a run of so many seconds.
fn start(load: Load, arguments: &str, seconds: u32) -> Running {
    let load = load.args("--connections 4 --warm-up 0").args(arguments);
    load.args(&format!("--duration {seconds}s")).start()
}

/// A run that begins first and one that begins while it loads and ends after it.
fn two(load: impl Fn() -> Load, arguments: &str) -> [Ended; 2] {
    let mut first = start(load(), arguments, 4);
    first.wait_for_second(1);
    let mut second = start(load(), arguments, 6);
    second.wait_for_second(1);
    [first.wait(), second.wait()]
}

#[track_caller]
fn passed(ended: &Ended) {
    let load = ended.result().load_metrics;
    assert!(load.all_actions.succeeded > 50, "{:?}", load.all_actions);
    assert_eq!(load.all_actions.failed, 0, "{:?}", load.errors);
    assert!(load.verification.as_ref().is_some_and(|it| it.passed), "{:?}", load.verification);
}

#[test]
fn two_runs_share_tables_that_the_first_made_and_the_last_one_drops_them() {
    let database = Database::new("two_runs_own");
    let [first, second] = two(|| Load::hokm(&database.url()), "--rate 60");
    [&first, &second].into_iter().for_each(passed);
    document::measured(
        Chapter::Here,
        "two runs at the same time on the same database",
        &first,
        &[],
    );
    assert!(first.err.contains("games stays: run r"), "{}", first.err);
    assert!(second.err.contains("tables are shared with run r"), "{}", second.err);
    assert_eq!(database.contents().trim(), "");
}

#[test]
fn two_runs_on_tables_of_the_users_own_leave_them_as_they_were() {
    let database = game("two_runs_theirs");
    let before = database.contents();
    two(|| Load::hokm(&database.url()), "--rate 60").iter().for_each(passed);
    assert_eq!(database.contents(), before);
}

#[test]
fn two_runs_update_the_same_pgbench_tables_and_both_verify() {
    let database = Database::new("two_runs_pgbench");
    let load = || Load::at(&database.url());
    let [first, second] = two(load, "--workload tpcb-like --rate 40");
    let names = [&first, &second].map(|ended| {
        passed(ended);
        let verification = ended.result().load_metrics.verification.unwrap();
        verification.checks.into_iter().map(|check| check.name).collect::<Vec<_>>()
    });
    // Whose a row of the history is, nobody can tell: only that none is lost, and that all agrees.
    for names in names {
        assert!(!names.iter().any(|it| it == "history_adds_up_to_what_was_acknowledged"));
        assert!(names.iter().any(|it| it == "account_balances_equal_the_history"));
    }
    assert!(second.err.contains("none was lost"), "{}", second.err);
    assert_eq!(database.contents().trim(), "");
}

#[test]
fn two_workloads_in_a_schema_that_a_run_made_leave_no_schema() {
    let database = Database::new("two_runs_schema");
    let load = |arguments: &str| {
        let load = Load::hokm(&database.url()).args(arguments);
        load.args("--schema Load-test --connections 2 --warm-up 0 --duration 1s --rate 30").start()
    };
    for running in [load(""), load("--workload select-only")] {
        assert!(running.wait().result().load_metrics.verification.is_some_and(|it| it.passed));
    }
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'Load-test'";
    assert_eq!(database.psql(schemas), "0");
}
