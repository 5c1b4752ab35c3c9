//! The write-ahead log and checkpoints.

use super::*;
use model::database_metrics::{TransactionStats, WalCheckpoints};

#[test]
fn commits_that_wait_for_the_disk_are_told_on_every_version() {
    let old = waiting(&[("CPU:CPU", 1.0), ("IO:WALSync", 1.0), ("LWLock:WALWriteLock", 2.0)]);
    let found = fires("wal_sync", old);
    assert!(found.title.contains("75.0 %") && rests_on(&found, 3.0), "{found:#?}");
    let told = found.evidence.iter().any(|it| it.text.contains("9.8 KiB of log per commit"));
    assert!(told, "{:#?}", found.evidence);
}

#[test]
fn one_row_per_commit_says_more_than_waiting_for_the_disk() {
    let rows = |n| {
        move |result: &mut RunResult| {
            waiting(&[("IO:WalSync", 3.0), ("CPU:CPU", 1.0)])(result);
            let commits = 10_000;
            let stats = TransactionStats { commits, rows_inserted: n, ..Default::default() };
            db(result).transaction_stats.data = Some(stats);
        }
    };
    let all = diagnosed(rows(10_000));
    assert_eq!(all.diagnosis.primary.unwrap().code, "commit_heavy");
    assert!(rests_on(&all.findings[0], 10_000.0));
    quiet("commit_heavy", rows(16_000));
    quiet("commit_heavy", rows(0));
    lacks("commit_heavy", |db| lost(&mut db.wait_events));
}

fn log(change: impl Fn(&mut WalCheckpoints)) -> impl Fn(&mut RunResult) {
    move |result| change(db(result).wal_checkpoints.data.as_mut().unwrap())
}

#[test]
fn checkpoints_that_the_log_asks_for_name_max_wal_size() {
    let asked = |n| log(move |wal| wal.checkpoints_requested = Some(n));
    let found = fires("checkpoints_too_frequent", asked(4));
    assert!(rests_on(&found, 4.0) && found.title.contains("every 25.0 s"));
    // 1 MB/s: two checkpoints of five minutes.
    assert!(found.advice.contains("572 MiB"), "{}", found.advice);
    assert_eq!(found.severity, Severity::High);
    assert_eq!(fires("checkpoints_too_frequent", asked(2)).severity, Severity::Medium);
    quiet("checkpoints_too_frequent", asked(1));
    // 25 MB for each: somebody asked for them, where max_wal_size is 4 GB.
    let large = |result: &mut RunResult| set(result, "max_wal_size", "4GB");
    quiet("checkpoints_too_frequent", both(asked(4), large));
    let small = |result: &mut RunResult| set(result, "max_wal_size", "64MB");
    fires("checkpoints_too_frequent", both(asked(4), small));
    let uncounted = log(|wal| wal.checkpoints_requested = None);
    assert!(unknown("checkpoints_too_frequent", uncounted).contains("not counted"));
}

#[test]
fn whole_pages_count_by_their_share_of_the_log() {
    let images = |n| log(move |wal| wal.wal_full_page_images = Some(n));
    assert!(fires("full_page_images", images(6200)).title.contains("50.8 %"));
    quiet("full_page_images", images(6000));
    let old = log(|wal| wal.wal_full_page_images = None);
    assert!(unknown("full_page_images", old).contains("version 14"));
}

#[test]
fn full_buffers_of_the_log_count_by_commit() {
    let full = |n| log(move |wal| wal.wal_buffers_full = Some(n));
    assert!(rests_on(&fires("wal_buffers_full", full(100)), 100.0));
    quiet("wal_buffers_full", full(99));
    let old = log(|wal| wal.wal_buffers_full = None);
    assert!(unknown("wal_buffers_full", old).contains("version 14"));
}
