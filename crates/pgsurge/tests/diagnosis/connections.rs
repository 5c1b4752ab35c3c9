//! Connections: slots, opening them, queues in front of them.

use crate::place::Place;
use crate::scene::{Place::Leads, Scene};
use crate::seen::{Seen, near};
use servers::{Environment, PgBouncer, PgBouncerOptions, PoolMode, PostgresOptions};

pub const SCENES: [Scene; 5] = [
    Scene {
        name: "16 of 17 slots are taken",
        rule: Some(("connections_near_limit", Leads)),
        also: &[],
        play: near_limit,
    },
    Scene {
        name: "the user may not connect again once its sessions were ended",
        rule: Some(("connections_refused", Leads)),
        also: &[],
        play: refused,
    },
    Scene {
        name: "a connection for each action",
        rule: Some(("connection_churn", Leads)),
        also: &["cpu_saturated"],
        play: churn,
    },
    Scene {
        name: "one connection for twice the work that it can carry",
        rule: Some(("pool_too_small", Leads)),
        also: &[],
        play: too_small,
    },
    Scene {
        name: "four clients, and one server connection in the pooler",
        rule: Some(("pooler_queue", Leads)),
        also: &[],
        play: pooler,
    },
];

fn near_limit() -> Seen {
    let options = PostgresOptions { max_connections: 20, ..PostgresOptions::default() };
    let place = Place::with(&[], options);
    let load = place.load("--workload select-only --connections 15 --rate 50");
    let seen = Seen::of(&load.run());
    // 15 of the load, and the monitor's; three are kept for superusers.
    let told = seen.value("connections_near_limit", "pool_usage_percent");
    near("used", told, 16.0 * 100.0 / 17.0, 0.1);
    seen
}

fn refused() -> Seen {
    let place = Place::with_game(&[], 1000);
    place.sql("CREATE ROLE player LOGIN; GRANT SELECT ON game TO player");
    place.sql("GRANT pg_monitor TO player");
    let url = place.url("player", place.port());
    let load = place.load_at(&url, "--connections 4 --rate 50 --workload scene");
    let load = load.args("--workload-option").arg("sql=SELECT n FROM game WHERE id = $1");
    let mut running = load.args("--workload-option rows=1000").start();
    running.wait_for_second(1);
    place.sql("ALTER ROLE player CONNECTION LIMIT 0");
    place.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE usename = 'player' AND application_name NOT LIKE '%monitor%'",
    );
    running.wait_for_second(4);
    place.sql("ALTER ROLE player CONNECTION LIMIT -1");
    let seen = Seen::of(&running.wait());
    let log = std::fs::read_to_string(place.log_path()).unwrap();
    let truth = log.matches("too many connections for role \"player\"").count();
    assert_eq!(seen.value("connections_refused", "errors.count"), truth as f64);
    seen
}

const SESSIONS: &str = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()";

fn churn() -> Seen {
    let place = Place::new(&[]);
    let before = place.number(SESSIONS);
    let load = place.load("--workload select-only --connections 4 --reconnect");
    let seen = Seen::of(&load.run());
    let opened = place.number(SESSIONS) - before;
    near("connects", seen.value("connection_churn", "connections.attempted"), opened, 3.0);
    seen
}

/// 100 a second of 20 ms are two connections' work.
fn too_small() -> Seen {
    let place = Place::new(&[]);
    let load = place.statements("SELECT pg_sleep(0.02)", 1, "--connections 1 --rate 100");
    let seen = Seen::of(&load.run());
    let told = seen.value("pool_too_small", "active_sessions.mean");
    near("busy sessions", told, 1.0, 10.0);
    let advice = &seen.finding("pool_too_small").advice;
    assert!(advice.contains("keep 3 connections busy"), "{advice}");
    seen
}

fn pooler() -> Seen {
    let place = Place::new(&[]);
    let environment = Environment::from_pairs(std::env::vars_os());
    let pool_mode = PoolMode::Transaction;
    let options = PgBouncerOptions { pool_mode, pool_size: 1, ..PgBouncerOptions::default() };
    let bouncer = PgBouncer::start(&environment, &place, &options).unwrap();
    let load = place.load_at(&place.url("postgres", bouncer.port()), "--connections 4");
    let load = load.args("--workload scene --workload-option").arg("sql=SELECT pg_sleep(0.02)");
    let seen = Seen::of(&load.run());
    // Three clients, and now and then the monitor, which goes the same way.
    let told = seen.value("pooler_queue", "clients_waiting.mean");
    assert!((2.7..=4.1).contains(&told), "{told}");
    seen
}
