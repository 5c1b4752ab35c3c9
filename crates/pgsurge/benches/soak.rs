//! `make soak`: does memory stay flat? The card game at 2,000 actions per second for 10 minutes,
//! while the resident memory of our process is read every second.
//!
//! Memory is no matter of how busy a machine is, so a bar that is missed fails this benchmark.
//! Shorter tries: `PGSURGE_SOAK_SECONDS=60 make soak`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is there to print")]

#[allow(dead_code, reason = "shared with the other benchmark, which needs more of it")]
#[path = "against_pgbench/process.rs"]
mod process;

use model::run_result::RunResult;
use process::{Ended, command, run_watched, status_bytes};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const MIB: f64 = 1024.0 * 1024.0;
const RATE_PER_S: u32 = 2_000;
const WHOLE_SECONDS: u64 = 600;
/// Where memory must have settled: minute 2 of 10.
const SETTLED_AFTER: f64 = 0.2;
const MOST_MIB: f64 = 64.0;
const MOST_GROWTH_MIB: f64 = 2.0;
/// Starting a server, filling tables, verifying, cleaning up.
const BESIDE_THE_LOAD: Duration = Duration::from_secs(300);

/// The resident memory of a process over its life.
#[derive(Default)]
struct Memory {
    samples: Vec<(Duration, u64)>,
}

impl Memory {
    fn max_mib(&self, from: Duration) -> Option<f64> {
        let since = self.samples.iter().filter(|(at, _)| *at >= from);
        since.map(|(_, bytes)| *bytes as f64 / MIB).max_by(f64::total_cmp)
    }

    /// The most after a moment over what it was at that moment.
    fn growth_mib(&self, after: Duration) -> Option<f64> {
        let (_, then) = self.samples.iter().find(|(at, _)| *at >= after)?;
        Some(self.max_mib(after)? - *then as f64 / MIB)
    }
}

fn main() -> ExitCode {
    // `cargo test --all-targets` starts benchmarks too, and none is a test.
    if !std::env::args().any(|it| it == "--bench") {
        println!("nothing to do: benchmarks run by `cargo bench`");
        return ExitCode::SUCCESS;
    }
    let outcome = seconds().and_then(|seconds| soak(seconds).and_then(|it| report(seconds, &it)));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn seconds() -> Result<u64, String> {
    match std::env::var("PGSURGE_SOAK_SECONDS") {
        Err(_) => Ok(WHOLE_SECONDS),
        Ok(text) => match text.parse() {
            Ok(seconds) if (10..=86_400).contains(&seconds) => Ok(seconds),
            _ => Err(format!("PGSURGE_SOAK_SECONDS is {text:?}, not from 10 to 86400")),
        },
    }
}

struct Soaked {
    memory: Memory,
    ended: Ended,
    result: RunResult,
}

/// The program brings its own server, as for anyone who names none.
fn soak(seconds: u64) -> Result<Soaked, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
    let path = folder.path().join("result.json");
    let mut pgsurge = command(env!("CARGO_BIN_EXE_pgsurge"));
    pgsurge.args(["load", "--workload", "hokm", "--rate", &RATE_PER_S.to_string()]);
    pgsurge.args(["--duration", &format!("{seconds}s"), "--warm-up", "0"]);
    pgsurge.args(["--progress", "10s", "--format", "json", "--output"]).arg(&path);
    pgsurge.current_dir(folder.path());
    eprintln!("hokm, {RATE_PER_S} actions per second for {seconds} s, on a throwaway server");
    let mut memory = Memory::default();
    let (began, mut told_s) = (Instant::now(), 0);
    let mut look = |pid: u32| {
        let at = began.elapsed();
        let is_due = memory.samples.last().is_none_or(|(last, _)| at >= *last + SECOND);
        if let Some(bytes) = is_due.then(|| status_bytes(pid, "VmRSS:")).flatten() {
            memory.samples.push((at, bytes));
            if at.as_secs() >= told_s {
                eprintln!("{:>5} s: {:.1} MiB", at.as_secs(), bytes as f64 / MIB);
                told_s = at.as_secs() + 30;
            }
        }
    };
    let patience = Duration::from_secs(seconds) + BESIDE_THE_LOAD;
    let ended = run_watched(&mut pgsurge, patience, &mut look)?;
    let text = std::fs::read_to_string(&path)
        .map_err(|_| format!("pgsurge ended with {:?}: {}", ended.code, ended.complaint()))?;
    let result =
        serde_json::from_str(&text).map_err(|error| format!("cannot read the result: {error}"))?;
    Ok(Soaked { memory, ended, result })
}

const SECOND: Duration = Duration::from_secs(1);

/// Prints what came of it; true when both bars held.
fn report(seconds: u64, soaked: &Soaked) -> Result<bool, String> {
    let settled = Duration::from_secs_f64(seconds as f64 * SETTLED_AFTER);
    let memory = &soaked.memory;
    let sampled_mib = memory.max_mib(Duration::ZERO);
    // The system's own peak also knows what came and went between two looks.
    let peak_mib = soaked.ended.peak_bytes.map(|bytes| bytes as f64 / MIB).or(sampled_mib);
    let (Some(max_mib), Some(growth_mib)) = (peak_mib, memory.growth_mib(settled)) else {
        return Err("this system doesn't tell the memory of a process".to_owned());
    };
    let load = &soaked.result.load_metrics;
    let bar = |what: &str, value: f64, limit: f64| {
        let kept = value < limit;
        let outcome = if kept { "ok" } else { "MISSED" };
        println!("{what}: {value:.2} MiB, to be below {limit} MiB: {outcome}");
        kept
    };
    println!(
        "hokm, {} s open loop, offered {:.1}/s, achieved {:.1}/s, {} samples of memory",
        seconds,
        load.offered_per_s.unwrap_or(0.0),
        load.achieved_per_s,
        memory.samples.len()
    );
    let is_small = bar("resident memory, most", max_mib, MOST_MIB);
    let what = format!("growth after {:.0} s, verification included", settled.as_secs_f64());
    let is_flat = bar(&what, growth_mib, MOST_GROWTH_MIB);
    let verdict = &soaked.result.verdict;
    println!("verdict of the run: {:?} (exit code {:?})", verdict.outcome, soaked.ended.code);
    verdict.reasons.iter().for_each(|reason| println!("  {reason}"));
    if let Some(verification) = &load.verification {
        let violations: u64 = verification.checks.iter().map(|check| check.violations).sum();
        let checks = verification.checks.len();
        println!("verification: {checks} checks, {violations} violations");
    }
    // A run that did less, or lost something, says nothing about memory under that load.
    let did_it_all = load.achieved_per_s >= 0.99 * load.offered_per_s.unwrap_or(0.0)
        && load.verification.as_ref().is_some_and(|verification| verification.passed);
    if !did_it_all {
        println!("the load was not carried in full, or its data did not hold: MISSED");
    }
    Ok(is_small && is_flat && did_it_all)
}
