//! What the tables of a suite hold, for all formats.

use crate::markdown::{metric_value, verdict_word};
use crate::table::{ABSENT, Table};
use model::suite::{
    Change, Degradation, Figures, Reference, Scenario, ScenarioStatus, SuiteResult,
};
use model::units::{count, milliseconds, percent, rate};
use std::collections::BTreeSet;

/// One row per scenario.
pub(super) fn scenarios(suite: &SuiteResult) -> Table {
    let mut table = Table::new(
        [
            "scenario",
            "verdict",
            "connections",
            "offered",
            "achieved",
            "queries",
            "p50",
            "p95",
            "p99",
            "errors",
            "available",
        ],
        2,
    );
    table.rows.extend(suite.scenarios.iter().map(row));
    table
}

/// What became of a scenario, as a reader sees it first.
pub(super) fn outcome(scenario: &Scenario) -> &'static str {
    match (scenario.status, &scenario.verdict) {
        (ScenarioStatus::NotRun, _) => "not run",
        (ScenarioStatus::CouldNotStart, _) => "COULD NOT START",
        (_, Some(verdict)) => verdict_word(verdict.outcome),
        (_, None) => ABSENT,
    }
}

fn row(scenario: &Scenario) -> Vec<String> {
    let mut row =
        vec![scenario.name.clone(), outcome(scenario).to_owned(), count(scenario.connections)];
    row.extend(match &scenario.figures {
        Some(figures) => figures_row(figures),
        None => [const { String::new() }; 8].map(|_| ABSENT.to_owned()),
    });
    row
}

fn figures_row(figures: &Figures) -> [String; 8] {
    let absent = || ABSENT.to_owned();
    let time = |quantile: fn(&model::metric::Distribution) -> f64| {
        figures.response_time_ms.as_ref().map_or_else(absent, |it| milliseconds(quantile(it)))
    };
    [
        figures.offered_per_s.map_or_else(|| "closed".to_owned(), rate),
        rate(figures.achieved_per_s),
        rate(figures.queries_per_s),
        time(|it| it.p50),
        time(|it| it.p95),
        time(|it| it.p99),
        figures.error_rate_percent.map_or_else(absent, percent),
        figures.availability_percent.map_or_else(absent, percent),
    ]
}

/// One row per comparison, the changes in words.
pub(super) fn degradation(suite: &SuiteResult) -> Table {
    let mut table = Table::new(
        ["scenario", "against", "throughput", "mean", "p50", "p95", "p99", "error rate"],
        8,
    );
    table.rows.extend(suite.degradation.iter().map(|it| {
        let words = |metric| of(it, metric).map_or(ABSENT.to_owned(), |it| it.words.clone());
        vec![
            it.scenario.clone(),
            against(it),
            throughput(it).map_or(ABSENT.to_owned(), |it| it.words.clone()),
            words("response_time_ms.mean"),
            words("response_time_ms.p50"),
            words("response_time_ms.p95"),
            words("response_time_ms.p99"),
            words("error_rate_percent"),
        ]
    }));
    table
}

/// What workloads measured of their own, the scenarios one below the other.
pub(super) fn own(suite: &SuiteResult) -> Table {
    let mut table = Table::new(
        ["metric", "scenario", "came to", "against the one before", "against the baseline"],
        5,
    );
    let figures = suite.scenarios.iter().filter_map(|it| it.figures.as_ref());
    let metrics: BTreeSet<&String> = figures.flat_map(|it| it.custom.keys()).collect();
    for metric in metrics {
        let with = suite.scenarios.iter().filter_map(|it| {
            let came_to = it.figures.as_ref()?.custom.get(metric)?;
            Some((it.name.as_str(), metric_value(came_to)))
        });
        table.rows.extend(with.map(|(scenario, came_to)| {
            let changed = |reference| own_change(suite, scenario, metric, reference);
            let [before, baseline] = [Reference::Previous, Reference::Baseline].map(changed);
            vec![metric.clone(), scenario.to_owned(), came_to, before, baseline]
        }));
    }
    table
}

/// How a metric of the workload's own changed from another scenario to this one.
fn own_change(suite: &SuiteResult, scenario: &str, metric: &str, reference: Reference) -> String {
    let against =
        suite.degradation.iter().find(|it| it.scenario == scenario && it.reference == reference);
    let places = ["", ".per_s", ".mean", ".p95"].map(|part| format!("custom.{metric}{part}"));
    let changes = against.into_iter().flat_map(|it| &it.changes);
    let words = changes.filter(|it| places.contains(&it.metric)).map(|it| it.words.as_str());
    let words: Vec<&str> = words.collect();
    if words.is_empty() { ABSENT.to_owned() } else { words.join(", ") }
}

/// The other scenario, and what it is to this one.
pub(super) fn against(degradation: &Degradation) -> String {
    let which = match degradation.reference {
        Reference::Previous => "the one before",
        Reference::Baseline => "the baseline",
    };
    format!("{} ({which})", degradation.against)
}

/// The change of a metric.
pub(super) fn of<'a>(degradation: &'a Degradation, metric: &str) -> Option<&'a Change> {
    degradation.changes.iter().find(|it| it.metric == metric)
}

/// The change of throughput, in whatever both scenarios are paced.
pub(super) fn throughput(degradation: &Degradation) -> Option<&Change> {
    ["achieved_per_s", "queries_per_s"].into_iter().find_map(|metric| of(degradation, metric))
}
