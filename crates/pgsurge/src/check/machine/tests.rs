//! Machines good and bad, judged.

use super::read::CpuQuota;
use super::*;
use crate::check::line::{Consequence, Outcome};

fn good() -> Machine {
    Machine {
        open_files: 100_000,
        ports: Some((32_768, 60_999)),
        io_uring: Ok(()),
        cores: 4,
        quota: None,
        clock_source: Some("tsc".into()),
        clock_sources: vec!["tsc".into(), "hpet".into()],
        clock_ns: 22.0,
    }
}

/// The outcome of one thing, and what mends it.
fn judged(machine: &Machine, plan: &Plan, name: &str) -> (Outcome, String) {
    let line = judge(machine, plan, true).into_iter().find(|it| it.name == name).unwrap();
    (line.outcome, line.mend.unwrap_or_default())
}

const NO_RUN: Outcome = Outcome::Problem(Consequence::NoRun);

#[test]
fn a_good_machine_has_nothing_against_it() {
    let lines = judge(&good(), &plan_of(5000), true);
    assert!(lines.iter().all(|it| it.outcome == Outcome::Ok && it.mend.is_none()), "{lines:?}");
    assert_eq!(lines.len(), 5);
}

#[test]
fn too_few_files_let_no_run_begin() {
    let machine = Machine { open_files: 1024, ..good() };
    assert_eq!(judged(&machine, &plan_of(960), "open_files").0, Outcome::Ok);
    let (outcome, mend) = judged(&machine, &plan_of(961), "open_files");
    assert!(outcome == NO_RUN && mend.contains("ulimit -n 1025"), "{mend}");
}

#[test]
fn ports_run_out_over_tcp_only() {
    let machine = Machine { ports: Some((50_000, 50_099)), ..good() };
    assert_eq!(judged(&machine, &plan_of(100), "ports").0, Outcome::Ok);
    let (outcome, mend) = judged(&machine, &plan_of(101), "ports");
    assert!(outcome == NO_RUN && mend.contains("ip_local_port_range"), "{mend}");
    assert!(judge(&machine, &plan_of(101), false).iter().all(|it| it.name != "ports"));
}

#[test]
fn without_io_uring_a_run_goes_on_unless_it_was_asked_for() {
    let machine = Machine { io_uring: Err("not permitted".into()), ..good() };
    let mut plan = plan_of(1);
    assert_eq!(judged(&machine, &plan, "io_uring").0, Outcome::Warning);
    plan.poller = Poller::IoUring;
    assert_eq!(judged(&machine, &plan, "io_uring").0, NO_RUN);
    plan.poller = Poller::Epoll;
    assert_eq!(judged(&machine, &plan, "io_uring").0, Outcome::Ok);
}

#[test]
fn a_quota_below_our_threads_is_told_with_the_threads_that_fit() {
    let quota = |cores| Machine {
        quota: Some(CpuQuota { cores, place: "/sys/fs/cgroup/cpu.max".into() }),
        ..good()
    };
    assert_eq!(judged(&quota(4.0), &plan_of(8), "processors").0, Outcome::Ok);
    let (outcome, mend) = judged(&quota(2.5), &plan_of(8), "processors");
    assert_eq!(outcome, Outcome::Warning);
    assert!(mend.starts_with("--threads 2"), "{mend}");
    assert!(judged(&quota(0.5), &plan_of(8), "processors").1.starts_with("--threads 1"));
}

#[test]
fn a_slow_clock_is_told_with_the_better_one() {
    let hpet = Machine { clock_source: Some("hpet".into()), clock_ns: 1300.0, ..good() };
    let (outcome, mend) = judged(&hpet, &plan_of(1), "clock");
    assert!(outcome == Outcome::Warning && mend.contains("echo tsc"), "{mend}");
    let emulated = Machine { clock_ns: 900.0, ..good() };
    assert_eq!(judged(&emulated, &plan_of(1), "clock"), (Outcome::Warning, String::new()));
}
