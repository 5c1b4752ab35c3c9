//! `pgsurge load --workload select-only`: the whole program, as a user starts it. Its figures are
//! those of its own result file; its CPU time is the system's, start to exit.

use super::{Lag, Poller, THREADS};
use crate::bench::Bench;
use crate::figures::Figures;
use crate::process::{Ended, command, run as run_to_end};
use model::histogram::Histogram;
use model::run_result::RunResult;
use std::collections::BTreeMap;

/// A run at a rate.
#[derive(Clone, Copy, Debug)]
pub struct OpenLoop {
    /// Connections.
    pub connections: u32,
    /// Transactions per second.
    pub per_s: u32,
}

/// What our runs thought of themselves: how often each verdict came, with its reasons.
#[derive(Default)]
pub struct Verdicts(BTreeMap<String, u32>);

impl Verdicts {
    fn count(&mut self, result: &RunResult) {
        let outcome = format!("{:?}", result.verdict.outcome).to_lowercase();
        // Numbers differ from run to run: what stands before them tells which check it was.
        let reasons: Vec<&str> =
            result.verdict.reasons.iter().filter_map(|it| it.split(':').next()).collect();
        let text = match reasons.is_empty() {
            true => outcome,
            false => format!("{outcome} ({})", reasons.join("; ")),
        };
        *self.0.entry(text).or_default() += 1;
    }

    /// In words.
    pub fn shown(&self) -> String {
        let all: Vec<String> =
            self.0.iter().map(|(text, count)| format!("{count} {text}")).collect();
        all.join(", ")
    }
}

/// One run of single-row selects.
pub fn run(bench: &mut Bench, connections: u32, poller: Poller) -> Result<Figures, String> {
    let pace = ["--qps-target", "0"].map(str::to_owned);
    let (ended, result) = load(bench, connections, poller, &pace)?;
    let count = result.test_summary.queries_executed;
    if count == 0 || result.test_summary.queries_failed > 0 {
        let failed = result.test_summary.queries_failed;
        return Err(format!("{count} queries executed, {failed} of them failed"));
    }
    let load = &result.load_metrics;
    Ok(Figures {
        per_s: load.queries_per_s,
        cpu_us: ended.cpu_s * 1e6 / count as f64,
        beside_us: Some((ended.cpu_s - load.generator.cpu_s).max(0.0) * 1e6 / count as f64),
        peak_bytes: ended.peak_bytes,
    })
}

/// One run at a rate: wait and lateness.
pub fn lag(bench: &mut Bench, open: OpenLoop, poller: Poller) -> Result<Lag, String> {
    let rate = open.per_s.to_string();
    // As pgbench does it, gaps are those of independent users.
    let pace = ["--rate", rate.as_str(), "--arrivals", "poisson"].map(str::to_owned);
    let (_, result) = load(bench, open.connections, poller, &pace)?;
    let histograms = &result.load_metrics.all_actions.histograms;
    let read = |text: &Option<String>| {
        text.as_deref().and_then(Histogram::<u64>::from_base64).filter(|it| !it.is_empty())
    };
    let (Some(wait), Some(lateness)) = (read(&histograms.wait), read(&histograms.lateness)) else {
        return Err("the result holds no wait and lateness".to_owned());
    };
    let at = |share| {
        sum_at_most_ms(&wait, &lateness, share).ok_or_else(|| "an empty histogram".to_owned())
    };
    Ok(Lag { p50_ms: at(0.5)?, p99_ms: at(0.99)? })
}

/// What a share of all sums of wait and lateness stays at or below, at most.
///
/// The result has a histogram of each and none of their sum, and quantiles can't be added. But if
/// at most x of all waits are above a, and at most y of all latenesses above b, then at most x + y
/// of all sums are above a + b: the best split of the rest of the share gives the bound.
fn sum_at_most_ms(wait: &Histogram, lateness: &Histogram, share: f64) -> Option<f64> {
    const SPLITS: u32 = 200;
    let rest = 1.0 - share;
    let bound = |split: u32| {
        let waiting = rest * f64::from(split) / f64::from(SPLITS);
        Some(wait.quantile_ms(1.0 - waiting)? + lateness.quantile_ms(share + waiting)?)
    };
    (0..=SPLITS).filter_map(bound).min_by(f64::total_cmp)
}

fn load(
    bench: &mut Bench,
    connections: u32,
    poller: Poller,
    pace: &[String],
) -> Result<(Ended, RunResult), String> {
    let result = bench.folder().join("result.json");
    let mut pgsurge = command(env!("CARGO_BIN_EXE_pgsurge"));
    pgsurge.args(["load", "--workload", "select-only", "--database-url", &bench.server().url()]);
    pgsurge.args(["--connections", &connections.to_string(), "--threads", &THREADS.to_string()]);
    pgsurge.args(["--duration", &format!("{}s", bench.seconds()), "--warm-up", "0"]);
    pgsurge.args(["--poller", poller.name()]).args(pace);
    // Progress is part of what a user pays for.
    pgsurge.args(["--progress", "1s", "--format", "json", "--force", "--output"]).arg(&result);
    pgsurge.current_dir(bench.folder());
    let ended = run_to_end(&mut pgsurge, bench.patience())?;
    // The exit code is the verdict's; whoever measured something has written a result.
    let text = std::fs::read_to_string(&result)
        .map_err(|_| format!("pgsurge ended with {:?}: {}", ended.code, ended.complaint()))?;
    let _ = std::fs::remove_file(&result);
    let result: RunResult =
        serde_json::from_str(&text).map_err(|error| format!("cannot read the result: {error}"))?;
    bench.verdicts.count(&result);
    Ok((ended, result))
}
