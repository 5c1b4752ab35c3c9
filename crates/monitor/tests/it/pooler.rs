//! The console of a real PgBouncer: who waited in front of it, and what it says where it can't be
//! seen.

use crate::server::{Place, environment, for_looks, shared};
use model::database_metrics::{PoolerStats, Section, Status};
use monitor::PoolerConsole;
use servers::{PgBouncer, PgBouncerOptions};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One server connection for everybody.
fn bouncer(settings: &[(&str, &str)]) -> PgBouncer {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let options =
        PgBouncerOptions { pool_size: 1, settings: settings.collect(), ..Default::default() };
    PgBouncer::start(&environment(), shared(), &options).unwrap()
}

/// The console of `bouncer`, for the database of `place`.
fn console(place: &Place, bouncer: &PgBouncer) -> PoolerConsole {
    let settings = place.through(bouncer.port(), "pgbouncer");
    PoolerConsole { settings: Arc::new(settings), tls: None, database: place.database().to_owned() }
}

fn seen(place: &Place, bouncer: &PgBouncer, load: impl FnOnce()) -> Section<PoolerStats> {
    let watching = place.watching_pooler(console(place, bouncer));
    watching.during(load).database.pooler.expect("a pooler that was named has a section")
}

/// Three clients share one server connection for three seconds.
fn queue_up(place: &Place, bouncer: &PgBouncer) -> u64 {
    let until = Instant::now() + Duration::from_secs(3);
    let ask = || {
        let mut client = place.client_through(bouncer.port());
        let mut count = 0;
        while Instant::now() < until {
            client.batch("SELECT pg_sleep(0.05)").unwrap();
            count += 1;
        }
        count
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..3).map(|_| scope.spawn(ask)).collect();
        all.into_iter().map(|it| it.join().unwrap()).sum()
    })
}

#[test]
fn who_waits_in_front_of_a_pooler_is_counted() {
    let (place, bouncer) = (Place::bare("queued"), bouncer(&[]));
    let mut asked = 0;
    let section = seen(&place, &bouncer, || asked = queue_up(&place, &bouncer));
    assert_eq!(section.status, Status::Ok, "{section:?}");
    let pools = section.data().unwrap();
    // One has the connection, two wait for it; for a moment all three are in the queue.
    assert!(pools.samples >= 2, "{pools:?}");
    assert!(pools.clients_waiting.max >= 2.0 && pools.clients_waiting.mean > 0.5, "{pools:?}");
    assert!(pools.servers_active.max >= 1.0 && pools.servers_active.mean > 0.2, "{pools:?}");
    // Two turns of 50 ms, as the first in the queue has waited them.
    assert!(pools.wait_max_ms > 10.0 && pools.wait_max_ms < 10_000.0, "{pools:?}");
    assert_eq!(pools.transactions, Some(asked), "{pools:?}");
    let per = pools.wait_per_transaction_ms.unwrap();
    assert!((40.0..=2000.0).contains(&per), "{pools:?}");
    assert!((per * asked as f64 / pools.wait_total_ms.unwrap() - 1.0).abs() < 0.01, "{pools:?}");
}

#[test]
fn a_pool_with_room_has_no_queue() {
    let (place, bouncer) = (Place::bare("unqueued"), bouncer(&[]));
    // The first of all waits for the pooler's own first connection.
    let mut client = place.client_through(bouncer.port());
    client.batch("SELECT 1").unwrap();
    let section = seen(&place, &bouncer, || {
        for_looks(15);
        client.batch("SELECT 1").unwrap();
    });
    let pools = section.data().unwrap();
    assert_eq!((pools.clients_waiting.max, pools.wait_max_ms), (0.0, 0.0), "{pools:?}");
    assert_eq!((pools.clients_active.max, pools.transactions), (1.0, Some(1)), "{pools:?}");
}

#[test]
fn a_console_for_others_says_which_line_opens_it() {
    let (place, bouncer) = (Place::bare("closed"), bouncer(&[("admin_users", "somebody")]));
    let section = seen(&place, &bouncer, || for_looks(3));
    let reason = section.reason.as_deref().unwrap();
    assert_eq!(section.status, Status::NoPrivilege, "{reason}");
    assert!(section.data().is_none() && reason.contains("stats_users = "), "{reason}");
}

#[test]
fn a_pooler_that_dies_meanwhile_ends_nothing() {
    let (place, mut bouncer) = (Place::bare("died"), bouncer(&[]));
    let console = console(&place, &bouncer);
    let section = place.watching_pooler(console).during(|| {
        for_looks(15);
        bouncer.kill();
        for_looks(6);
    });
    let section = section.database.pooler.unwrap();
    let pools = section.data().unwrap();
    assert!(pools.samples > 0 && pools.transactions.is_none(), "{pools:?}");
}

#[test]
fn a_pooler_that_nobody_told_of_is_no_reason_to_see_less() {
    let place = Place::new("untold");
    let bouncer = PgBouncer::start(&environment(), shared(), &PgBouncerOptions::default()).unwrap();
    // The pooler hands each statement to another server connection than the one before.
    let watched = place.watching_through(bouncer.port()).during(|| {
        queue_up(&place, &bouncer);
        for_looks(6);
    });
    let database = watched.database;
    let sections = [database.wait_events.status, database.transaction_stats.status];
    assert_eq!(sections, [Status::Ok; 2], "{database:?}");
    assert_eq!(database.monitor.data().unwrap().statements_failed, 0, "{database:?}");
}
