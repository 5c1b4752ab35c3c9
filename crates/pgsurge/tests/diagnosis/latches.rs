//! Lightweight locks: many sessions want the same structure in memory, and each only for a moment.
//!
//! Statements do one such thing a thousand times over, so that two processors are enough for a
//! queue: whoever loses its processor while it holds the lock keeps all others waiting.

use crate::place::Place;
use crate::scene::{
    Place::{Found, Leads},
    Scene,
};
use crate::seen::{Seen, near};
use std::time::Duration;

pub const SCENES: [Scene; 6] = [
    Scene {
        name: "16 clients lock 31 tables in each transaction",
        rule: Some(("lock_manager", Leads)),
        also: &CROWD,
        play: lock_manager,
    },
    Scene {
        name: "16 clients draw from one sequence",
        rule: Some(("hot_page", Leads)),
        also: &CROWD,
        play: hot_page,
    },
    Scene {
        name: "16 clients put small messages into the log",
        rule: Some(("wal_insert", Leads)),
        also: &["cpu_saturated", "too_many_active", "wal_sync", "wal_buffers_full"],
        play: wal_insert,
    },
    Scene {
        name: "16 clients take and end one transaction after another",
        rule: Some(("snapshot_contention", Leads)),
        // Each takes two locks, on itself, in the table of locks, and puts its end into the log.
        also: &["cpu_saturated", "too_many_active", "lock_manager", "wal_insert"],
        play: snapshots,
    },
    Scene {
        name: "32 clients read 80 MB through 1 MB of shared_buffers",
        rule: Some(("buffer_mapping", Found)),
        also: &["cache_misses", "shared_buffers_small", "cpu_saturated", "too_many_active"],
        play: buffer_mapping,
    },
    Scene {
        name: "a forgotten transaction had 100 savepoints, and 80,000 came after it",
        rule: Some(("slru_contention", Leads)),
        also: &["cpu_saturated", "too_many_active", "idle_in_transaction", "dead_rows"],
        play: slru,
    },
];

/// 16 clients on the processors of a test machine.
const CROWD: [&str; 2] = ["cpu_saturated", "too_many_active"];

/// Clients that wait for the same thing.
pub struct Queue {
    clients: u32,
    /// Of the rule.
    code: &'static str,
    /// What they wait for, as a list of SQL.
    events: &'static str,
    /// How far the share that the rule tells may be from the one that was seen, in hundredths of it.
    within: f64,
}

impl Queue {
    /// 16 clients.
    pub fn of(code: &'static str, events: &'static str) -> Queue {
        Queue { clients: 16, code, events, within: 35.0 }
    }

    /// A load of a statement: the share of the busy time that the rule tells is held to what looks
    /// at `pg_stat_activity` saw. The share, for crowds of those that wait come and go.
    #[track_caller]
    pub fn load(&self, place: &Place, sql: &str, rows: u32) -> Seen {
        let clients = format!("--connections {}", self.clients);
        let mut running = place.statements(sql, rows, &clients).start();
        let waiting = format!("wait_event IN ({})", self.events);
        let busy = "wait_event_type IS DISTINCT FROM 'Client'";
        let looks = place.looks(&mut running, [&waiting, busy], OFTEN);
        let seen = Seen::of(&running.wait());
        let title = &seen.finding(self.code).title;
        let told = title.rsplit_once(": ").and_then(|(_, share)| share.split(' ').next());
        let told: f64 = told.and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("{title}"));
        near("waiting, percent", told, looks[0] * 100.0 / looks[1], self.within);
        seen
    }
}

/// Between two looks.
const OFTEN: Duration = Duration::from_millis(10);

fn lock_manager() -> Seen {
    let place = Place::new(&[]);
    place.sql("CREATE TABLE part (id int) PARTITION BY HASH (id)");
    for i in 0..30 {
        let values = format!("FOR VALUES WITH (MODULUS 30, REMAINDER {i})");
        place.sql(&format!("CREATE TABLE part_{i} PARTITION OF part {values}"));
    }
    place.sql("INSERT INTO part SELECT generate_series(1, 3000)");
    place.sql("VACUUM ANALYZE part");
    place.sql(
        "CREATE PROCEDURE look() LANGUAGE plpgsql AS $$ BEGIN \
         FOR i IN 1..50 LOOP PERFORM id FROM part LIMIT 1; COMMIT; END LOOP; END $$",
    );
    Queue::of("lock_manager", "'LockManager', 'lock_manager'").load(&place, "CALL look()", 1)
}

fn hot_page() -> Seen {
    let place = Place::new(&[]);
    place.sql("CREATE UNLOGGED SEQUENCE numbers");
    let sql = "SELECT sum(nextval('numbers')) FROM generate_series(1, 1000)";
    Queue::of("hot_page", "'BufferContent', 'buffer_content'").load(&place, sql, 1)
}

fn wal_insert() -> Seen {
    let place = Place::new(&[]);
    let sql = "SELECT count(pg_logical_emit_message(false, '', '')) FROM generate_series(1, 1000)";
    Queue::of("wal_insert", "'WALInsert', 'wal_insert', 'WALBufMapping'").load(&place, sql, 1)
}

fn snapshots() -> Seen {
    let place = Place::new(&[]);
    place.sql(
        "CREATE PROCEDURE churn() LANGUAGE plpgsql AS $$ BEGIN \
         FOR i IN 1..200 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$",
    );
    let events = "'XidGen', 'ProcArray', 'ProcArrayGroupUpdate', 'ProcarrayGroupUpdate'";
    Queue::of("snapshot_contention", events).load(&place, "CALL churn()", 1)
}

fn buffer_mapping() -> Seen {
    let place = crate::memory::wide(&[]);
    let events = "'BufferMapping', 'buffer_mapping'";
    // Few wait at a time, and the monitor looks 60 times.
    let queue = Queue { clients: 32, within: 60.0, ..Queue::of("buffer_mapping", events) };
    queue.load(&place, crate::memory::A_HUNDRED, 9900)
}

/// Whoever looks at a row asks to which transaction its savepoint belonged, for the snapshot can't
/// name all that are open; and the answers fill more pages than the server keeps in memory.
fn slru() -> Seen {
    let place = Place::with_game(&[("autovacuum", "off")], 80_000);
    place.sql("CREATE TABLE own (n int); INSERT INTO own VALUES (0)");
    let saved = |sql: &str| format!("BEGIN {sql}; EXCEPTION WHEN division_by_zero THEN NULL; END");
    let mut forgotten = place.client();
    let hundred = saved("UPDATE own SET n = n + 1");
    let hundred = format!("DO $$ BEGIN FOR i IN 1..100 LOOP {hundred}; END LOOP; END $$");
    forgotten.batch(&format!("BEGIN; {hundred}")).unwrap();
    let all = saved("UPDATE game SET n = n + 1 WHERE id = i");
    place.sql(&format!(
        "DO $$ DECLARE i int; BEGIN FOR i IN SELECT id FROM game ORDER BY md5(id::text) LOOP {all}; \
         END LOOP; END $$"
    ));
    place.sql("ANALYZE game");
    let sql = "SELECT sum(n) FROM game WHERE id BETWEEN $1 AND $1 + 50";
    let events = "'SubtransBuffer', 'SubtransSLRU', 'subtrans', 'SubtransControlLock', 'SLRURead'";
    let seen = Queue::of("slru_contention", events).load(&place, sql, 79_900);
    drop(forgotten);
    seen
}
