//! Did the limits hold? A limit names a place in the result file; a place that holds no number
//! is not evaluated, and says why.

pub mod early;
mod expression;
mod names;
mod operations;
mod place;

pub use expression::{ExpressionError, parse};
pub use operations::Operations;
pub use place::{Place, find};

use model::plan::Limit;
use model::run_result::RunResult;
use model::threshold::{KEYS, Threshold, ThresholdOutcome, ThresholdResult, ThresholdSource, key};
use serde_json::Value;

/// Where the CPU use of the server's host stands.
const CPU_USAGE: &str = "system_metrics.cpu_usage_percent.mean";

/// A limit on something that doesn't exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no threshold is called \"{name}\"")]
pub struct UnknownThreshold {
    /// What was asked for.
    pub name: String,
    /// The valid name that looks most like it.
    pub nearest: &'static str,
}

impl UnknownThreshold {
    /// What to do about it.
    pub fn hint(&self) -> String {
        format!("did you mean \"{}\"?", self.nearest)
    }
}

/// A limit of a plan that this version can't judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// There is none of this name.
    #[error(transparent)]
    Unknown(#[from] UnknownThreshold),
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] ExpressionError),
}

/// The thresholds of a plan: those of the contract in its order, then those that the user wrote.
///
/// # Errors
/// Each that can't be judged.
pub fn of_plan(
    limits: &[Limit],
    expressions: &[String],
) -> Result<Vec<Threshold>, Vec<LimitError>> {
    let written: Vec<_> = expressions.iter().map(|text| parse(text)).collect();
    let unreadable = written.iter().filter_map(|it| it.clone().err()).map(LimitError::from);
    let errors: Vec<_> = unknown(limits).chain(unreadable).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(named(limits).into_iter().chain(written.into_iter().flatten()).collect())
}

fn unknown(limits: &[Limit]) -> impl Iterator<Item = LimitError> {
    limits.iter().filter(|limit| key(&limit.name).is_none()).map(|limit| {
        let (name, nearest) = (limit.name.clone(), nearest(&limit.name));
        LimitError::Unknown(UnknownThreshold { name, nearest })
    })
}

fn named(limits: &[Limit]) -> Vec<Threshold> {
    let limited = KEYS.iter().filter_map(|key| {
        let limit = limits.iter().rev().find(|limit| limit.name == key.name)?;
        let mut threshold = key.threshold(limit.set_by_user.then_some(limit.limit));
        threshold.limit = limit.limit;
        Some(threshold)
    });
    limited.collect()
}

/// The thresholds that hold where the user says nothing.
pub fn defaults() -> Vec<Threshold> {
    KEYS.iter().map(|key| key.threshold(None)).collect()
}

/// The name of a threshold that looks most like `name`.
pub fn nearest(name: &str) -> &'static str {
    nearest_of(name, KEYS.iter().map(|key| key.name))
}

/// The one of `valid` that looks most like `name`.
fn nearest_of<'a>(name: &str, valid: impl Iterator<Item = &'a str>) -> &'a str {
    valid.min_by_key(|valid| edit_distance(name, valid)).unwrap_or("")
}

/// Compares each threshold with the value that the result holds for it.
pub fn evaluate(result: &RunResult, thresholds: &[Threshold]) -> Vec<ThresholdResult> {
    // As a document, so that a limit can name any place that a reader of the file sees. A result
    // of ours has text for keys and always becomes one.
    let document = serde_json::to_value(result).unwrap_or(Value::Null);
    let is_closed = result.load_metrics.offered_per_s.is_none();
    let compared = thresholds.iter().map(|threshold| compare(&document, threshold));
    compared.map(|compared| if is_closed { informing(compared) } else { compared }).collect()
}

/// A closed loop is meant to fill the machine: there the default limit of CPU use informs only.
fn informing(mut compared: ThresholdResult) -> ThresholdResult {
    let is_cpu = compared.metric == CPU_USAGE && compared.source == ThresholdSource::Default;
    if is_cpu && compared.outcome == ThresholdOutcome::Failed {
        compared.outcome = ThresholdOutcome::NotEvaluated;
        let reason = "a closed loop is meant to fill the machine: set a limit to have it hold";
        compared.reason = Some(reason.to_owned());
    }
    compared
}

fn compare(document: &Value, threshold: &Threshold) -> ThresholdResult {
    let (outcome, value, reason) = match find(document, &threshold.metric) {
        Place::Number(value) if threshold.comparison.holds(value, threshold.limit) => {
            (ThresholdOutcome::Passed, Some(value), None)
        }
        Place::Number(value) => (ThresholdOutcome::Failed, Some(value), None),
        Place::Absent(reason) => (ThresholdOutcome::NotEvaluated, None, Some(reason)),
    };
    ThresholdResult {
        name: threshold.name.clone(),
        metric: threshold.metric.clone(),
        comparison: threshold.comparison,
        limit: threshold.limit,
        value,
        unit: threshold.unit,
        outcome,
        reason,
        source: threshold.source,
    }
}

/// Levenshtein's distance, by characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let change = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = change.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
