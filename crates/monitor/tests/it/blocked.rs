//! Who blocks whom: the tree at its worst moment, and how often it is asked for.

use crate::server::{Place, for_looks, start, until};
use model::database_metrics::BlockedSession;
use wire::blocking::Client;

const ROW: &str =
    "CREATE TABLE rows (id int PRIMARY KEY, value int); INSERT INTO rows VALUES (1, 1)";

/// So many sessions wait for a row of `root`'s, until `meanwhile` has ended.
fn behind(place: &Place, root: &mut Client, waiters: usize, meanwhile: impl FnOnce()) {
    root.batch("BEGIN").unwrap();
    root.batch("UPDATE rows SET value = 9 WHERE id = 1").unwrap();
    std::thread::scope(|scope| {
        for mut client in (0..waiters).map(|_| place.client()) {
            // Not for ever, should the root's end never come.
            client.batch("SET lock_timeout = '60s'").unwrap();
            scope.spawn(move || client.batch("DELETE FROM rows WHERE id = 1").unwrap());
        }
        let waiting = "SELECT count(*)::float8 FROM pg_stat_activity \
                       WHERE wait_event_type = 'Lock' AND datname = current_database()";
        until("all that wait", || place.number(waiting) == waiters as f64);
        meanwhile();
        root.batch("ROLLBACK").unwrap();
    });
}

#[test]
fn who_blocks_whom_is_seen_with_the_statement_of_the_root() {
    let place = Place::new("blocked");
    place.sql(ROW);
    let watched = place.watch(|| behind(&place, &mut place.client(), 2, || for_looks(20)));
    let locks = watched.database.lock_contention.data().unwrap();
    let worst = locks.worst.as_ref().unwrap();
    assert_eq!((locks.waiting_sessions.max, worst.waiting_sessions), (2.0, 2));
    let root = &worst.blocking[0];
    assert_eq!(root.state.as_deref(), Some("idle in transaction"));
    assert_eq!(root.statement, "UPDATE rows SET value = 9 WHERE id = 1");
    assert!(worst.blocked.iter().any(|it| it.blocked_by.contains(&root.pid)), "{worst:?}");
    assert!(worst.blocked.iter().all(|it| it.statement.starts_with("DELETE FROM rows")));
    // Both began to wait when their statement did; a server of version 14 and later tells.
    let waited = |it: &BlockedSession| Some((it.waiting_ms?, it.statement_age_ms?));
    let close = |(wait, age): (f64, f64)| wait > 0.0 && wait <= age && age - wait < 5000.0;
    assert!(worst.blocked.iter().filter_map(waited).all(close), "{worst:?}");
    assert!(worst.blocked.iter().any(|it| it.waiting_ms.is_some()), "{worst:?}");
    // Two of them for about two seconds, as it was sampled.
    assert!((2.0..40.0).contains(&locks.lock_wait_s), "{locks:?}");
}

#[test]
fn more_that_wait_than_are_listed_are_counted_with_one_root_and_not_asked_for_all_the_time() {
    let server = start(&[("max_connections", "90")]);
    let place = Place::of(&server, server.database());
    place.sql(ROW);
    let watched = place.watch(|| behind(&place, &mut place.client(), 60, || for_looks(40)));
    let locks = watched.database.lock_contention.data().unwrap();
    let worst = locks.worst.as_ref().unwrap();
    assert_eq!((worst.waiting_sessions, worst.blocked.len()), (60, 50), "{worst:?}");
    // Those that wait and are not listed are no roots.
    assert_eq!(worst.blocking.len(), 1, "{:?}", worst.blocking);
    let asked = "SELECT sum(calls)::float8 FROM pg_stat_statements \
                 WHERE query LIKE '%pgsurge-monitor%pg_blocking_pids%'";
    // While they came it may have been more each time: from 1 to 60 by a quarter. Then once a second.
    let (asked, samples) = (place.number(asked), locks.samples as f64);
    assert!(asked <= 15.0 + samples / 8.0, "{asked} times in {samples} looks");
}
