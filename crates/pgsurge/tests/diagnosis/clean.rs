//! Loads that nothing is wrong with: nothing is said to limit, and no rule fires above low.

use crate::place::Place;
use crate::scene::Scene;
use crate::seen::Seen;
use servers::{Environment, PgBouncer, PgBouncerOptions};

pub const SCENES: [Scene; 4] = [
    Scene { name: "the card game, 200 actions a second", rule: None, also: &[], play: hokm },
    Scene { name: "reads by key, 500 a second", rule: None, also: &[], play: reads },
    Scene { name: "small changes, 100 a second", rule: None, also: &[], play: changes },
    Scene {
        name: "reads by key through a pooler",
        rule: None,
        // The pooler keeps the connections that loaded the rows, so the server counts those after
        // it has analyzed the table (idle sessions tell up to 10 s late).
        also: &["stale_statistics"],
        play: pooled,
    },
];

fn hokm() -> Seen {
    let load = Place::new(&[]);
    let load =
        load.load("--workload hokm --connections 8 --rate 200").config(crate::running::SMALL);
    Seen::of(&load.run())
}

fn reads() -> Seen {
    Seen::of(&Place::new(&[]).load("--workload select-only --connections 8 --rate 500").run())
}

fn changes() -> Seen {
    let load = "--workload simple-update --scale 2 --connections 8 --rate 100";
    Seen::of(&Place::new(&[]).load(load).run())
}

fn pooled() -> Seen {
    let place = Place::new(&[]);
    let environment = Environment::from_pairs(std::env::vars_os());
    let bouncer = PgBouncer::start(&environment, &place, &PgBouncerOptions::default()).unwrap();
    let url = place.url("postgres", bouncer.port());
    Seen::of(&place.load_at(&url, "--workload select-only --connections 8 --rate 200").run())
}
