//! Settings that make a test say less than it seems to.

use crate::place::Place;
use crate::scene::{
    Place::{Found, Leads},
    Scene,
};
use crate::seen::{Seen, near};

pub const SCENES: [Scene; 4] = [
    Scene {
        name: "fsync is off",
        rule: Some(("not_production_like", Leads)),
        also: &[],
        play: unsafe_server,
    },
    Scene {
        name: "every statement is logged",
        rule: Some(("distorting_settings", Leads)),
        also: &[],
        play: logged,
    },
    Scene {
        name: "more texts than pg_stat_statements remembers",
        rule: Some(("statements_evicted", Leads)),
        also: &[],
        play: evicted,
    },
    Scene {
        name: "all data fits into shared_buffers",
        rule: Some(("cached_test", Found)),
        also: &[],
        play: cached,
    },
];

const QUIET: &str = "--workload select-only --connections 4 --rate 50";

fn unsafe_server() -> Seen {
    Seen::of(&Place::new(&[("fsync", "off")]).load(QUIET).run())
}

fn logged() -> Seen {
    Seen::of(&Place::new(&[("log_statement", "all")]).load(QUIET).run())
}

fn evicted() -> Seen {
    let place = Place::new(&[("pg_stat_statements.max", "100")]);
    let mut running = place.load(QUIET).start();
    running.wait_for_second(1);
    let dealt = "SELECT dealloc FROM pg_stat_statements_info";
    let before = place.number(dealt);
    let mut other = place.client();
    // Values are no part of a text that is remembered, the number of columns is.
    for columns in 1..=300 {
        other.batch(&format!("SELECT 1{}", ", 1".repeat(columns))).unwrap();
    }
    let truth = place.number(dealt) - before;
    drop(other);
    let seen = Seen::of(&running.wait());
    near("forgotten", seen.value("statements_evicted", "evicted"), truth, 10.0);
    seen
}

fn cached() -> Seen {
    let place = Place::new(&[]);
    let seen = Seen::of(&place.load(&format!("{QUIET} --keep-data")).run());
    let size = place.number("SELECT pg_database_size(current_database())");
    near("size", seen.value("cached_test", "database_size.end_bytes"), size, 1.0);
    seen
}
