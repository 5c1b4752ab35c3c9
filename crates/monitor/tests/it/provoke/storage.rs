//! Blocks of a temporary table, commits made safe on disk, pages of notifications.

use super::{found, has, is_on};
use crate::server::Place;
use model::database_metrics::DatabaseMetrics;

const COMMITS: u64 = 25;
const NOTIFICATIONS: u64 = 12;

/// See the module; `place` is in a server where nobody else uses temporary tables or NOTIFY.
pub fn storage(place: &Place) {
    place.sql("CREATE TABLE committed (id int); CREATE TABLE bracket (id int)");
    let syncs = || place.number("SELECT sum(wal_sync)::float8 FROM pg_stat_wal");
    let is_in_wal_view = has(place, "pg_stat_wal.wal_sync");
    let before = if is_in_wal_view { syncs() } else { 0.0 };
    let mut bytes = 0.0;
    let seen = place.watch(|| bytes = provoke(place)).database;
    temporary_table(place, &seen, bytes as u64);
    let log = seen.wal_checkpoints.data().unwrap();
    let is_counted = is_in_wal_view || has(place, "pg_stat_io.read_bytes");
    for number in [log.wal_writes, log.wal_syncs] {
        assert_eq!(number.is_some(), is_counted, "{log:?}");
        assert!(number.is_none_or(|it| it >= COMMITS), "{log:?}");
    }
    assert_eq!((log.wal_write_time_ms, log.wal_sync_time_ms), (None, None), "{log:?}");
    if is_in_wal_view {
        assert!(log.wal_syncs.unwrap() as f64 <= syncs() - before, "{log:?}");
    }
    let caches = found(&seen.slru, has(place, "pg_stat_slru"));
    let pages = caches.map(|it| &it.caches).into_iter().flatten();
    let pages = pages.filter(|it| it.name.eq_ignore_ascii_case("notify")).map(|it| it.pages_zeroed);
    let pages: u64 = pages.sum();
    // One of them fills a page all but a few bytes.
    let all = caches.map_or(0, |_| NOTIFICATIONS);
    assert!(pages.abs_diff(all) <= 1, "{pages} of {all}: {caches:?}");
}

/// How large the temporary table was, its maps included.
fn provoke(place: &Place) -> f64 {
    let mut client = place.client();
    for id in 0..COMMITS {
        client.batch(&format!("INSERT INTO committed VALUES ({id})")).unwrap();
    }
    for _ in 0..NOTIFICATIONS {
        client.batch("SELECT pg_notify('pages', repeat('x', 7900))").unwrap();
    }
    client.batch("CREATE TEMP TABLE scratch (id int, filler char(100))").unwrap();
    client.batch("INSERT INTO scratch SELECT i, '' FROM generate_series(1, 20000) i").unwrap();
    let size = "SELECT pg_table_size('scratch')::float8";
    client.query_one(size, &[]).unwrap().value::<f64>(0).unwrap()
}

/// All of it was made longer by the one session that had it.
fn temporary_table(place: &Place, seen: &DatabaseMetrics, bytes: u64) {
    let Some(io) = found(&seen.io, has(place, "pg_stat_io")) else { return };
    let is_timed = is_on(place, "track_io_timing");
    let temporary: Vec<_> = io.rows.iter().filter(|it| it.object == "temp relation").collect();
    assert_eq!(temporary.len(), 1, "{io:?}");
    let of = temporary[0];
    assert_eq!((of.backend_type.as_str(), of.context.as_str()), ("client backend", "normal"));
    assert_eq!(of.extend_bytes, Some(bytes), "{of:?}");
    assert!(of.extends.unwrap() > 0, "{of:?}");
    assert_eq!(of.extend_time_ms.is_some(), is_timed, "{of:?}");
    // Nothing of it went to disk by a checkpoint.
    assert_eq!(of.fsyncs, None, "{of:?}");
}
