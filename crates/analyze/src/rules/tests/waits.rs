//! The rules that are a share of the busy time: each with an event of its own.

use super::*;

/// Code, an event, and the share in hundredths from which it counts.
const RULES: [(&str, &str, f64); 11] = [
    ("lock_hot_row", "Lock:tuple", 10.0),
    ("lock_relation", "Lock:relation", 2.0),
    ("lock_manager", "LWLock:LockManager", 5.0),
    ("hot_page", "LWLock:BufferContent", 5.0),
    ("wal_insert", "LWLock:WALInsert", 5.0),
    ("snapshot_contention", "LWLock:ProcArray", 5.0),
    ("buffer_mapping", "LWLock:BufferMapping", 5.0),
    ("slru_contention", "LWLock:SubtransSLRU", 5.0),
    ("wal_sync", "IO:WalSync", 20.0),
    ("sync_replication", "IPC:SyncRep", 10.0),
    ("relation_extension", "Lock:extend", 5.0),
];

/// Ten busy sessions, so many hundredths of them in an event.
fn share(event: &'static str, percent: f64) -> impl Fn(&mut RunResult) {
    move |result| {
        let others = ("CPU:CPU", 10.0 - percent / 10.0);
        db(result).wait_events.data = Some(waits(&[(event, percent / 10.0), others]));
    }
}

#[test]
fn each_fires_from_its_share_on_and_not_before() {
    for (code, event, limit) in RULES {
        let found = fires(code, share(event, limit + 1.0));
        assert!(rests_on(&found, (limit + 1.0) / 10.0), "{code}: {:#?}", found.evidence);
        assert!(found.title.contains('%') && !found.advice.is_empty(), "{found:#?}");
        let severity = if limit >= 10.0 { Severity::High } else { Severity::Medium };
        assert_eq!((found.severity, found.window.is_some()), (severity, true), "{code}");
        assert_eq!(fires(code, share(event, 50.0)).severity, Severity::High, "{code}");
        quiet(code, share(event, limit - 0.5));
        lacks(code, |db| lost(&mut db.wait_events));
    }
}

#[test]
fn the_same_share_of_a_server_that_keeps_up_is_less_of_a_matter() {
    let calm = |result: &mut RunResult| {
        db(result).wait_events.data = Some(waits(&[("IO:WalSync", 0.5), ("CPU:CPU", 0.5)]));
        paced(result);
    };
    assert_eq!(fires("wal_sync", calm).severity, Severity::Low);
    let busy = both(share("IO:WalSync", 50.0), paced);
    assert_eq!(fires("wal_sync", busy).severity, Severity::Medium);
    let late = both(share("IO:WalSync", 50.0), |result| {
        paced(result);
        result.load_metrics.achieved_per_s = 90.0;
    });
    assert_eq!(fires("wal_sync", late).severity, Severity::High);
}
