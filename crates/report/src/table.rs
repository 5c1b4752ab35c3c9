//! What tables hold: rows and columns of text, decided once for all formats.
//!
//! Operations that never ran are left out; the JSON has them.

use model::metric::Distribution;
use model::run_result::{ActionMetrics, Pooler, RunResult, StageMetrics, StatementTotals};
use model::threshold::{ThresholdOutcome, ThresholdResult, ThresholdSource};
use model::units::{count, decimal, milliseconds, percent, rate};
use model::verdict::ValidityOutcome;

/// Where a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns' titles and where their text stands.
    pub columns: Vec<(&'static str, Align)>,
    /// As many cells each as there are columns.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table whose first columns are words and whose others are numbers.
    pub(crate) fn new<const N: usize>(titles: [&'static str; N], words: usize) -> Table {
        let align = |i| if i < words { Align::Left } else { Align::Right };
        let columns = titles.into_iter().enumerate().map(|(i, title)| (title, align(i))).collect();
        Table { columns, rows: Vec::new() }
    }

    /// True when there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// What stands where there is no value.
pub const ABSENT: &str = "-";

fn times(distribution: Option<Distribution>) -> [String; 5] {
    match distribution {
        Some(d) => [d.mean, d.p50, d.p95, d.p99, d.max].map(milliseconds),
        None => [const { String::new() }; 5].map(|_| ABSENT.to_owned()),
    }
}

/// Response times of all actions and of each, those with the most actions first.
pub fn actions(result: &RunResult) -> Table {
    let mut table = Table::new(
        ["action", "finished", "mean", "p50", "p95", "p99", "max", "failed", "skipped"],
        1,
    );
    let load = &result.load_metrics;
    let mut named: Vec<_> = load.actions.iter().filter(|(_, a)| a.scheduled > 0).collect();
    named.sort_by_key(|(_, action)| std::cmp::Reverse(action.finished()));
    table.rows.push(action_row("all actions", &load.all_actions));
    table.rows.extend(named.into_iter().map(|(name, action)| action_row(name, action)));
    table
}

fn action_row(name: &str, action: &ActionMetrics) -> Vec<String> {
    let mut row = vec![name.to_owned(), count(action.finished())];
    row.extend(times(action.response_time_ms));
    row.extend([count(action.failed), count(action.skipped)]);
    row
}

/// Service times of all statements and of each, those that took the most time first.
pub fn statements(result: &RunResult) -> Table {
    let mut table = Table::new(
        ["statement", "kind", "count", "mean", "p50", "p95", "p99", "max", "failed", "rows"],
        2,
    );
    let load = &result.load_metrics;
    let mut named: Vec<_> = load.statements.iter().filter(|(_, s)| s.totals.count > 0).collect();
    named.sort_by(|(_, a), (_, b)| total_ms(&b.totals).total_cmp(&total_ms(&a.totals)));
    table.rows.push(statement_row("all statements", "", &load.all_statements));
    table.rows.extend(named.into_iter().map(|(name, statement)| {
        let kind = format!("{:?}", statement.kind).to_uppercase();
        statement_row(name, &kind, &statement.totals)
    }));
    table
}

fn total_ms(totals: &StatementTotals) -> f64 {
    totals.service_time_ms.map_or(0.0, |times| times.mean * totals.count as f64)
}

fn statement_row(name: &str, kind: &str, totals: &StatementTotals) -> Vec<String> {
    let mut row = vec![name.to_owned(), kind.to_owned(), count(totals.count)];
    row.extend(times(totals.service_time_ms));
    row.extend([count(totals.failed), count(totals.rows)]);
    row
}

/// Failures, most frequent first.
pub fn errors(result: &RunResult) -> Table {
    let mut table = Table::new(["error", "sqlstate", "sample", "count"], 3);
    let rows = result.load_metrics.errors.iter().map(|error| {
        let code = error.sqlstate.clone().unwrap_or_else(|| ABSENT.to_owned());
        vec![error.class.clone(), code, error.sample.clone(), count(error.count)]
    });
    table.rows.extend(rows);
    table
}

/// Every limit, with what became of it.
pub fn thresholds(result: &RunResult) -> Table {
    let mut table = Table::new(["threshold", "outcome", "note", "limit", "value"], 3);
    let rows = result.thresholds.iter().map(|threshold| {
        let value = threshold.value.map(|value| threshold.unit.show(value));
        let limit = threshold.unit.show(threshold.limit);
        vec![
            threshold.name.clone(),
            outcome(threshold.outcome).to_owned(),
            note(threshold),
            format!("{} {limit}", threshold.comparison.sign()),
            value.unwrap_or_else(|| ABSENT.to_owned()),
        ]
    });
    table.rows.extend(rows);
    table
}

fn outcome(outcome: ThresholdOutcome) -> &'static str {
    match outcome {
        ThresholdOutcome::Passed => "passed",
        ThresholdOutcome::Failed => "failed",
        ThresholdOutcome::NotEvaluated => "not evaluated",
    }
}

fn note(threshold: &ThresholdResult) -> String {
    match (&threshold.reason, threshold.source) {
        (Some(reason), _) => reason.clone(),
        (None, ThresholdSource::Default) => "default".to_owned(),
        (None, ThresholdSource::User) => String::new(),
    }
}

/// Every check of the run's own soundness.
pub fn validity(result: &RunResult) -> Table {
    let mut table = Table::new(["check", "outcome", "evidence"], 3);
    let rows = result.validity.iter().map(|check| {
        let outcome = match check.outcome {
            ValidityOutcome::Ok => "ok",
            ValidityOutcome::NotEvaluated => "not evaluated",
            ValidityOutcome::Warning => "warning",
            ValidityOutcome::Invalid => "invalid",
        };
        vec![check.code.clone(), outcome.to_owned(), check.evidence.clone()]
    });
    table.rows.extend(rows);
    table
}

/// The stages of a schedule, where it has more than one.
pub fn stages(result: &RunResult) -> Table {
    let mut table = Table::new(
        ["stage", "from", "offered", "achieved", "p50", "p95", "p99", "max", "failed", "skipped"],
        1,
    );
    let stages = &result.load_metrics.stages;
    if stages.len() < 2 {
        return table;
    }
    table.rows.extend(stages.iter().map(|stage| {
        let [_, p50, p95, p99, max] = times(stage.response_time_ms);
        vec![
            stage.name.clone(),
            format!("{} s", decimal(stage.from_s)),
            stage_load(stage),
            rate(stage.achieved_per_s),
            p50,
            p95,
            p99,
            max,
            count(stage.failed),
            count(stage.skipped),
        ]
    }));
    table
}

/// What a stage offered: a rate, or users.
fn stage_load(stage: &StageMetrics) -> String {
    let users = stage.users_mean.map(|users| format!("{} users", decimal(users)));
    users.or(stage.offered_per_s.map(rate)).unwrap_or_else(|| ABSENT.to_owned())
}

/// The slowest statements.
pub fn slowest(result: &RunResult) -> Table {
    let mut table = Table::new(["statement", "at", "took"], 1);
    table.rows.extend(result.load_metrics.slowest.iter().map(|slow| {
        vec![slow.name.clone(), format!("{} s", decimal(slow.when)), milliseconds(slow.ms)]
    }));
    table
}

/// What was compared with the stored data.
pub fn verification(result: &RunResult) -> Table {
    let mut table = Table::new(["check", "sample", "checked", "violations"], 2);
    let checks = result.load_metrics.verification.iter().flat_map(|all| &all.checks);
    table.rows.extend(checks.map(|check| {
        let sample = check.sample.clone().unwrap_or_default();
        vec![check.name.clone(), sample, count(check.checked), count(check.violations)]
    }));
    table
}

/// A pooler in one line: what it is, how it pools, how statements went through it.
pub fn pooler(pooler: &Pooler) -> String {
    let kind = match pooler.kind.as_str() {
        "pgbouncer" => "PgBouncer",
        _ => "of unknown make",
    };
    let version = pooler.version.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
    let mode = pooler.mode.as_deref().unwrap_or("unknown");
    format!("{kind}{version}, {mode} pooling, {} protocol", pooler.protocol)
}

/// The run in single values, by name.
pub fn key_figures(result: &RunResult) -> Vec<(&'static str, String)> {
    let load = &result.load_metrics;
    let absent = || ABSENT.to_owned();
    let share = |value: Option<f64>| value.map_or_else(absent, percent);
    let mut figures = vec![
        ("Offered actions", load.offered_per_s.map_or_else(|| "closed loop".to_owned(), rate)),
        ("Achieved actions", rate(load.achieved_per_s)),
        ("Queries", rate(load.queries_per_s)),
        ("Read share", share(load.read_share_ratio.map(|ratio| ratio * 100.0))),
        ("Error rate", share(load.error_rate_percent)),
        ("Availability", share(load.availability_percent)),
        ("Queries executed", count(result.test_summary.queries_executed)),
        ("Queries failed", count(result.test_summary.queries_failed)),
        ("Actions retried", count(load.all_actions.retries)),
        ("Actions unfinished", count(load.all_actions.unfinished)),
        ("Outcome unknown", count(load.all_actions.unknown)),
    ];
    if let Some(limit_s) = latency_limit_s(result) {
        let (late, limit) = (count(load.all_actions.late), milliseconds(limit_s * 1000.0));
        figures.push(("Actions late", format!("{late} succeeded after more than {limit}")));
    }
    figures
}

/// The limit above which an action counted as late, where the run had one.
pub(crate) fn latency_limit_s(result: &RunResult) -> Option<f64> {
    result.plan.get("latency_limit_s")?.as_f64()
}
