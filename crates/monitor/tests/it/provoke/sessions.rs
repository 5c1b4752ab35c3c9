//! Sessions of other programs, one that idles inside a transaction and keeps dead rows, one that is
//! ended by an administrator.

use super::{found, has};
use crate::server::{Place, for_looks, until};

const TRANSACTIONS: u64 = 30;

/// See the module.
pub fn sessions(place: &Place) {
    place.sql("CREATE TABLE written (id int)");
    let (mut pid, mut opened) = (0.0, 0);
    wait_for_what_was_before(place);
    let seen = place.watch(|| (pid, opened) = provoke(place)).database;
    let sessions = found(&seen.connection_stats, true).unwrap();
    let counted = has(place, "pg_stat_database.sessions_killed");
    // Two were opened to begin with, by the wait and by the watch: the collector may tell of them late.
    let number = place.number("SELECT current_setting('server_version_num')::float8");
    let late = if number < 150_000.0 { 2 } else { 0 };
    let told = sessions.sessions_opened;
    assert_eq!(told.is_some(), counted, "{sessions:?}");
    assert!(told.is_none_or(|told| (opened..=opened + late).contains(&told)), "{sessions:?}");
    assert_eq!(sessions.sessions_killed, counted.then_some(1), "{sessions:?}");
    assert_eq!(sessions.sessions_fatal, counted.then_some(0), "{sessions:?}");
    let idle = sessions.longest_idle_in_transaction.as_ref().unwrap();
    assert_eq!((idle.pid as f64, idle.application.as_deref()), (pid, Some("idler")), "{idle:?}");
    assert_eq!(idle.statement.as_deref(), Some("SELECT count(*) FROM written"), "{idle:?}");
    assert!(idle.age_ms > 900.0 && idle.age_ms < 60_000.0, "{idle:?}");
    assert!(sessions.idle_in_transaction_percent.unwrap() > 0.0, "{sessions:?}");
    let others = sessions.other_applications.get("reporting").copied().unwrap_or_default();
    assert!(others > 0.1 && others <= sessions.other_active_sessions.unwrap().mean, "{sessions:?}");
    let vacuum = found(&seen.vacuum, true).unwrap();
    let oldest = vacuum.oldest_xmin.as_ref().unwrap();
    let holder = oldest.holder.as_ref().unwrap();
    assert_eq!((holder.kind.as_str(), holder.name.parse()), ("session", Ok(pid)), "{oldest:?}");
    assert_eq!(holder.application.as_deref(), Some("idler"), "{oldest:?}");
    assert!(oldest.max_age_xids >= TRANSACTIONS, "{oldest:?}");
    assert!(oldest.begin_age_xids < TRANSACTIONS, "{oldest:?}");
    assert!(vacuum.xid_age.unwrap() > 0 && vacuum.freeze_max_age == Some(200_000_000));
    assert!(vacuum.mxid_age.is_some() && vacuum.multixact_freeze_max_age == Some(400_000_000));
    let waits = found(&seen.wait_events, true).unwrap();
    match has(place, "pg_stat_activity.query_id") {
        true => {
            let by_statement = waits.by_statement.as_ref().unwrap();
            let text = Some("SELECT pg_sleep($1)");
            let sleep = by_statement.iter().find(|it| it.text.as_deref() == text).unwrap();
            assert_eq!(sleep.events[0].event, "PgSleep", "{by_statement:?}");
            assert!((sleep.active_sessions - others).abs() < 0.05, "{by_statement:?}, {others}");
        }
        false => {
            let reason = waits.by_statement_reason.as_deref().unwrap();
            assert!(reason.contains("14 and later") && waits.by_statement.is_none(), "{reason}");
        }
    }
}

/// Waits until the server has counted the sessions that were opened before: up to version 14 the
/// views show what a collector wrote down half a second ago.
fn wait_for_what_was_before(place: &Place) {
    let mut client = place.client();
    let mut opened = || {
        let sql = "SELECT coalesce(sum((to_jsonb(d) ->> 'sessions')::float8), 0)::float8 \
                   FROM pg_stat_database d WHERE datname = current_database()";
        client.query_one(sql, &[]).unwrap().value::<f64>(0).unwrap()
    };
    until("all sessions are counted", || {
        let before = opened();
        for_looks(12);
        opened() == before
    });
}

/// The process that idled, and how many sessions were opened.
fn provoke(place: &Place) -> (f64, u64) {
    let [mut idler, mut reporting, mut writer, mut victim] = [(); 4].map(|()| place.client());
    idler.batch("SET application_name = 'idler'").unwrap();
    idler.batch("BEGIN ISOLATION LEVEL REPEATABLE READ").unwrap();
    let pid = |client: &mut wire::blocking::Client| {
        client.query_one("SELECT pg_backend_pid()::float8", &[]).unwrap().value::<f64>(0).unwrap()
    };
    let idles = pid(&mut idler);
    idler.batch("SELECT count(*) FROM written").unwrap();
    // What is kept from being removed is looked at once a second, first before any of these.
    for_looks(10);
    for id in 0..TRANSACTIONS {
        writer.batch(&format!("INSERT INTO written VALUES ({id})")).unwrap();
    }
    let killed = pid(&mut victim);
    writer.batch(&format!("SELECT pg_terminate_backend({killed})")).unwrap();
    reporting.batch("SET application_name = 'reporting'").unwrap();
    reporting.batch("SELECT pg_sleep(3)").unwrap();
    for_looks(3);
    (idles, 4)
}

/// A slot that nobody reads from, and a follower that has not begun yet.
pub fn replication(place: &Place) {
    place.sql("CREATE TABLE logged (id int, filler text)");
    place.sql("SELECT pg_create_physical_replication_slot('kept', true)");
    let mut written = 0.0;
    let seen = place.watch(|| {
        let _follower = place.client_with("replication", "true");
        let end = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8";
        let begin = place.number(end);
        place.sql("INSERT INTO logged SELECT i, repeat('x', 100) FROM generate_series(1, 9000) i");
        written = place.number(end) - begin;
        for_looks(30);
    });
    place.sql("SELECT pg_drop_replication_slot('kept')");
    let replication = found(&seen.database.replication, true).unwrap();
    assert!(!replication.standby, "{replication:?}");
    let slot = replication.slots.iter().find(|it| it.name == "kept").unwrap();
    assert_eq!((slot.kind.as_str(), slot.active), ("physical", false), "{slot:?}");
    let retained = slot.retained_bytes.unwrap();
    assert!(written > 1e6 && retained.max >= written, "{slot:?}, written {written}");
    let status = has(place, "pg_replication_slots.wal_status").then_some("reserved");
    assert_eq!(slot.wal_status.as_deref(), status, "{slot:?}");
    let follower = &replication.standbys[0];
    assert_eq!(follower.state.as_deref(), Some("startup"), "{follower:?}");
    assert_eq!((follower.sync_state.as_deref(), follower.replay_lag_bytes), (Some("async"), None));
}
