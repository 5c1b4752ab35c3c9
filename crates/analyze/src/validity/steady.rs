//! Did each stage of constant load become steady? Where it did not, its numbers depend on how
//! long it lasted: a queue that grows has no mean.

use super::of;
use model::run_result::{RunResult, StageBlock, StageMetrics};
use model::verdict::{ValidityCheck, ValidityOutcome};

/// Shorter stages have too little to judge (contract of the exit codes).
const MIN_STAGE_S: f64 = 30.0;
/// Fewer parts can't show a trend at this certainty.
const MIN_BLOCKS: usize = 8;
/// Mann-Kendall's statistic from which a trend is one: with ten parts, a run without a trend gets
/// here less than once in a hundred (H. B. Mann, Econometrica 13, 1945).
const TREND_Z: f64 = 2.5;
/// A trend that moves the mean by less than this from first to last third doesn't matter.
const WARN_FACTOR: f64 = 1.25;
/// One that doubles it means that a longer run would give other numbers.
const INVALID_FACTOR: f64 = 2.0;
/// Response times below this may double by chance of the scheduler.
const NOISE_MS: f64 = 1.0;

/// Every hold stage of 30 s or more, by its throughput and its response time.
pub(super) fn steady_state(result: &RunResult) -> ValidityCheck {
    const CODE: &str = "steady_state";
    let stages = result.load_metrics.stages.iter();
    let long: Vec<_> = stages.filter(|s| s.hold && s.length_s >= MIN_STAGE_S).collect();
    if long.is_empty() {
        let why = "no stage of constant load lasted 30 s or more";
        return of(CODE, ValidityOutcome::NotEvaluated, why);
    }
    let judged: Vec<_> = long.iter().filter_map(|stage| drift(stage)).collect();
    if judged.is_empty() {
        return of(CODE, ValidityOutcome::NotEvaluated, "too few actions finished to see a trend");
    }
    let worst = judged.iter().map(|drift| drift.outcome).max().unwrap_or(ValidityOutcome::Ok);
    if worst == ValidityOutcome::Ok {
        let evidence = format!("{} stage(s) of constant load without a trend", judged.len());
        return of(CODE, ValidityOutcome::Ok, evidence);
    }
    let told = judged.iter().filter(|drift| drift.outcome == worst);
    of(CODE, worst, told.map(|drift| drift.text.as_str()).collect::<Vec<_>>().join("; "))
}

struct Drift {
    outcome: ValidityOutcome,
    text: String,
}

/// What moved most in a stage; none where there is too little to judge.
fn drift(stage: &StageMetrics) -> Option<Drift> {
    let rate = moved(stage, "throughput", 0.0, |block| Some(block.achieved_per_s));
    let time = moved(stage, "mean response time", NOISE_MS, |block| block.response_time_mean_ms);
    match (rate, time) {
        (Some(rate), Some(time)) => Some(if time.outcome >= rate.outcome { time } else { rate }),
        (rate, time) => rate.or(time),
    }
}

fn moved(
    stage: &StageMetrics,
    what: &str,
    noise: f64,
    value: fn(&StageBlock) -> Option<f64>,
) -> Option<Drift> {
    let values: Vec<f64> = stage.blocks.iter().filter_map(value).collect();
    if values.len() < MIN_BLOCKS {
        return None;
    }
    let third = values.len() / 3;
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (first, last) = (mean(&values[..third]), mean(&values[values.len() - third..]));
    let (low, high) = (first.min(last), first.max(last));
    let factor = if low > 0.0 { high / low } else { f64::INFINITY };
    let real = trend_z(&values) >= TREND_Z && high - low > noise;
    let outcome = match factor {
        factor if real && factor >= INVALID_FACTOR => ValidityOutcome::Invalid,
        factor if real && factor >= WARN_FACTOR => ValidityOutcome::Warning,
        _ => ValidityOutcome::Ok,
    };
    let direction = if last > first { "rose" } else { "fell" };
    let text = format!(
        "in the stage \"{}\" the {what} {direction} all the way, from {first:.1} in its first \
         third to {last:.1} in its last",
        stage.name
    );
    Some(Drift { outcome, text })
}

/// Mann-Kendall's test statistic without its sign; values that are equal count for neither side.
fn trend_z(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let pairs =
        values.iter().enumerate().flat_map(|(i, a)| values[i + 1..].iter().map(move |b| (a, b)));
    let s: f64 = pairs.map(|(a, b)| f64::from(i8::from(b > a) - i8::from(b < a))).sum();
    let deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    (s.abs() - 1.0).max(0.0) / deviation
}
