//! The write-ahead log and checkpoints.

use super::*;
use model::finding::Severity;

#[test]
fn commits_that_wait_for_the_disk_are_told_on_every_version() {
    let old = waiting(&[("CPU:CPU", 1.0), ("IO:WALSync", 1.0), ("LWLock:WALWriteLock", 2.0)]);
    let found = fires("wal_sync", old);
    assert!(found.title.contains("75.0 %") && rests_on(&found, 3.0), "{found:#?}");
    assert_eq!(found.severity, Severity::High);
    let new = waiting(&[("CPU:CPU", 4.1), ("IO:WalSync", 0.5), ("LWLock:WALWrite", 0.5)]);
    quiet("wal_sync", new);
    assert!(unknown("wal_sync", |r| db(r).wait_events.data = None).contains("not read"));
}
