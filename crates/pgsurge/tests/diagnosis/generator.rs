//! Runs in which pgsurge itself is the limit: they prove nothing, and have to say so.

use crate::place::Place;
use crate::scene::{Place::Leads, Scene};
use crate::seen::Seen;
use model::verdict::VerdictOutcome;

pub const SCENES: [Scene; 2] = [
    Scene {
        name: "a load thread has no processor time left",
        rule: Some(("generator_saturated", Leads)),
        also: &["generator_late"],
        play: saturated,
    },
    Scene {
        name: "a load thread sleeps while connections are free",
        rule: Some(("generator_late", Leads)),
        also: &[],
        play: late,
    },
];

#[track_caller]
fn proves_nothing(seen: &Seen) {
    let verdict = &seen.result.verdict;
    assert_eq!((verdict.outcome, verdict.exit_code), (VerdictOutcome::Invalid, 6), "{verdict:?}");
}

/// Each choice of an action takes a millisecond of CPU, and one thread makes them all.
fn saturated() -> Seen {
    let place = Place::new(&[]);
    let load = place.statements("SELECT 1", 1, "--connections 8 --threads 1");
    let seen = Seen::of(&load.args("--workload-option burn_us=1000").run());
    proves_nothing(&seen);
    let told = seen.value("generator_saturated", "busiest_thread_percent");
    assert!((95.0..=101.0).contains(&told), "{told}");
    // A thousand a second is what one thread can choose.
    let per_s = seen.result.load_metrics.achieved_per_s;
    assert!((600.0..=1010.0).contains(&per_s), "{per_s}");
    seen
}

fn late() -> Seen {
    let place = Place::new(&[]);
    let load = place.statements("SELECT 1", 1, "--connections 4 --threads 1 --rate 100");
    let seen = Seen::of(&load.args("--workload-option stall_ms=30").run());
    proves_nothing(&seen);
    let told = seen.value("generator_late", "lateness_ms.p99");
    assert!(told >= 29.0, "{told} ms");
    seen
}
