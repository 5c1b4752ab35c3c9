//! pgbench, from the folder of the server's own programs.

use super::{Lag, OpenLoop, THREADS};
use crate::bench::{Bench, number_after};
use crate::figures::Figures;
use crate::process::{command, run_well};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The size of its tables: 1,000,000 accounts.
pub const SCALE: u32 = 10;

/// Makes its tables.
pub fn make_tables(bench: &Bench) -> Result<(), String> {
    let mut pgbench = pgbench(bench);
    pgbench.args(["--initialize", "--quiet", "--scale", &SCALE.to_string(), bench.database()]);
    run_well(&mut pgbench, Duration::from_secs(300)).map(drop)
}

/// One run of single-row selects.
pub fn run(bench: &Bench, connections: u32, threads: u32) -> Result<Figures, String> {
    let mut pgbench = selecting(bench, connections, threads);
    pgbench.arg(bench.database());
    let ended = run_well(&mut pgbench, bench.patience())?;
    let count = number_after(&ended.stdout, "number of transactions actually processed:")?;
    if count == 0.0 {
        // Its duration includes connecting.
        return Err("no transaction in so short a time".to_owned());
    }
    let per_s = number_after(&ended.stdout, "tps =")?;
    let cpu_us = ended.cpu_s * 1e6 / count;
    Ok(Figures { per_s, cpu_us, beside_us: None, peak_bytes: ended.peak_bytes })
}

/// One run at a rate, its lag from its own log.
pub fn lag(bench: &Bench, open: OpenLoop) -> Result<Lag, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
    let mut pgbench = selecting(bench, open.connections, THREADS);
    pgbench.args(["--rate", &open.per_s.to_string(), "--log", "--log-prefix"]);
    pgbench.arg(folder.path().join("log")).arg(bench.database());
    run_well(&mut pgbench, bench.patience())?;
    let mut lags_us = Vec::new();
    read_lags(folder.path(), &mut lags_us)
        .map_err(|error| format!("cannot read pgbench's log: {error}"))?;
    lags_us.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let rank = (share * lags_us.len() as f64).ceil() as usize;
        lags_us.get(rank.saturating_sub(1)).map(|us| us / 1000.0)
    };
    match (at(0.5), at(0.99)) {
        (Some(p50_ms), Some(p99_ms)) => Ok(Lag { p50_ms, p99_ms }),
        _ => Err("pgbench logged no transaction".to_owned()),
    }
}

/// The seventh column, µs: there is one line per transaction and one file per thread.
fn read_lags(folder: &Path, lags_us: &mut Vec<f64>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let text = std::fs::read_to_string(entry?.path())?;
        let column = |line: &str| line.split_ascii_whitespace().nth(6)?.parse::<f64>().ok();
        lags_us.extend(text.lines().filter_map(column));
    }
    Ok(())
}

fn selecting(bench: &Bench, connections: u32, threads: u32) -> Command {
    let mut pgbench = pgbench(bench);
    pgbench.args(["--select-only", "--no-vacuum", "--protocol", "prepared"]);
    pgbench.args(["--client", &connections.to_string(), "--jobs", &threads.to_string()]);
    pgbench.args(["--time", &bench.seconds().to_string()]);
    pgbench
}

fn pgbench(bench: &Bench) -> Command {
    let mut pgbench = command(bench.server().bin_dir().join("pgbench"));
    let port = bench.server().port().to_string();
    pgbench.args(["--host", bench.server().host(), "--port", &port]);
    pgbench.args(["--username", bench.server().user()]);
    pgbench
}
