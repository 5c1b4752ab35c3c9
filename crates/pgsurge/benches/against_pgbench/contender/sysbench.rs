//! sysbench's point selects, where it is installed: a thread per connection, tables of its own.

use crate::bench::{Bench, number_after};
use crate::figures::Figures;
use crate::process::{command, run_well};
use std::process::Command;
use std::time::Duration;

/// As many rows as pgbench's accounts.
const ROWS: &str = "--table-size=1000000";

/// Makes its table.
///
/// # Errors
/// It is not installed, or knows no PostgreSQL.
pub fn make_table(bench: &Bench) -> Result<(), String> {
    run_well(sysbench(bench).arg("prepare"), Duration::from_secs(300)).map(drop)
}

/// One run of single-row selects.
pub fn run(bench: &Bench, connections: u32) -> Result<Figures, String> {
    let mut sysbench = sysbench(bench);
    sysbench.arg(format!("--threads={connections}")).arg(format!("--time={}", bench.seconds()));
    sysbench.args(["--events=0", "run"]);
    let ended = run_well(&mut sysbench, bench.patience())?;
    // transactions:    173412 (57802.11 per sec.)
    let line = ended.stdout.lines().find(|line| line.contains("transactions:")).unwrap_or_default();
    let (count, per_s) = (number_after(line, "transactions:")?, number_after(line, "(")?);
    let cpu_us = ended.cpu_s * 1e6 / count;
    Ok(Figures { per_s, cpu_us, beside_us: None, peak_bytes: ended.peak_bytes })
}

fn sysbench(bench: &Bench) -> Command {
    let (server, mut sysbench) = (bench.server(), command("sysbench"));
    sysbench.args(["oltp_point_select", "--db-driver=pgsql", "--tables=1", ROWS]);
    sysbench.arg(format!("--pgsql-host={}", server.host()));
    sysbench.arg(format!("--pgsql-port={}", server.port()));
    sysbench.arg(format!("--pgsql-user={}", server.user()));
    sysbench.arg(format!("--pgsql-db={}", bench.database()));
    sysbench
}
