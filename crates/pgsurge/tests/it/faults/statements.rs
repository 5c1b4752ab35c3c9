//! Statements that the server refuses or gives up: counted by class, with the SQLSTATE, and the
//! run goes on.

use super::document::{self, Chapter};
use crate::database::Database;
use crate::running::{Ended, Load, until};
use model::failure::ErrorClass;
use model::run_result::LoadMetrics;
use std::time::Duration;
use wire::blocking::Client;

/// Transactions that all meet on one branch.
fn transactions(database: &Database) -> Load {
    let load = Load::at(&database.url());
    load.args("--workload tpcb-like --connections 4 --warm-up 0 --duration 8s")
}

/// Runs it while another session locks the tellers for two seconds of it.
fn locked_out(load: Load, database: &Database) -> Ended {
    let mut running = load.start();
    running.wait_for_second(1);
    let mut other = database.client();
    other.batch("SET lock_timeout = 0").unwrap();
    other.batch("BEGIN; LOCK TABLE pgbench_tellers IN ACCESS EXCLUSIVE MODE").unwrap();
    std::thread::sleep(Duration::from_secs(2));
    drop(other);
    running.wait()
}

/// Held for all: errors of one class and code, each a failed try, and no harm to the data.
#[track_caller]
fn only(class: ErrorClass, code: &str, ended: &Ended) -> LoadMetrics {
    let load = ended.result().load_metrics;
    let errors = &load.errors;
    let kinds: Vec<_> =
        errors.iter().map(|row| (row.class.as_str(), row.sqlstate.as_deref())).collect();
    assert_eq!(kinds, [(class.name(), Some(code))]);
    let all = &load.all_actions;
    assert_eq!(errors[0].count, all.failed + all.retries, "{all:?}");
    assert_eq!((all.unknown, load.connections.lost), (0, 0), "{all:?}");
    assert!(load.verification.as_ref().is_some_and(|it| it.passed), "{:?}", load.verification);
    load
}

#[test]
fn a_statement_timeout_is_counted_and_told() {
    let database = Database::new("statement_timeout");
    let load = transactions(&database).args("--rate 100 --statement-timeout 100ms");
    let ended = locked_out(load, &database);
    let load = only(ErrorClass::StatementTimeout, "57014", &ended);
    assert!(load.all_actions.failed >= 8, "two seconds of ten for each of four: {load:?}");
    document::measured(Chapter::Statements, "statement timeout", &ended, &[]);
}

#[test]
fn a_lock_timeout_is_counted_and_told() {
    let database = Database::new("lock_timeout");
    database.psql("ALTER DATABASE lock_timeout SET lock_timeout = '300ms'");
    // An autovacuum that is in the way of the set-up gives way once this has passed: a second, else.
    database.psql("ALTER DATABASE lock_timeout SET deadlock_timeout = '20ms'");
    let ended = locked_out(transactions(&database).args("--rate 100"), &database);
    let load = only(ErrorClass::LockTimeout, "55P03", &ended);
    assert!(load.all_actions.failed >= 8, "{:?}", load.all_actions);
    document::measured(Chapter::Statements, "lock timeout", &ended, &[]);
}

/// Who waits for a lock of this session's.
const WAITERS: &str = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN \
    (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";

/// Takes the branch, and once somebody who has a teller waits for it, the tellers: the order
/// opposite to the load's. Whose timeout passes first is the victim: the load, unless the machine
/// was too slow.
fn fight(session: &mut Client) {
    session.batch("BEGIN; SELECT FROM pgbench_branches FOR UPDATE").unwrap();
    let waiting = |session: &mut Client| {
        session.query_one(WAITERS, &[]).unwrap().value::<i64>(0).unwrap() > 0
    };
    until("somebody waits for the branch", || waiting(session));
    let _won = session.batch("SELECT FROM pgbench_tellers FOR UPDATE");
    session.batch("ROLLBACK").unwrap();
}

#[test]
fn deadlocks_are_tried_again_and_counted() {
    let database = Database::new("deadlock");
    database.psql("ALTER DATABASE deadlock SET deadlock_timeout = '200ms'");
    let mut running = transactions(&database).args("--rate 100 --max-tries 20").start();
    running.wait_for_second(1);
    let mut session = database.client();
    session.batch("SET deadlock_timeout = '2s'").unwrap();
    (0..3).for_each(|_| fight(&mut session));
    let ended = running.wait();
    let load = only(ErrorClass::Deadlock, "40P01", &ended);
    let all = &load.all_actions;
    assert_eq!((all.failed, all.succeeded), (0, 800), "each was tried again: {all:?}");
    assert!(all.retries > 0 && load.transactions.deadlocks == all.retries, "{load:?}");
    document::measured(Chapter::Statements, "deadlock", &ended, &[]);
}

#[test]
fn serialization_failures_are_tried_again_until_there_are_no_tries_left() {
    let database = Database::new("serialization");
    database.psql("ALTER DATABASE serialization SET default_transaction_isolation = serializable");
    let ended = transactions(&database).args("--qps-target 0 --max-tries 2").run();
    let load = only(ErrorClass::Serialization, "40001", &ended);
    let all = &load.all_actions;
    assert!(all.failed > 0 && all.retries >= all.failed, "two tries each: {all:?}");
    assert_eq!(load.transactions.serialization_failures, all.failed + all.retries);
    document::measured(Chapter::Statements, "serialization failure", &ended, &[]);
}
