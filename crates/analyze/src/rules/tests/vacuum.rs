//! Vacuum, replication, and others who use the server.

use super::*;
use model::database_metrics::{
    MeanMax, OldestXmin, ReplicationSlot, ReplicationStats, Standby, VacuumStats, XminHolder,
};

fn vacuum(change: impl Fn(&mut VacuumStats)) -> impl Fn(&mut RunResult) {
    move |result| {
        let mut stats = VacuumStats { xid_age: Some(1000), ..VacuumStats::default() };
        stats.oldest_xmin = Some(OldestXmin::default());
        change(&mut stats);
        db(result).vacuum = Section::read(stats, (0.0, 100.0));
    }
}

fn oldest(begin: u64, end: u64) -> impl Fn(&mut RunResult) {
    vacuum(move |it| {
        let holder = XminHolder {
            kind: "session".to_owned(),
            name: "4711".to_owned(),
            transaction_age_ms: Some(99_000.0),
            ..XminHolder::default()
        };
        let (begin_age_xids, end_age_xids) = (begin, end);
        let holder = Some(holder);
        it.oldest_xmin =
            Some(OldestXmin { begin_age_xids, end_age_xids, holder, ..Default::default() });
    })
}

#[test]
fn a_snapshot_that_stays_behind_is_told_with_its_holder() {
    let found = fires("xmin_horizon", oldest(3, 9000));
    assert!(rests_on(&found, 9000.0) && found.advice.contains("session 4711"), "{found:#?}");
    quiet("xmin_horizon", oldest(3, 499));
    quiet("xmin_horizon", oldest(9000, 9100));
    let unread = vacuum(|it| it.oldest_xmin = None);
    assert!(unknown("xmin_horizon", unread).contains("not read"));
}

#[test]
fn a_database_that_was_never_frozen_is_told() {
    let age = |xids| vacuum(move |it| it.xid_age = xids);
    assert_eq!(fires("wraparound", age(Some(1_000_000_000))).severity, Severity::High);
    assert_eq!(fires("wraparound", age(Some(1_500_000_000))).severity, Severity::Critical);
    quiet("wraparound", age(Some(999_999_999)));
    let shared = fires("wraparound", vacuum(|it| it.mxid_age = Some(1_200_000_000)));
    assert!(shared.title.contains("multixact id") && rests_on(&shared, 1.2e9), "{shared:#?}");
    assert_eq!(shared.evidence[0].metric.as_deref(), Some("database_metrics.vacuum.mxid_age"));
    assert!(unknown("wraparound", age(None)).contains("not read"));
}

fn replicated(lag_bytes: f64, retained: f64, status: &'static str) -> impl Fn(&mut RunResult) {
    move |result| {
        let of = |max: f64| Some(MeanMax { mean: max / 2.0, max });
        let standby = Standby {
            application: "walreceiver".to_owned(),
            replay_lag_bytes: of(lag_bytes),
            ..Standby::default()
        };
        let slot = ReplicationSlot {
            name: "spare".to_owned(),
            retained_bytes: of(retained),
            wal_status: Some(status.to_owned()),
            ..ReplicationSlot::default()
        };
        let (standbys, slots) = (vec![standby], vec![slot]);
        let stats = ReplicationStats { standby: false, standbys, slots };
        db(result).replication = Section::read(stats, (0.0, 100.0));
    }
}

#[test]
fn a_standby_that_does_not_follow_is_told() {
    let found = fires("replica_behind", replicated(2e8, 0.0, "reserved"));
    assert!(rests_on(&found, 2e8) && found.title.contains("walreceiver"));
    quiet("replica_behind", replicated(1e8, 0.0, "reserved"));
    let slow = fires("replica_behind", |result| {
        replicated(1e6, 0.0, "reserved")(result);
        let standbys = &mut db(result).replication.data.as_mut().unwrap().standbys;
        standbys[0].replay_lag_ms = Some(steady(40_000.0));
    });
    assert!(slow.title.contains("up to 40.0 s behind"), "{}", slow.title);
    lacks("replica_behind", |db| lost(&mut db.replication));
}

#[test]
fn a_slot_that_keeps_log_for_nobody_is_told() {
    let found = fires("slot_retention", replicated(0.0, 2e9, "extended"));
    assert!(rests_on(&found, 2e9) && found.title.contains("nobody uses it"));
    let lost_log = fires("slot_retention", |result| {
        replicated(0.0, 2e9, "lost")(result);
        db(result).replication.data.as_mut().unwrap().slots[0].retained_bytes = None;
    });
    assert_eq!(lost_log.title, "the slot spare has lost its log");
    fires("slot_retention", replicated(0.0, 1e6, "unreserved"));
    quiet("slot_retention", replicated(0.0, 1e9, "reserved"));
    lacks("slot_retention", |db| lost(&mut db.replication));
}

fn others(mean: Option<f64>) -> impl Fn(&mut RunResult) {
    move |result| {
        let stats = db(result).connection_stats.data.as_mut().unwrap();
        stats.other_active_sessions = mean.map(steady);
        stats.other_applications = [("backup".to_owned(), 0.1)].into();
    }
}

#[test]
fn others_who_use_the_server_are_told_by_name() {
    let found = fires("other_traffic", others(Some(0.09)));
    assert!(rests_on(&found, 0.09) && found.title.contains("10.0 %"), "{found:#?}");
    assert!(found.evidence[1].text.contains("backup"));
    quiet("other_traffic", others(Some(0.04)));
    quiet("other_traffic", both(others(Some(0.09)), waiting(&[("CPU:CPU", 2.0)])));
    assert!(unknown("other_traffic", others(None)).contains("not read"));
}
