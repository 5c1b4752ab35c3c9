//! Tables: what changes leave behind, and what the planner knows of it.

use crate::place::Place;
use crate::scene::{Place::Leads, Scene};
use crate::seen::{Seen, near};

pub const SCENES: [Scene; 4] = [
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
