//! Transactions that are undone, or that stay open.

use crate::place::Place;
use crate::scene::{Place::Leads, Scene};
use crate::seen::{Seen, near};

pub const SCENES: [Scene; 6] = [
    Scene {
        name: "transactions take two rows in either order",
        rule: Some(("deadlocks", Leads)),
        also: &["lock_hot_row", "rollbacks", "blocking_chain", "idle_in_transaction"],
        play: deadlocks,
    },
    Scene {
        name: "8 clients change the same row in repeatable read",
        rule: Some(("serialization_failures", Leads)),
        also: &["lock_hot_row", "rollbacks", "wal_sync", "commit_heavy", "idle_in_transaction"],
        play: serialization,
    },
    Scene {
        name: "every transaction is rolled back",
        rule: Some(("rollbacks", Leads)),
        also: &[],
        play: rollbacks,
    },
    Scene {
        name: "three sessions sit idle in a transaction",
        rule: Some(("idle_in_transaction", Leads)),
        also: &[],
        play: idle,
    },
    Scene {
        name: "a prepared transaction was forgotten",
        rule: Some(("xmin_horizon", Leads)),
        also: &["no_hot_updates"],
        play: horizon,
    },
    Scene {
        name: "1.2 billion transactions without a freeze",
        rule: Some(("wraparound", Leads)),
        also: &[],
        play: wraparound,
    },
];

fn deadlocks() -> Seen {
    let place = Place::with_game(&[("deadlock_timeout", "100ms")], 2);
    let change = |row| format!("UPDATE game SET n = n + 1 WHERE id = {row}");
    let sql = format!("BEGIN; {}; {}; COMMIT", change("$1"), change("3 - $1"));
    let seen = Seen::of(&place.statements(&sql, 2, "--connections 4 --max-tries 20").run());
    let told = seen.value("deadlocks", "transaction_stats.deadlocks");
    let of_server = place.number("SELECT sum(deadlocks) FROM pg_stat_database");
    let ours = seen.value("deadlocks", "transactions.deadlocks");
    assert!(told >= 5.0 && told <= of_server, "{told} of {of_server}");
    // The last ones may hit statements that nobody waits for any more.
    assert!((told - ours).abs() <= 2.0, "{told}, our own statements were hit by {ours}");
    seen
}

fn serialization() -> Seen {
    let strict = [("default_transaction_isolation", "repeatable read")];
    let place = Place::with_game(&strict, 10);
    let sql = "BEGIN; UPDATE game SET n = n + 1 WHERE id = 1; COMMIT";
    let before = place.number(ROLLED_BACK);
    let load = place.statements(sql, 1, "--connections 8 --max-tries 3");
    let seen = Seen::of(&load.run());
    let told = seen.value("serialization_failures", "transactions.serialization_failures");
    near("failures", told, place.number(ROLLED_BACK) - before, 5.0);
    seen
}

const ROLLED_BACK: &str =
    "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()";

fn rollbacks() -> Seen {
    let place = Place::with_game(&[], 1000);
    let sql = "BEGIN; UPDATE game SET n = n + 1 WHERE id = $1; ROLLBACK";
    let seen = Seen::of(&place.statements(sql, 1000, "--connections 4 --rate 100").run());
    let told = seen.value("rollbacks", "transaction_stats.rollbacks");
    near("rolled back", told, seen.succeeded(), 5.0);
    seen
}

fn idle() -> Seen {
    let place = Place::new(&[]);
    let mut sessions = [place.client(), place.client(), place.client()];
    sessions.iter_mut().for_each(|it| it.batch("BEGIN; SELECT 1").unwrap());
    let load = place.load("--workload select-only --connections 4 --rate 50");
    let seen = Seen::of(&load.run());
    near("idle", seen.value("idle_in_transaction", "by_state"), 3.0, 5.0);
    drop(sessions);
    seen
}

fn horizon() -> Seen {
    let place = Place::with_game(&[("max_prepared_transactions", "2")], 1000);
    place.sql("BEGIN; INSERT INTO game VALUES (0, 0, ''); PREPARE TRANSACTION 'forgotten'");
    let sql = "UPDATE game SET n = n + 1 WHERE id = $1";
    let seen = Seen::of(&place.statements(sql, 1000, "--connections 4 --rate 120").run());
    let age = place.number("SELECT age(transaction) FROM pg_prepared_xacts");
    near("age", seen.value("xmin_horizon", "oldest_xmin.end_age_xids"), age, 5.0);
    let advice = &seen.finding("xmin_horizon").advice;
    assert!(advice.contains("forgotten"), "{advice}");
    place.sql("ROLLBACK PREPARED 'forgotten'");
    seen
}

fn wraparound() -> Seen {
    let late = [("autovacuum", "off"), ("autovacuum_freeze_max_age", "2000000000")];
    let mut place = Place::with_game(&late, 1000);
    place.shut_down();
    // The first of a page of pg_xact, which the server makes itself when it gets there.
    let next = (32_768 * 36_000).to_string();
    let mut reset = place.program("pg_resetwal");
    assert!(reset.args(["-x", &next]).arg(place.data_dir()).status().unwrap().success());
    place.restart().unwrap();
    let sql = "UPDATE game SET n = n + 1 WHERE id = $1";
    let seen = Seen::of(&place.statements(sql, 1000, "--connections 2 --rate 50").run());
    let age = "SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()";
    near("age", seen.value("wraparound", "vacuum.xid_age"), place.number(age), 0.001);
    seen
}
