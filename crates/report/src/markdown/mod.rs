//! A result as Markdown, for a pull request or a wiki: the verdict first, then everything.

use crate::advice::next_steps;
use crate::diagnosis;
use crate::server;
use crate::table::{self, Align, Table};
use model::metric::MetricValue;
use model::run_result::{CustomMetric, Environment, RunKind, RunResult};
use model::units::{count, decimal, duration, milliseconds, percent};
use model::verdict::VerdictOutcome;
use std::fmt::Write as _;

/// The whole report.
pub fn render(result: &RunResult) -> String {
    let mut out = String::new();
    head(&mut out, result);
    diagnosis::sections(&mut out, result);
    section(&mut out, "Key figures", &figures(result));
    section(&mut out, "Response times of actions", &grid(&table::actions(result)));
    section(&mut out, "Stages", &grid(&table::stages(result)));
    section(&mut out, "Thresholds", &grid(&table::thresholds(result)));
    section(&mut out, "Is the run sound?", &grid(&table::validity(result)));
    section(&mut out, "Service times of statements", &grid(&table::statements(result)));
    section(&mut out, "Errors", &grid(&table::errors(result)));
    section(&mut out, "Connections and transactions", &connections(result));
    section(&mut out, "Server", &list(server::lines(result).iter().map(|line| cell(line))));
    section(&mut out, "Statements on the server", &grid(&server::statements(result)));
    section(&mut out, "Statements on the server over time", &grid(&server::over_time(result)));
    section(&mut out, "Games", &games(result));
    section(&mut out, "Other metrics of the workload", &custom(result));
    section(&mut out, "Verification of the stored data", &grid(&table::verification(result)));
    section(&mut out, "Slowest statements", &grid(&table::slowest(result)));
    section(&mut out, "What happened", &events(result));
    section(&mut out, "What to do next", &list(next_steps(result)));
    section(&mut out, "Environment", &environment(&result.environment));
    out
}

/// A heading and its text; nothing where there is no text.
pub(crate) fn section(out: &mut String, title: &str, text: &str) {
    if !text.is_empty() {
        // Writing to a String can't fail, here and below.
        let _ok = write!(out, "\n## {title}\n\n{text}");
    }
}

fn head(out: &mut String, result: &RunResult) {
    let summary = &result.test_summary;
    let kind = match result.kind {
        RunKind::Load => "Load test",
        RunKind::Migration => "Migration rehearsal",
        RunKind::Suite => "Suite",
    };
    let outcome = verdict_word(result.verdict.outcome);
    let code = result.verdict.exit_code;
    let _ok = write!(out, "# {kind}: {outcome}\n\n");
    let _ok = writeln!(
        out,
        "Workload `{}`, {} connections, {} measured, began {}. Exit code {code}.",
        cell(&summary.workload),
        count(summary.concurrent_connections),
        duration(result.load_metrics.elapsed_s),
        cell(&summary.started_at),
    );
    if !result.verdict.reasons.is_empty() {
        let _ok = write!(out, "\n{}", list(result.verdict.reasons.iter().map(|r| cell(r))));
    }
}

/// The outcome as a reader sees it first.
pub(crate) fn verdict_word(outcome: VerdictOutcome) -> &'static str {
    match outcome {
        VerdictOutcome::Passed => "PASSED",
        VerdictOutcome::Failed => "FAILED",
        VerdictOutcome::Invalid => "NOT VALID",
        VerdictOutcome::Inconclusive => "INCONCLUSIVE",
        VerdictOutcome::Interrupted => "INTERRUPTED",
    }
}

pub(crate) fn list(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().map(|item| format!("- {item}\n")).collect()
}

fn figures(result: &RunResult) -> String {
    list(table::key_figures(result).into_iter().map(|(name, value)| format!("{name}: {value}")))
}

/// Text that can't end a cell or begin markup.
pub(crate) fn cell(text: &str) -> String {
    let flat = text.replace(['\r', '\n'], " ");
    flat.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('`', "'")
}

pub(crate) fn grid(table: &Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    let titles: Vec<_> = table.columns.iter().map(|(title, _)| *title).collect();
    let rules: Vec<_> = table
        .columns
        .iter()
        .map(|(_, align)| match align {
            Align::Left => "---",
            Align::Right => "---:",
        })
        .collect();
    let _ok = writeln!(out, "| {} |\n| {} |", titles.join(" | "), rules.join(" | "));
    for row in &table.rows {
        let cells: Vec<_> = row.iter().map(|text| cell(text)).collect();
        let _ok = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}

fn connections(result: &RunResult) -> String {
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

fn games(result: &RunResult) -> String {
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

fn custom(result: &RunResult) -> String {
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

fn events(result: &RunResult) -> String {
    let lines = result
        .events
        .iter()
        .map(|event| format!("{} s: {}", decimal(event.at_s), cell(&event.text)));
    list(lines)
}

pub(crate) fn environment(environment: &Environment) -> String {
    let mut lines = vec![format!("pgsurge {}", cell(&environment.pgsurge_version))];
    if let Some(server) = &environment.server {
        let place = if server.throwaway { ", started for this run" } else { "" };
        lines.push(format!("PostgreSQL {}{place}", cell(&server.version)));
        let settings = server.settings.iter().map(|(name, value)| format!("{name} = {value}"));
        lines.push(format!("Settings: {}", cell(&settings.collect::<Vec<_>>().join(", "))));
    }
    if let Some(pooler) = &environment.pooler {
        lines.push(format!("Pooler: {}", cell(&table::pooler(pooler))));
        lines
            .extend(pooler.effects.iter().map(|it| format!("Because of the pooler: {}", cell(it))));
    }
    let host = &environment.host;
    lines.extend(host.os.as_ref().map(|os| format!("System: {}", cell(os))));
    lines.extend(host.cpus.map(|cpus| format!("Processors: {cpus}")));
    lines.extend(host.memory_bytes.map(|b| format!("Memory: {}", model::units::bytes(b as f64))));
    lines.push(format!(
        "Poller: {}; clock: {}",
        cell(&environment.poller),
        cell(&environment.clock)
    ));
    lines.extend(
        environment.tags.iter().map(|(key, value)| format!("Tag {}: {}", cell(key), cell(value))),
    );
    list(lines)
}
