//! Judgement as pure functions of a result: no IO, no clock, and the same file gives the same
//! verdict on any day.
//!
//! Four questions, in this order: is the run itself sound (`validity`), did the limits hold
//! (`thresholds`), what does it come to (`verdict`), and what held the server back (`diagnosis`,
//! made of a latency `budget`, `saturation` and `rules`). `suite` judges several runs as one.

mod budget;
pub mod diagnosis;
mod ranks;
mod rules;
mod saturation;
pub mod suite;
pub mod thresholds;
pub mod validity;
pub mod verdict;

use model::run_result::RunResult;
use model::threshold::Threshold;
use model::verdict::{Judgement, Reason};

/// Judges a result against `thresholds`. `reasons` is what the result itself can't know: a
/// server that was never reached, a fault of ours.
pub fn judge(result: &RunResult, thresholds: &[Threshold], reasons: Vec<Reason>) -> Judgement {
    let validity = validity::check(result);
    let thresholds = thresholds::evaluate(result, thresholds);
    let verdict = verdict::decide(result, &validity, &thresholds, reasons);
    let diagnosed = Some(diagnosis::diagnose(result, &validity));
    Judgement { validity, thresholds, verdict, diagnosed }
}

/// The code of every rule, in the order in which they are asked.
pub fn rule_codes() -> impl Iterator<Item = &'static str> {
    rules::RULES.into_iter().flatten().map(|rule| rule.code)
}
