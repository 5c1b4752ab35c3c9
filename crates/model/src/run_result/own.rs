//! What a workload measured of its own: games, and everything else by name.

use super::load_metrics::{CustomMetric, Games};
use super::operation::percent_of;
use crate::metric::Metric;
use std::collections::BTreeMap;

/// The metrics that make up `games`, by the names that workloads give them.
const GAMES: [&str; 5] = [
    "games_started",
    "games_completed",
    "games_abandoned",
    "average_game_duration_s",
    "player_actions_per_second",
];

pub(super) fn games(metrics: &[Metric]) -> Option<Games> {
    let value = |name: &str| metrics.iter().find(|metric| metric.name == name)?.as_number();
    let [started, completed, abandoned, duration, actions] = GAMES.map(value);
    let count = |value: Option<f64>| value.unwrap_or(0.0).max(0.0) as u64;
    let (completed, abandoned) = (count(completed), count(abandoned));
    started.map(|_| Games {
        started: count(started),
        completed,
        abandoned,
        completion_rate_percent: percent_of(completed, completed + abandoned),
        average_duration_s: duration.filter(|_| completed > 0),
        player_actions_per_second: actions,
    })
}

pub(super) fn custom(metrics: &[Metric]) -> BTreeMap<String, CustomMetric> {
    let own = metrics.iter().filter(|metric| !GAMES.contains(&metric.name.as_str()));
    let rows = own.map(|metric| {
        let (unit, meaning) = (metric.unit.clone(), metric.meaning.clone());
        (
            metric.name.clone(),
            CustomMetric { kind: metric.kind, unit, meaning, value: metric.value.clone() },
        )
    });
    rows.collect()
}
