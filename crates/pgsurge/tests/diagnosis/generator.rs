//! Runs that pgsurge itself disturbs: where it is the limit they prove nothing, and have to say so.

use crate::place::Place;
use crate::scene::{Place::Leads, Scene};
use crate::seen::{Seen, near};
use model::verdict::VerdictOutcome;
use std::time::{Duration, Instant};

pub const SCENES: [Scene; 3] = [
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
    Scene {
        name: "the server compiles each look that the monitor takes",
        rule: Some(("monitor_cost", Leads)),
        also: &[],
        play: watching,
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

/// The CPU time that the monitor's backend has taken, in seconds.
fn backend_cpu_s(pid: f64) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Our looks cost more than `SELECT 1`, so they alone are compiled.
fn watching() -> Seen {
    let place = Place::new(&[("jit", "on"), ("jit_above_cost", "1")]);
    let mut running = place.statements("SELECT 1", 1, "--connections 4 --rate 50").start();
    running.wait_for_second(1);
    let monitor = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE '%monitor%'";
    let monitor = place.number(monitor);
    let (began, before) = (Instant::now(), backend_cpu_s(monitor));
    std::thread::sleep(Duration::from_secs(4));
    let took = backend_cpu_s(monitor) - before;
    let cpus = std::thread::available_parallelism().unwrap().get() as f64;
    let truth = took * 100.0 / began.elapsed().as_secs_f64() / cpus;
    let seen = Seen::of(&running.wait());
    near("watching, percent", seen.value("monitor_cost", "server_cpu_percent"), truth, 35.0);
    seen
}
