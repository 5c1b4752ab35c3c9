//! Sessions in each other's way, and transactions that were undone.

use super::*;
use model::database_metrics::{BlockedSession, BlockingSession, LockMoment};
use model::finding::Confidence;

const UPDATE: &str = "UPDATE counters SET n = n + 1 WHERE id = 1";

/// A root and sessions that wait: each behind another one, for a kind of lock.
fn moment(root_age_ms: f64, waiting: &[(i64, i64, &str)]) -> LockMoment {
    let blocked = waiting.iter().map(|(pid, behind, lock)| BlockedSession {
        pid: *pid,
        blocked_by: vec![*behind],
        lock: (*lock).to_owned(),
        waiting_ms: None,
        statement_age_ms: Some(900.0),
        statement: UPDATE.to_owned(),
    });
    let root = BlockingSession {
        pid: 1,
        state: Some("idle in transaction".to_owned()),
        transaction_age_ms: Some(root_age_ms),
        statement: UPDATE.to_owned(),
    };
    LockMoment {
        at_s: 40.0,
        waiting_sessions: waiting.len() as u64,
        blocked: blocked.collect(),
        blocking: vec![root],
    }
}

fn locked(worst: LockMoment) -> impl Fn(&mut RunResult) {
    move |result| {
        waiting(&[("CPU:CPU", 1.0), ("Lock:transactionid", 2.0), ("Lock:tuple", 2.0)])(result);
        db(result).lock_contention.data.as_mut().unwrap().worst = Some(worst.clone());
    }
}

#[test]
fn a_hot_row_is_told_with_the_statement_that_waits() {
    let queue = [(2, 1, "transactionid"), (3, 2, "tuple"), (4, 2, "tuple")];
    let found = fires("lock_hot_row", locked(moment(3.0, &queue)));
    assert!(rests_on(&found, 4.0) && rests_on(&found, 3.0), "{:#?}", found.evidence);
    assert!(found.title.contains("80.0 %") && found.advice.contains("UPDATE counters"));
    assert_eq!((found.severity, found.impact), (Severity::High, Some(0.8)));
    assert!(unknown("lock_hot_row", |r| r.database_metrics = None).contains("not watched"));
}

#[test]
fn a_chain_behind_one_that_sits_leads_and_a_queue_that_moves_is_none() {
    let chain = [(2, 1, "transactionid"), (3, 2, "transactionid")];
    let all = diagnosed(locked(moment(3000.0, &chain)));
    let first = &all.findings[0];
    assert!(first.code == "blocking_chain" && rests_on(first, 3000.0), "{first:#?}");
    assert!(
        first.title.starts_with("2 sessions wait behind one that is idle in transaction, 3 deep")
    );
    // A hot row: everyone for the same one, behind transactions of milliseconds.
    quiet("blocking_chain", locked(moment(199.0, &chain)));
    quiet("blocking_chain", |result| {
        locked(moment(999.0, &chain))(result);
        result.load_metrics.all_actions.response_time_ms = Some(latency(300.0));
    });
    fires("blocking_chain", locked(moment(200.0, &chain)));
    let queue = [(2, 1, "transactionid"), (3, 2, "tuple"), (4, 2, "tuple")];
    quiet("blocking_chain", locked(moment(3000.0, &queue)));
    let many: Vec<_> = (2..9).map(|pid| (pid, 1, "transactionid")).collect();
    assert!(rests_on(&fires("blocking_chain", locked(moment(3000.0, &many))), 7.0));
    let circle = [(2, 3, "transactionid"), (3, 2, "transactionid")];
    fires("blocking_chain", locked(moment(3000.0, &circle)));
    let mut hidden = moment(0.0, &chain);
    hidden.blocking[0].transaction_age_ms = None;
    assert!(unknown("blocking_chain", locked(hidden)).contains("how long"));
}

#[test]
fn a_session_waits_for_as_long_as_the_server_says_and_no_longer_than_its_statement() {
    let alone = |waiting_ms, statement_age_ms| {
        let mut moment = moment(70_000.0, &[(2, 1, "transactionid")]);
        (moment.blocked[0].waiting_ms, moment.blocked[0].statement_age_ms) =
            (waiting_ms, Some(statement_age_ms));
        locked(moment)
    };
    fires("blocking_chain", alone(None, 61_000.0));
    fires("blocking_chain", alone(Some(61_000.0), 62_000.0));
    quiet("blocking_chain", alone(Some(2_000.0), 61_000.0));
}

fn deadlocked(n: u64) -> impl Fn(&mut RunResult) {
    move |result| {
        db(result).transaction_stats.data.as_mut().unwrap().deadlocks = n;
    }
}

#[test]
fn a_deadlock_is_one_too_many_and_more_are_critical() {
    let found = fires("deadlocks", deadlocked(1));
    assert!(found.severity == Severity::High && rests_on(&found, 1.0));
    assert_eq!(found.title, "1 deadlock");
    assert_eq!(fires("deadlocks", deadlocked(9)).severity, Severity::Critical);
    quiet("deadlocks", deadlocked(0));
    let unseen = |result: &mut RunResult| {
        deadlocked(9)(result);
        lost(&mut db(result).wait_events);
    };
    let found = fires("deadlocks", unseen);
    assert_eq!((found.confidence, found.impact), (Confidence::Medium, None));
    let uncounted = |result: &mut RunResult| {
        lost(&mut db(result).transaction_stats);
        db(result).lock_contention.data.as_mut().unwrap().deadlocks = None;
    };
    assert!(unknown("deadlocks", uncounted).contains("not counted"));
}

#[test]
fn deadlocks_lead_where_they_are_what_is_waited_for() {
    let waits = waiting(&[("CPU:CPU", 1.0), ("Lock:transactionid", 2.0)]);
    let all = diagnosed(both(&waits, deadlocked(80)));
    assert_eq!(all.diagnosis.primary.unwrap().code, "deadlocks");
    // One deadlock is two seconds of two hundred.
    let all = diagnosed(both(&waits, deadlocked(1)));
    assert_eq!(all.diagnosis.primary.unwrap().code, "lock_hot_row");
}

#[test]
fn what_deadlocks_took_goes_by_the_servers_own_timeout() {
    use model::database_metrics::SettingValue;
    // Two sessions each, of four that are busy for 100 s.
    let waits = waiting(&[("CPU:CPU", 1.0), ("Lock:transactionid", 3.0)]);
    let explained = |change: &dyn Fn(&mut RunResult)| {
        fires("deadlocks", |result| {
            both(&waits, deadlocked(40))(result);
            change(result);
        })
        .impact
    };
    let read = |result: &mut RunResult| {
        let (value, unit) = ("100".to_owned(), Some("ms".to_owned()));
        let value = SettingValue { value, unit, ..SettingValue::default() };
        let settings = db(result).settings.data.as_mut().unwrap();
        settings.values.insert("deadlock_timeout".to_owned(), value);
    };
    assert_eq!(explained(&|_| ()), Some(0.2));
    assert_eq!(explained(&|result| set(result, "deadlock_timeout", "100ms")), Some(0.02));
    assert_eq!(explained(&read), Some(0.02));
}

#[test]
fn a_deadlock_of_a_server_with_nothing_else_to_do_is_no_bottleneck() {
    let all = diagnosed(|result| {
        waiting(&[("CPU:CPU", 0.06), ("Lock:transactionid", 0.02)])(result);
        deadlocked(1)(result);
        paced(result);
    });
    assert_eq!((all.findings[0].code.as_str(), all.findings[0].impact), ("deadlocks", Some(0.02)));
    assert_eq!(all.diagnosis.primary, None);
}

#[test]
fn serialization_failures_count_by_the_actions() {
    let failures = |n| {
        move |result: &mut RunResult| {
            result.load_metrics.transactions.serialization_failures = n;
        }
    };
    let found = fires("serialization_failures", failures(101));
    assert!(rests_on(&found, 101.0) && found.severity == Severity::High);
    quiet("serialization_failures", failures(100));
    let none = |result: &mut RunResult| result.load_metrics.all_actions = Default::default();
    assert!(unknown("serialization_failures", none).contains("no action"));
}

#[test]
fn rollbacks_count_by_the_transactions() {
    let rolled = |n| {
        move |result: &mut RunResult| {
            db(result).transaction_stats.data.as_mut().unwrap().rollbacks = n;
        }
    };
    assert!(rests_on(&fires("rollbacks", rolled(1200)), 1200.0));
    quiet("rollbacks", rolled(1100));
    lacks("rollbacks", |db| lost(&mut db.transaction_stats));
}
