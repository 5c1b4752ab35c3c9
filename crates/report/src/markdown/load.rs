//! What the load itself was like, beside its tables.

use super::{cell, list};
use crate::table;
use model::metric::MetricValue;
use model::run_result::{CustomMetric, RunResult};
use model::units::{count, decimal, milliseconds, percent};

pub(super) fn figures(result: &RunResult) -> String {
    list(table::key_figures(result).into_iter().map(|(name, value)| format!("{name}: {value}")))
}

pub(super) fn connections(result: &RunResult) -> String {
    let (c, pool) = (&result.load_metrics.connections, &result.load_metrics.pool);
    let t = &result.load_metrics.transactions;
    let mut lines = vec![
        format!(
            "Connects: {} attempted, {} failed; {} connections lost, {} reconnected",
            count(c.attempted),
            count(c.failed),
            count(c.lost),
            count(c.reconnected)
        ),
        format!(
            "In use: at most {} of {}, {} idle on average",
            count(pool.in_use_max),
            count(pool.size),
            decimal(pool.idle_mean)
        ),
        format!(
            "Transactions: {} committed, {} rolled back, {} deadlocks, {} serialization failures",
            count(t.committed),
            count(t.rolled_back),
            count(t.deadlocks),
            count(t.serialization_failures)
        ),
    ];
    lines.extend(t.time_ms.map(|time| {
        let [p50, p95, p99] = [time.p50, time.p95, time.p99].map(milliseconds);
        format!("Time of a transaction: p50 {p50}, p95 {p95}, p99 {p99}")
    }));
    if let Some(recovery) = c.time_to_recover_s {
        lines.push(format!("Recovery after an outage: {}", milliseconds(recovery * 1000.0)));
    }
    if c.still_down {
        lines.push("The server was still away at the end".to_owned());
    }
    list(lines)
}

pub(super) fn games(result: &RunResult) -> String {
    let Some(games) = &result.load_metrics.games else { return String::new() };
    let mut lines = vec![format!(
        "{} started, {} completed, {} abandoned",
        count(games.started),
        count(games.completed),
        count(games.abandoned)
    )];
    lines.extend(games.completion_rate_percent.map(|p| format!("Completion rate: {}", percent(p))));
    lines.extend(
        games.average_duration_s.map(|s| format!("Average duration: {}", milliseconds(s * 1000.0))),
    );
    lines.extend(
        games.player_actions_per_second.map(|rate| format!("Player actions: {}/s", decimal(rate))),
    );
    list(lines)
}

pub(super) fn custom(result: &RunResult) -> String {
    let lines = result.load_metrics.custom.iter().map(|(name, metric)| {
        let (value, meaning) = (cell(&metric_value(metric)), cell(&metric.meaning));
        format!("`{}`: {value} ({meaning})", cell(name))
    });
    list(lines)
}

/// What a metric came to, with its unit.
pub(crate) fn metric_value(metric: &CustomMetric) -> String {
    match &metric.value {
        MetricValue::Number(number) => format!("{} {}", decimal(*number), metric.unit),
        MetricValue::Distribution(d) => {
            let [mean, p50, p95, p99, max] = [d.mean, d.p50, d.p95, d.p99, d.max].map(decimal);
            let unit = &metric.unit;
            format!("mean {mean}, p50 {p50}, p95 {p95}, p99 {p99}, max {max} {unit}")
        }
    }
}

pub(super) fn events(result: &RunResult) -> String {
    let lines = result
        .events
        .iter()
        .map(|event| format!("{} s: {}", decimal(event.at_s), cell(&event.text)));
    list(lines)
}
