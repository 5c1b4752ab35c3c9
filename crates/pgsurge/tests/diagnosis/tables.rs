//! Tables: what changes leave behind, and what the planner knows of it.

use crate::place::Place;
use crate::scene::{
    Place::{Found, Leads},
    Scene,
};
use crate::seen::{Seen, near};
use std::time::Duration;

pub const SCENES: [Scene; 5] = [
    Scene {
        name: "an indexed column is changed all the time",
        rule: Some(("no_hot_updates", Leads)),
        also: &[],
        play: no_hot,
    },
    Scene {
        name: "autovacuum is off, and all rows change more than once",
        rule: Some(("dead_rows", Leads)),
        also: &["no_hot_updates", "stale_statistics", "full_page_images"],
        play: dead_rows,
    },
    Scene {
        name: "autovacuum is at work, and far slower than rows die",
        rule: Some(("dead_rows", Leads)),
        also: &["no_hot_updates", "stale_statistics", "full_page_images"],
        play: behind,
    },
    Scene {
        name: "autovacuum is off, and a table doubles",
        rule: Some(("stale_statistics", Leads)),
        also: &[],
        play: stale,
    },
    Scene {
        name: "autovacuum analyzes four tables that are costly to analyze, all at once",
        rule: Some(("maintenance_in_window", Found)),
        also: &["cpu_saturated", "too_many_active"],
        play: maintenance,
    },
];

fn column(name: &str) -> String {
    format!("SELECT {name} FROM pg_stat_user_tables WHERE relname = 'game'")
}

fn no_hot() -> Seen {
    let place = Place::with_game(&[], 5000);
    place.sql("CREATE INDEX ON game (n)");
    let sql = "UPDATE game SET n = n + 1 WHERE id = $1";
    let load = place.statements(sql, 5000, "--connections 4 --rate 200");
    let seen = Seen::of(&load.run());
    let truth = place.number(&column("n_tup_upd"));
    near("updates", seen.value("no_hot_updates", "tables.rows_updated"), truth, 2.0);
    seen
}

fn dead_rows() -> Seen {
    let seen = all_change(&[("autovacuum", "off")]);
    let advice = &seen.finding("dead_rows").advice;
    assert!(advice.starts_with("set autovacuum = on"), "{advice}");
    seen
}

/// It comes each second, and may do next to nothing before it has to rest.
fn behind() -> Seen {
    let seen = all_change(&[
        ("autovacuum_naptime", "1s"),
        ("autovacuum_vacuum_cost_delay", "100ms"),
        ("autovacuum_vacuum_cost_limit", "1"),
    ]);
    // PostgreSQL's own: 50, and a fifth of 20,000.
    near("due from", seen.value("dead_rows", "vacuum_threshold_rows"), 4050.0, 0.0);
    let advice = &seen.finding("dead_rows").advice;
    assert!(advice.contains("raise autovacuum_vacuum_cost_limit"), "{advice}");
    seen
}

/// All rows of a table change more than once.
fn all_change(settings: &[(&str, &str)]) -> Seen {
    let place = Place::with_game(settings, 20_000);
    place.sql("CREATE INDEX ON game (n)");
    let sql = "UPDATE game SET n = n + 1 WHERE id BETWEEN $1 AND $1 + 99";
    let load = place.statements(sql, 19_900, "--connections 2 --rate 60");
    let seen = Seen::of(&load.run());
    let truth = place.number(&column("n_dead_tup"));
    near("dead rows", seen.value("dead_rows", "tables.dead_rows"), truth, 2.0);
    seen
}

fn stale() -> Seen {
    let place = Place::with_game(&[("autovacuum", "off")], 20_000);
    place.sql("CREATE SEQUENCE ids START 20001");
    let sql = "INSERT INTO game SELECT nextval('ids'), i, '' FROM generate_series(1, 100) i";
    let load = place.statements(sql, 1, "--connections 2 --rate 40");
    let seen = Seen::of(&load.run());
    let truth = place.number(&column("n_mod_since_analyze"));
    let told = seen.value("stale_statistics", "tables.rows_modified_since_analyze");
    near("changed rows", told, truth, 2.0);
    seen
}

/// Tables whose analyzing takes a processor's time: an index on what a slow function gives.
const COSTLY: u32 = 4;

fn maintenance() -> Seen {
    let place =
        Place::with_game(&[("autovacuum_naptime", "1s"), ("autovacuum_max_workers", "4")], 5000);
    let function = |work: u32| {
        place.sql(&format!(
            "CREATE OR REPLACE FUNCTION slow(n int) RETURNS bigint IMMUTABLE LANGUAGE sql AS \
             'SELECT sum(i) + n FROM generate_series(1, {work}) i'"
        ));
    };
    function(1);
    for table in 0..COSTLY {
        place.sql(&format!(
            "CREATE TABLE costly{table} (n int) WITH (autovacuum_enabled = off); \
             INSERT INTO costly{table} SELECT generate_series(1, 3000); \
             CREATE INDEX ON costly{table} (slow(n))"
        ));
    }
    function(10_000);
    let sql = "SELECT sum(n) FROM game WHERE id > $1";
    let load = place.statements(sql, 1000, "--connections 2 --rate 60 --duration 18s");
    let mut running = load.start();
    running.wait_for_second(6);
    for table in 0..COSTLY {
        place.sql(&format!("ALTER TABLE costly{table} RESET (autovacuum_enabled)"));
    }
    let mut client = place.client();
    let workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'";
    let mut busy_s = 0.0;
    for _ in 0..110 {
        let at_work = client.query_one(workers, &[]).unwrap().value::<i64>(0).unwrap() > 0;
        busy_s += f64::from(u8::from(at_work)) / 10.0;
        std::thread::sleep(Duration::from_millis(100));
    }
    let seen = Seen::of(&running.wait());
    let stage = &seen.result.load_metrics.stages[0];
    let seconds = stage.autovacuum_overlap.as_ref().unwrap().with.seconds as f64;
    near("seconds with it", seconds, busy_s, 30.0);
    seen
}
