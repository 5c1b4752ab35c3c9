//! How the metrics of a workload's own changed. Which way is good only its author knows.

use super::degradation::{RESOLUTION_PERCENT, relative_percent, said};
use model::metric::{MetricKind, MetricValue};
use model::run_result::CustomMetric;
use model::suite::{Change, Effect, Figures};
use model::units::decimal;

/// A change for each value of each metric that both have, in the same unit.
pub(super) fn changes(from: &Figures, to: &Figures) -> Vec<Change> {
    let both = to.custom.iter().filter_map(|(name, after)| {
        let before = from.custom.get(name)?;
        let comparable = before.kind == after.kind && before.unit == after.unit;
        comparable.then_some((name, before, after))
    });
    both.flat_map(|(name, before, after)| {
        let (before, after) = (values(before, from.elapsed_s), values(after, to.elapsed_s));
        let pairs = before.into_iter().zip(after);
        pairs.map(move |((part, before), (_, after))| change(name, part, before, after))
    })
    .collect()
}

/// What of a metric is compared: the mean and a high value of many; of a count, how many per second,
/// for scenarios take different times.
fn values(metric: &CustomMetric, elapsed_s: f64) -> Vec<(&'static str, f64)> {
    match (metric.kind, &metric.value) {
        (_, MetricValue::Distribution(all)) => vec![("mean", all.mean), ("p95", all.p95)],
        (MetricKind::Counter, MetricValue::Number(_)) if elapsed_s <= 0.0 => Vec::new(),
        (MetricKind::Counter, MetricValue::Number(count)) => vec![("per_s", count / elapsed_s)],
        (_, MetricValue::Number(value)) => vec![("", *value)],
    }
}

fn change(name: &str, part: &str, from: f64, to: f64) -> Change {
    let change_percent = relative_percent(from, to);
    let (metric, of_what) = match part {
        "" => (format!("custom.{name}"), ""),
        "per_s" => (format!("custom.{name}.per_s"), " per second"),
        "mean" => (format!("custom.{name}.mean"), " on average"),
        _ => (format!("custom.{name}.{part}"), " at p95"),
    };
    let words = match change_percent {
        None if to == 0.0 => format!("still none{of_what}"),
        None => format!("{} after none{of_what}", decimal(to)),
        Some(size) if size.abs() < RESOLUTION_PERCENT => format!("the same{of_what}"),
        Some(size) => said(size, if size > 0.0 { "more" } else { "less" }) + of_what,
    };
    Change { metric, from, to, change_percent, effect: Effect::Unknown, words }
}
