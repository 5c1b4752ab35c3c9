//! The bare loop, in a process of its own: this program, started again.

use super::{Poller, THREADS};
use crate::bare::Arguments;
use crate::bench::{Bench, number_after};
use crate::figures::Figures;
use crate::process::{command, run_well};

/// One run of single-row selects.
pub fn run(bench: &Bench, connections: u32, poller: Poller) -> Result<Figures, String> {
    let program = std::env::current_exe()
        .map_err(|error| format!("cannot find the benchmark's own program: {error}"))?;
    let server = bench.server();
    let arguments = Arguments {
        poller: poller.name().to_owned(),
        address: format!("{}:{}", server.host(), server.port()),
        user: server.user().to_owned(),
        database: bench.database().to_owned(),
        connections,
        threads: THREADS,
        seconds: bench.seconds(),
    };
    let mut bare = command(program);
    bare.args(arguments.to_command_line());
    let ended = run_well(&mut bare, bench.patience())?;
    let count = number_after(&ended.stdout, "count=")?;
    let per_s = number_after(&ended.stdout, "per_s=")?;
    let cpu_us = ended.cpu_s * 1e6 / count;
    Ok(Figures { per_s, cpu_us, beside_us: None, peak_bytes: ended.peak_bytes })
}
