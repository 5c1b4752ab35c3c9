//! What a run comes to: everything that is wrong with it, the gravest first.

use crate::validity::SOMETHING_SUCCEEDED;
use model::event::{Event, EventKind};
use model::run_result::RunResult;
use model::threshold::{ThresholdOutcome, ThresholdResult, ThresholdSource};
use model::units::duration;
use model::verdict::{Cause, Reason, ValidityCheck, ValidityOutcome, Verdict};
use model::verification::Verification;

/// The verdict on `result`. `reasons` is what the result itself can't know.
pub fn decide(
    result: &RunResult,
    validity: &[ValidityCheck],
    thresholds: &[ThresholdResult],
    mut reasons: Vec<Reason>,
) -> Verdict {
    reasons.extend(unreachable(result));
    reasons.extend(result.load_metrics.verification.as_ref().and_then(inconsistent));
    if result.test_summary.interrupted {
        let after = duration(result.load_metrics.elapsed_s);
        let text = format!("interrupted after {after} of measured time");
        reasons.push(Reason::new(Cause::Interrupted, text));
    }
    reasons.extend(result.events.iter().filter_map(aborted));
    reasons.extend(validity.iter().filter_map(unsound));
    reasons.extend(thresholds.iter().filter_map(broken_limit));
    Verdict::of(reasons)
}

/// A limit ended the load: what it came to later does not mend it.
fn aborted(event: &Event) -> Option<Reason> {
    let is_abort = event.kind == EventKind::Aborted;
    is_abort.then(|| Reason::new(Cause::ThresholdFailed, event.text.clone()))
}

/// Every connect failed, so nothing was ever asked of the server.
fn unreachable(result: &RunResult) -> Option<Reason> {
    let load = &result.load_metrics;
    let connects = &load.connections;
    let never = connects.attempted > 0
        && connects.failed == connects.attempted
        && load.all_actions.finished() + load.warm_up.finished() == 0;
    let first = load.early_errors.iter().chain(&load.errors).next();
    let said = first.map_or("", |error| error.sample.as_str());
    let text = format!("all {} connects failed: {said}", connects.attempted);
    never.then(|| Reason::new(Cause::Unreachable, text))
}

fn inconsistent(verification: &Verification) -> Option<Reason> {
    if verification.passed {
        return None;
    }
    let broken: Vec<_> = verification.checks.iter().filter(|c| c.violations > 0).collect();
    let text = match broken.first() {
        Some(first) => format!(
            "the stored data is wrong: {} of {} in \"{}\"{}{}",
            first.violations,
            first.checked,
            first.name,
            first.sample.as_ref().map(|s| format!(": {s}")).unwrap_or_default(),
            match broken.len() {
                1 => String::new(),
                n => format!(" (and {} more checks)", n - 1),
            }
        ),
        None => "the stored data did not pass its verification".to_owned(),
    };
    Some(Reason::new(Cause::DataInconsistent, text))
}

fn unsound(check: &ValidityCheck) -> Option<Reason> {
    match check.outcome {
        ValidityOutcome::Invalid => {
            let text = format!("not valid ({}): {}", check.code, check.evidence);
            Some(Reason::new(Cause::Invalid, text))
        }
        ValidityOutcome::Warning if check.code == SOMETHING_SUCCEEDED => {
            Some(Reason::new(Cause::Inconclusive, check.evidence.clone()))
        }
        _ => None,
    }
}

fn broken_limit(threshold: &ThresholdResult) -> Option<Reason> {
    match (threshold.outcome, threshold.source) {
        (ThresholdOutcome::Failed, _) => {
            let value = threshold.unit.show(threshold.value.unwrap_or(f64::NAN));
            let limit = threshold.unit.show(threshold.limit);
            let text = format!("{}: {value}, the limit is {limit}", threshold.name);
            Some(Reason::new(Cause::ThresholdFailed, text))
        }
        (ThresholdOutcome::NotEvaluated, ThresholdSource::User) => {
            let why = threshold.reason.as_deref().unwrap_or("it could not be measured");
            let text = format!("{} was not evaluated: {why}", threshold.name);
            Some(Reason::new(Cause::Inconclusive, text))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
