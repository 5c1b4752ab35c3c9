//! Indexes that are missing, and those that are there for nothing.

use crate::place::Place;
use crate::scene::{
    Place::{Found, Leads},
    Scene,
};
use crate::seen::{Seen, near};

pub const SCENES: [Scene; 4] = [
    Scene {
        name: "rows are looked for by a column without an index",
        rule: Some(("missing_index", Leads)),
        also: &["cpu_saturated", "too_many_active"],
        play: missing,
    },
    Scene {
        name: "an index that its making left invalid",
        rule: Some(("invalid_index", Leads)),
        also: &[],
        play: invalid,
    },
    Scene {
        name: "an index that is there twice",
        rule: Some(("duplicate_index", Found)),
        also: &[],
        play: duplicate,
    },
    Scene {
        name: "an index that nobody reads",
        rule: Some(("unused_index", Found)),
        also: &[],
        play: unused,
    },
];

const BY_KEY: &str = "SELECT n FROM game WHERE id = $1";

fn missing() -> Seen {
    let place = Place::with_game(&[], 100_000);
    let sql = "SELECT count(*) FROM game WHERE n = $1";
    let before = place.number(SCANS);
    let load = place.statements(sql, 999, "--connections 4");
    let seen = Seen::of(&load.run());
    let truth = (place.number(SCANS) - before) * 100_000.0;
    near("rows gone over", seen.value("missing_index", "candidates.sequential_rows"), truth, 5.0);
    // Its advice is SQL that helps.
    let advice = &seen.finding("missing_index").advice;
    place.sql(advice);
    let plan = place.sql("EXPLAIN SELECT count(*) FROM game WHERE n = 7");
    assert!(plan.contains("game_n_idx"), "{advice}: {plan}");
    seen
}

const SCANS: &str = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'game'";

fn invalid() -> Seen {
    let place = Place::with_game(&[], 5000);
    // Values are there more than once.
    let failed = place.psql("CREATE UNIQUE INDEX CONCURRENTLY broken ON game (n)").unwrap_err();
    assert!(failed.to_string().contains("could not create unique index"), "{failed}");
    let seen = Seen::of(&place.statements(BY_KEY, 5000, "--connections 4 --rate 50").run());
    let title = &seen.finding("invalid_index").title;
    assert!(title.contains("broken"), "{title}");
    seen
}

fn duplicate() -> Seen {
    let place = Place::with_game(&[], 5000);
    place.sql("CREATE INDEX one ON game (n); CREATE INDEX two ON game (n)");
    let seen = Seen::of(&place.statements(BY_KEY, 5000, "--connections 4 --rate 50").run());
    let told = format!("{:?}", seen.finding("duplicate_index"));
    assert!(told.contains("one") && told.contains("two"), "{told}");
    seen
}

fn unused() -> Seen {
    let place = Place::with_game(&[], 1000);
    place.sql("CREATE INDEX lonely ON game (body); CREATE SEQUENCE ids START 1001");
    let sql = "INSERT INTO game SELECT nextval('ids'), i, '' FROM generate_series(1, 20) i";
    let seen = Seen::of(&place.statements(sql, 1, "--connections 2 --rate 40").run());
    let title = &seen.finding("unused_index").title;
    assert!(title.contains("lonely"), "{title}");
    assert_eq!(
        place.number("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'lonely'"),
        0.0
    );
    seen
}
