//! `make monitor-cost`: what does watching cost? The same load with the monitor on and off, in
//! turn (on, off, off, on), so that a machine that gets slower or faster meanwhile favours none.
//!
//! The server has one half of the CPUs and the load the other: where both share all of them, runs of
//! the same load differ by a quarter, as the scheduler happens to place them. What is left of that is
//! told as a confidence interval. Leave the machine alone meanwhile. More or longer runs:
//! `PGSURGE_COST_ROUNDS=40 PGSURGE_COST_SECONDS=30 make monitor-cost`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is there to print")]

#[allow(dead_code, reason = "shared with the other benchmark, which needs more of it")]
#[path = "against_pgbench/process.rs"]
mod process;

use model::database_metrics::MonitorCost;
use model::run_result::RunResult;
#[cfg(target_os = "linux")]
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};
use process::{command, run};
use servers::{Environment, Postgres, PostgresOptions};
use std::process::ExitCode;
use std::time::Duration;

const MIB: f64 = 1024.0 * 1024.0;
const ROUNDS: u64 = 20;
const SECONDS: u64 = 3;
/// Of the normal distribution: 95 % are within so many standard errors of the mean.
const SURE: f64 = 1.96;
/// The bars: of throughput, of the server's CPUs, of memory.
const LEAST_RATIO: f64 = 0.98;
const MOST_SERVER_PERCENT: f64 = 1.0;
const MOST_MIB: f64 = 16.0;
/// Filling tables, verifying, cleaning up.
const BESIDE_THE_LOAD: Duration = Duration::from_secs(120);

/// Loads that are told apart: many tiny statements, and transactions that write.
const WORKLOADS: [&str; 2] = ["select-only", "tpcb-like"];

fn main() -> ExitCode {
    // `cargo test --all-targets` starts benchmarks too, and none is a test.
    if !std::env::args().any(|it| it == "--bench") {
        println!("nothing to do: benchmarks run by `cargo bench`");
        return ExitCode::SUCCESS;
    }
    match measure() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn number(variable: &str, default: u64) -> Result<u64, String> {
    match std::env::var(variable) {
        Err(_) => Ok(default),
        Ok(text) => match text.parse() {
            Ok(number) if (1..=3600).contains(&number) => Ok(number),
            _ => Err(format!("{variable} is {text:?}, not from 1 to 3600")),
        },
    }
}

fn measure() -> Result<bool, String> {
    let rounds = number("PGSURGE_COST_ROUNDS", ROUNDS)?;
    let seconds = number("PGSURGE_COST_SECONDS", SECONDS)?;
    let environment = Environment::from_pairs(std::env::vars_os());
    let (of_server, of_load) = halves()?;
    // Whoever is started from here on has these.
    pin(&of_server)?;
    let server = Postgres::start(&environment, &PostgresOptions::default())
        .map_err(|error| format!("cannot start a server: {error}"))?;
    server
        .psql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        .map_err(|it| it.to_string())?;
    pin(&of_load)?;
    let mut all_kept = true;
    for workload in WORKLOADS {
        let mut sides = [Side::default(), Side::default()];
        let mut ratios = Vec::new();
        for round in 1..=rounds {
            let mut of_round = [0.0; 2];
            for on in [true, false, false, true] {
                let ran = one(&server, workload, on, seconds)?;
                of_round[usize::from(on)] += ran.per_s;
                sides[usize::from(on)].add(ran);
            }
            ratios.push(of_round[1] / of_round[0]);
            eprintln!("{workload} {round} of {rounds}: {:.4}", of_round[1] / of_round[0]);
        }
        let [off, on] = &sides;
        all_kept &= report(workload, ratios, off, on)?;
    }
    Ok(all_kept)
}

/// The CPUs that we may use, by half: the server's and the load's; the same where there is but one.
#[cfg(target_os = "linux")]
fn halves() -> Result<(CpuSet, CpuSet), String> {
    let all = sched_getaffinity(Pid::this()).map_err(|error| format!("which CPUs? {error}"))?;
    let ours: Vec<usize> =
        (0..CpuSet::count()).filter(|cpu| all.is_set(*cpu) == Ok(true)).collect();
    if ours.len() < 2 {
        return Ok((all, all));
    }
    let (server, load) = ours.split_at(ours.len() / 2);
    Ok((set(server)?, set(load)?))
}

#[cfg(target_os = "linux")]
fn set(cpus: &[usize]) -> Result<CpuSet, String> {
    let mut set = CpuSet::new();
    cpus.iter().try_for_each(|cpu| set.set(*cpu)).map_err(|error| error.to_string())?;
    Ok(set)
}

#[cfg(target_os = "linux")]
fn pin(cpus: &CpuSet) -> Result<(), String> {
    sched_setaffinity(Pid::this(), cpus).map_err(|error| format!("cannot choose CPUs: {error}"))
}

/// Elsewhere nobody may choose: both have all of them.
#[cfg(not(target_os = "linux"))]
fn halves() -> Result<((), ()), String> {
    Ok(((), ()))
}

#[cfg(not(target_os = "linux"))]
fn pin(_all: &()) -> Result<(), String> {
    Ok(())
}

/// All runs with the monitor on, or off.
#[derive(Default)]
struct Side {
    per_s: Vec<f64>,
    peak_mib: Vec<f64>,
    server_percent: Vec<f64>,
    own_ms_per_s: Vec<f64>,
}

/// One run.
struct Ran {
    per_s: f64,
    seconds: f64,
    peak_mib: Option<f64>,
    cost: Option<MonitorCost>,
}

impl Side {
    fn add(&mut self, ran: Ran) {
        self.per_s.push(ran.per_s);
        self.peak_mib.extend(ran.peak_mib);
        if let Some(cost) = ran.cost {
            self.server_percent.extend(cost.server_cpu_percent);
            self.own_ms_per_s.extend(cost.cpu_ms.map(|ms| ms / ran.seconds));
        }
    }
}

fn one(server: &Postgres, workload: &str, on: bool, seconds: u64) -> Result<Ran, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
    let path = folder.path().join("result.json");
    let mut pgsurge = command(env!("CARGO_BIN_EXE_pgsurge"));
    pgsurge.args(["load", "--database-url", &server.url(), "--sslmode", "disable"]);
    pgsurge.args(["--workload", workload, "--connections", "8", "--qps-target", "0"]);
    pgsurge.args(["--duration", &format!("{seconds}s"), "--warm-up", "1s", "--progress", "0"]);
    pgsurge.args(["--monitor", if on { "on" } else { "off" }]);
    pgsurge.args(["--format", "json", "--output"]).arg(&path).current_dir(folder.path());
    let ended = run(&mut pgsurge, Duration::from_secs(seconds) + BESIDE_THE_LOAD)?;
    let text = std::fs::read_to_string(&path)
        .map_err(|_| format!("pgsurge ended with {:?}: {}", ended.code, ended.complaint()))?;
    let result: RunResult =
        serde_json::from_str(&text).map_err(|error| format!("cannot read the result: {error}"))?;
    if result.test_summary.queries_failed > 0 {
        return Err(format!("{} queries failed", result.test_summary.queries_failed));
    }
    let watched = result.database_metrics.as_ref();
    Ok(Ran {
        per_s: result.load_metrics.queries_per_s,
        seconds: seconds as f64 + 1.0,
        peak_mib: ended.peak_bytes.map(|bytes| bytes as f64 / MIB),
        cost: watched.and_then(|it| it.monitor.data().cloned()),
    })
}

/// The mean, and how far from it the true one is at most, with 95 % confidence.
fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|it| (it - mean).powi(2)).sum();
    (mean, SURE * (squares / (count - 1.0).max(1.0) / count).sqrt())
}

fn median(mut values: Vec<f64>) -> Result<f64, String> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => Err("this system does not tell what it costs".to_owned()),
        even if even % 2 == 0 => Ok((values[middle - 1] + values[middle]) / 2.0),
        _ => Ok(values[middle]),
    }
}

/// Prints what came of one workload; true when its bars held.
fn report(workload: &str, ratios: Vec<f64>, off: &Side, on: &Side) -> Result<bool, String> {
    let (ratio, within) = mean(&ratios);
    let percent = on.server_percent.iter().copied().fold(0.0, f64::max);
    let more_mib = median(on.peak_mib.clone())? - median(off.peak_mib.clone())?;
    let told = |kept: bool| if kept { "ok" } else { "MISSED" };
    println!(
        "{workload}: {:.0} statements/s without, {:.0} with",
        median(off.per_s.clone())?,
        median(on.per_s.clone())?
    );
    let kept = [ratio >= LEAST_RATIO, percent <= MOST_SERVER_PERCENT, more_mib <= MOST_MIB];
    println!(
        "  throughput with : without, mean of {} rounds: {ratio:.4} (95 %: {:.4} to {:.4}, median \
         {:.4}), to be at least {LEAST_RATIO}: {}",
        ratios.len(),
        ratio - within,
        ratio + within,
        median(ratios.clone())?,
        told(kept[0])
    );
    println!(
        "  of the server's CPUs, at most: {:.3} % (median {:.3} %), to be at most \
         {MOST_SERVER_PERCENT} %: {}",
        percent,
        median(on.server_percent.clone())?,
        told(kept[1])
    );
    println!(
        "  memory: {:.1} MiB without, {more_mib:+.1} MiB with, to be at most {MOST_MIB} MiB: {}",
        median(off.peak_mib.clone())?,
        told(kept[2])
    );
    let own = median(on.own_ms_per_s.clone())?;
    println!("  CPU of the monitor's own threads: {own:.2} ms per second");
    Ok(kept.iter().all(|kept| *kept))
}
