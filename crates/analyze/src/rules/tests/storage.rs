//! The server's disks.

use super::*;
use model::database_metrics::{IoLoad, IoStats};
use model::finding::Confidence;

fn reading(busy_percent: f64, read_ms: f64) -> impl Fn(&mut RunResult) {
    move |result| {
        waiting(&[("IO:DataFileRead", 3.0), ("CPU:CPU", 1.0)])(result);
        host(result).disk.data = Some(disk(busy_percent, read_ms));
    }
}

#[test]
fn a_disk_is_saturated_when_sessions_wait_and_it_is_busy_or_slow() {
    let found = fires("storage_saturated", reading(95.0, 0.4));
    assert!(rests_on(&found, 95.0) && rests_on(&found, 3.0), "{:#?}", found.evidence);
    assert_eq!((found.confidence, found.impact), (Confidence::High, Some(0.75)));
    fires("storage_saturated", reading(50.0, 9.0));
    quiet("storage_saturated", reading(89.0, 4.9));
    let blind = both(reading(0.0, 0.0), |result| host(result).disk.data = None);
    assert_eq!(fires("storage_saturated", blind).confidence, Confidence::Low);
    lacks("storage_saturated", |db| lost(&mut db.wait_events));
}

/// Pages of 8 KiB that sessions and the checkpointer wrote.
fn wrote(own: u64, checkpointer: u64) -> impl Fn(&mut RunResult) {
    move |result| {
        let row = |backend_type: &str, pages: u64| IoLoad {
            backend_type: backend_type.to_owned(),
            object: "relation".to_owned(),
            context: "normal".to_owned(),
            write_bytes: Some(pages * 8192),
            fsyncs: Some(u64::from(own > 5000)),
            ..IoLoad::default()
        };
        let rows = vec![row("client backend", own), row("checkpointer", checkpointer)];
        db(result).io.data = Some(IoStats { rows });
    }
}

#[test]
fn sessions_that_write_pages_out_are_told_by_their_share() {
    assert!(rests_on(&fires("backend_writes", wrote(1200, 8800)), 1200.0 * 8192.0));
    quiet("backend_writes", wrote(1000, 9000));
    let old = |result: &mut RunResult| {
        lost(&mut db(result).io);
        let wal = db(result).wal_checkpoints.data.as_mut().unwrap();
        (wal.buffers_backend, wal.buffers_checkpoint) = (Some(1200), Some(8800));
    };
    let found = fires("backend_writes", old);
    let metric = found.evidence[0].metric.as_deref();
    assert!(rests_on(&found, 1200.0));
    assert_eq!(metric, Some("database_metrics.wal_checkpoints.buffers_backend"));
    let blind = |result: &mut RunResult| lost(&mut db(result).io);
    assert!(unknown("backend_writes", blind).contains("who wrote"));
}

#[test]
fn a_session_that_syncs_a_file_is_one_too_many() {
    fires("backend_fsyncs", wrote(6000, 1));
    quiet("backend_fsyncs", wrote(1, 1));
    let old = |syncs| {
        move |result: &mut RunResult| {
            lost(&mut db(result).io);
            db(result).wal_checkpoints.data.as_mut().unwrap().backend_fsyncs = syncs;
        }
    };
    assert!(rests_on(&fires("backend_fsyncs", old(Some(3))), 3.0));
    quiet("backend_fsyncs", old(Some(0)));
    assert!(unknown("backend_fsyncs", old(None)).contains("who synced"));
}
