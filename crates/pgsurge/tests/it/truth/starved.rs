//! A generator that stands still, or gets no processor because others keep them busy: answers lie
//! unread meanwhile, and the result says so instead of calling the server slow.

use crate::database::Database;
use crate::running::{Load, Running, lines, until};
use model::run_result::RunResult;
use model::series::Line;
use model::verdict::ValidityOutcome;
use nix::sys::signal::Signal;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Loops that use up a processor each, in the ordinary priority; they end with this value.
struct Busy(Vec<Child>);

impl Busy {
    /// One for each processor.
    fn everywhere() -> Busy {
        let count = std::thread::available_parallelism().unwrap().get();
        let spawn = |_| {
            // The limit of CPU time ends them should nobody be left to do it.
            let mut command = Command::new("sh");
            command.args(["-c", "ulimit -t 60; while :; do :; done"]);
            command.stdin(Stdio::null()).spawn().unwrap()
        };
        Busy((0..count).map(spawn).collect())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ended = child.kill();
            let _reaped = child.wait();
        }
    }
}

/// A short run of one thread.
fn load(database: &Database, arguments: &str) -> Load {
    let load = Load::at(&database.url()).args("--workload select-only --threads 1 --duration 3s");
    load.args(arguments)
}

/// Waits for the first second of the warm-up.
fn wait_for_load(running: &Running) {
    let record = running.path("result.json.partial");
    until("the load", || lines(&record).iter().any(|line| matches!(line, Line::Interval(_))));
}

/// For how much of the time the run's threads had work and no processor; none where the kernel
/// does not tell.
fn waited_percent(result: &RunResult) -> Option<f64> {
    result.load_metrics.generator.run_queue_wait_percent
}

/// What the check of it came to.
fn outcome(result: &RunResult) -> ValidityOutcome {
    let mut checks = result.validity.iter();
    checks.find(|check| check.code == "generator_wake_delay").unwrap().outcome
}

/// Whether this kernel keeps books of a thread's waits: else it has no such file, or zeros in it.
fn kernel_tells() -> bool {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().is_some_and(|ran| ran != "0")
}

#[test]
fn a_run_that_stood_still_itself_is_void_says_so_first_and_ends_with_6() {
    let database = Database::new("stood_still");
    let running = load(&database, "--rate 200 --connections 4 --warm-up 0").start();
    wait_for_load(&running);
    running.signal(Signal::SIGSTOP);
    std::thread::sleep(Duration::from_secs(1));
    running.signal(Signal::SIGCONT);
    let ended = running.wait();
    assert_eq!(ended.code, Some(6), "{}", ended.out);
    assert!(ended.out.starts_with("NOT VALID"), "{}", ended.out);
    // Its server is not called slow for it.
    let diagnosis = ended.result().diagnosis.unwrap();
    let primary = diagnosis.primary.unwrap();
    assert!(primary.title.contains("it stood still for up to"), "{}", ended.out);
}

#[test]
fn a_generator_that_others_keep_from_the_processors_says_so_and_one_that_has_them_does_not() {
    let database = Database::new("starved");
    let asking = "--qps-target 0 --connections 4 --warm-up 2s";
    let running = load(&database, asking).yielding().start();
    wait_for_load(&running);
    let busy = Busy::everywhere();
    let starved = running.wait().result();
    drop(busy);
    if !kernel_tells() {
        let seen = (waited_percent(&starved), outcome(&starved));
        return assert_eq!(seen, (None, ValidityOutcome::NotEvaluated));
    }
    let ours = &starved.load_metrics.generator;
    let waited = waited_percent(&starved).unwrap();
    assert!(waited > 20.0, "{ours:?}");
    assert!(ours.run_queue_wait_max_percent >= ours.run_queue_wait_percent, "{ours:?}");
    // What it comes to depends on how the kernel deals the waits out: a few long ones or many.
    assert_ne!(outcome(&starved), ValidityOutcome::NotEvaluated);
    // One that asks now and then has the processors that it needs. What runs beside it can only
    // add to the wait: the best of three runs counts.
    let seldom = "--rate 20 --connections 1 --warm-up 0";
    let ordinary = || waited_percent(&load(&database, seldom).run().result()).unwrap();
    assert!((0..3).any(|_| ordinary() < waited / 2.0), "as much as {waited} % of the time");
}
