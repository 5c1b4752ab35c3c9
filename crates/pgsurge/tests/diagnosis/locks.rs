//! Rows and tables that sessions wait for.

use crate::place::Place;
use crate::scene::{Place::Leads, Scene};
use crate::seen::{Seen, near};
use std::thread::sleep;
use std::time::Duration;

pub const SCENES: [Scene; 3] = [
    Scene {
        name: "16 clients change the same row",
        rule: Some(("lock_hot_row", Leads)),
        also: &["wal_sync", "commit_heavy", "lock_manager"],
        play: hot_row,
    },
    Scene {
        name: "a forgotten transaction keeps a row, and others keep rows behind it",
        rule: Some(("blocking_chain", Leads)),
        also: &[
            "lock_hot_row",
            "idle_in_transaction",
            "wal_sync",
            "no_hot_updates",
            "lock_manager",
        ],
        play: chain,
    },
    Scene {
        name: "a table is locked again and again",
        rule: Some(("lock_relation", Leads)),
        also: &["cpu_saturated", "idle_in_transaction"],
        play: relation,
    },
];

fn hot_row() -> Seen {
    let place = Place::with_game(&[], 10);
    let sql = "BEGIN; UPDATE game SET n = n + 1 WHERE id = 1; SELECT 1; COMMIT";
    let mut running = place.statements(sql, 1, "--connections 16").start();
    let waiting = "wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple')";
    let sessions = place.sessions(&mut running, waiting);
    let seen = Seen::of(&running.wait());
    near("waiting", seen.value("lock_hot_row", "wait_events.events"), sessions, 15.0);
    seen
}

/// Each client has a teller when it waits for the branch, so others wait for it in turn.
fn chain() -> Seen {
    let place = Place::new(&[]);
    let mut running = place.load("--workload tpcb-like --connections 8").start();
    running.wait_for_second(1);
    let mut forgotten = place.client();
    forgotten.batch("BEGIN; UPDATE pgbench_branches SET bbalance = bbalance").unwrap();
    running.wait_for_second(4);
    let age = "SELECT extract(epoch FROM clock_timestamp() - xact_start) * 1000 \
               FROM pg_stat_activity WHERE pid = pg_backend_pid()";
    let held_ms = forgotten.query_one(&format!("SELECT ({age})::float8"), &[]).unwrap();
    let held_ms = held_ms.value::<f64>(0).unwrap();
    forgotten.batch("ROLLBACK").unwrap();
    let seen = Seen::of(&running.wait());
    assert_eq!(seen.value("blocking_chain", "worst.waiting_sessions"), 8.0);
    let told_ms = seen.value("blocking_chain", "blocking.transaction_age_ms");
    assert!(told_ms > 200.0 && told_ms <= held_ms, "{told_ms}, in truth {held_ms} at the end");
    let title = &seen.finding("blocking_chain").title;
    assert!(title.contains("idle in transaction") && title.contains("3 deep"), "{title}");
    seen
}

fn relation() -> Seen {
    let place = Place::with_game(&[], 1000);
    let sql = "SELECT n FROM game WHERE id = $1";
    let mut running = place.statements(sql, 1000, "--connections 8").start();
    running.wait_for_second(1);
    let mut other = place.client();
    for _ in 0..8 {
        other.batch("BEGIN; LOCK TABLE game IN ACCESS EXCLUSIVE MODE").unwrap();
        sleep(Duration::from_millis(300));
        other.batch("COMMIT").unwrap();
        sleep(Duration::from_millis(200));
    }
    drop(other);
    let seen = Seen::of(&running.wait());
    assert_eq!(seen.value("lock_relation", "worst.waiting_sessions"), 8.0);
    let told = &seen.finding("lock_relation").diagnosis;
    assert!(told.contains("LOCK TABLE game"), "{told}");
    seen
}
