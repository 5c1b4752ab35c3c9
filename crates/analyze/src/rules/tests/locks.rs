//! Sessions in each other's way.

use super::*;
use model::database_metrics::{BlockedSession, BlockingSession, LockMoment};
use model::finding::Severity;

fn moment() -> LockMoment {
    let statement = "UPDATE counters SET n = n + 1 WHERE id = 1".to_owned();
    let blocked = BlockedSession {
        pid: 2,
        blocked_by: vec![1],
        lock: "transactionid".to_owned(),
        statement: statement.clone(),
        ..BlockedSession::default()
    };
    let blocking = BlockingSession { pid: 1, statement, ..BlockingSession::default() };
    LockMoment { at_s: 40.0, waiting_sessions: 7, blocked: vec![blocked], blocking: vec![blocking] }
}

#[test]
fn a_hot_row_is_told_with_the_statement_that_waits() {
    let found = fires("lock_hot_row", |result| {
        waiting(&[("CPU:CPU", 1.0), ("Lock:transactionid", 2.0), ("Lock:tuple", 2.0)])(result);
        db(result).lock_contention.data.as_mut().unwrap().worst = Some(moment());
    });
    assert!(rests_on(&found, 4.0) && rests_on(&found, 7.0), "{:#?}", found.evidence);
    assert!(found.title.contains("80.0 %") && found.advice.contains("UPDATE counters"));
    assert_eq!((found.severity, found.impact), (Severity::High, 0.8));
    quiet("lock_hot_row", waiting(&[("CPU:CPU", 9.1), ("Lock:tuple", 0.9)]));
    assert!(unknown("lock_hot_row", |r| r.database_metrics = None).contains("not watched"));
}

#[test]
fn a_deadlock_is_one_too_many_and_more_are_critical() {
    let deadlocks = |n| {
        move |result: &mut model::run_result::RunResult| {
            db(result).lock_contention.data.as_mut().unwrap().deadlocks = Some(n);
        }
    };
    let found = fires("deadlocks", deadlocks(1));
    assert!(found.severity == Severity::High && rests_on(&found, 1.0));
    assert_eq!(fires("deadlocks", deadlocks(9)).severity, Severity::Critical);
    quiet("deadlocks", deadlocks(0));
    let reason = unknown("deadlocks", |result| {
        let reset = model::database_metrics::Unread::missing("the counters were reset");
        db(result).transaction_stats = model::database_metrics::Section::unread(reset);
        db(result).lock_contention.data.as_mut().unwrap().deadlocks = None;
    });
    assert!(reason.contains("not counted"), "{reason}");
}
