//! Comma-separated values, RFC 4180: a wide summary (one line per run, so that runs can be put
//! under each other) and the series in long form (one line per value).
//!
//! Empty means absent. Histograms are left out: their percentiles are there.

use crate::json;
use crate::series::{PartialLines, Sink, walk, walk_saved};
use model::metric::{Distribution, MetricValue};
use model::run_result::RunResult;
use model::series::SeriesName;
use std::io::{self, BufRead, Write};

/// A header line and the run's line.
pub fn summary(result: &RunResult) -> Vec<u8> {
    let fields = fields(result);
    let names: Vec<String> = fields.iter().map(|(name, _)| quoted(name)).collect();
    let values: Vec<String> = fields.iter().map(|(_, value)| quoted(value)).collect();
    format!("{}\r\n{}\r\n", names.join(","), values.join(",")).into_bytes()
}

/// Writes `t_s,metric,labels,unit,value`, from the lines of a run or, without lines, from the
/// series of a saved result. Returns how many lines could not be read.
pub fn series(
    result: &RunResult,
    lines: Option<&dyn PartialLines>,
    out: &mut dyn Write,
) -> io::Result<u64> {
    out.write_all(SERIES_HEADER)?;
    let mut sink = CsvSeries { out };
    match lines {
        Some(lines) => walk(lines, &mut sink),
        None => walk_saved(&result.series, &mut sink).map(|()| 0),
    }
}

/// The same from a result file, with one series in memory at a time.
///
/// # Errors
/// See [`json::read_series`].
pub fn saved_series(file: impl BufRead, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(SERIES_HEADER)?;
    json::read_series(file, &mut CsvSeries { out })
}

const SERIES_HEADER: &[u8] = b"t_s,metric,labels,unit,value\r\n";

/// Quotes a field that would otherwise not be read back as it is.
fn quoted(field: &str) -> String {
    match field.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    }
}

type Fields = Vec<(String, String)>;

fn fields(result: &RunResult) -> Fields {
    let (summary, load) = (&result.test_summary, &result.load_metrics);
    let mut fields = Fields::new();
    let mut text = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
    text("started_at", &summary.started_at);
    text("workload", &summary.workload);
    text("outcome", &name_of(&result.verdict.outcome));
    text("exit_code", &result.verdict.exit_code.to_string());
    text("concurrent_connections", &summary.concurrent_connections.to_string());
    let numbers = [
        ("elapsed_s", Some(load.elapsed_s)),
        ("offered_per_s", load.offered_per_s),
        ("achieved_per_s", Some(load.achieved_per_s)),
        ("queries_per_s", Some(load.queries_per_s)),
        ("read_share_ratio", load.read_share_ratio),
        ("error_rate_percent", load.error_rate_percent),
        ("availability_percent", load.availability_percent),
        ("time_to_recover_s", load.connections.time_to_recover_s),
        (
            "games_completion_rate_percent",
            load.games.as_ref().and_then(|g| g.completion_rate_percent),
        ),
        ("generator_busiest_thread_percent", load.generator.busiest_thread_percent),
    ];
    numbers.iter().for_each(|(name, value)| text(name, &number(*value)));
    let verified = load.verification.as_ref().map(|v| v.passed.to_string());
    text("verification_passed", &verified.unwrap_or_default());
    let all = &load.all_actions;
    let counts = [
        ("queries_executed", summary.queries_executed),
        ("queries_failed", summary.queries_failed),
        ("scheduled", all.scheduled),
        ("succeeded", all.succeeded),
        ("late", all.late),
        ("failed", all.failed),
        ("unknown", all.unknown),
        ("skipped", all.skipped),
        ("unfinished", all.unfinished),
        ("retries", all.retries),
        ("connections_lost", load.connections.lost),
        ("deadlocks", load.transactions.deadlocks),
        ("serialization_failures", load.transactions.serialization_failures),
    ];
    counts.iter().for_each(|(name, value)| text(name, &value.to_string()));
    spread(&mut fields, "response_time", all.response_time_ms);
    spread(&mut fields, "service_time", all.service_time_ms);
    spread(&mut fields, "wait", all.wait_ms);
    spread(&mut fields, "lateness", all.lateness_ms);
    spread(&mut fields, "statement_service_time", load.all_statements.service_time_ms);
    operations(&mut fields, result);
    own(&mut fields, result);
    fields
}

/// What the workload measured of its own, and what the user wrote beside the run.
fn own(fields: &mut Fields, result: &RunResult) {
    for (name, metric) in &result.load_metrics.custom {
        match metric.value {
            MetricValue::Number(value) => {
                fields.push((format!("custom.{name}"), number(Some(value))));
            }
            MetricValue::Distribution(d) => {
                let parts = [("mean", d.mean), ("p50", d.p50), ("p90", d.p90), ("p95", d.p95)];
                let tail = [("p99", d.p99), ("p999", d.p999), ("max", d.max)];
                fields.extend(
                    parts.into_iter().chain(tail).map(|(part, value)| {
                        (format!("custom.{name}.{part}"), number(Some(value)))
                    }),
                );
            }
        }
    }
    let tags = &result.environment.tags;
    fields.extend(tags.iter().map(|(name, text)| (format!("tag.{name}"), text.clone())));
}

fn operations(fields: &mut Fields, result: &RunResult) {
    for (name, action) in &result.load_metrics.actions {
        let scope = format!("action.{name}");
        fields.push((format!("{scope}.succeeded"), action.succeeded.to_string()));
        fields.push((format!("{scope}.failed"), action.failed.to_string()));
        spread(fields, &format!("{scope}.response_time"), action.response_time_ms);
    }
    for (name, statement) in &result.load_metrics.statements {
        let (scope, totals) = (format!("statement.{name}"), &statement.totals);
        fields.push((format!("{scope}.count"), totals.count.to_string()));
        fields.push((format!("{scope}.failed"), totals.failed.to_string()));
        spread(fields, &format!("{scope}.service_time"), totals.service_time_ms);
    }
}

/// One field per percentile; empty ones where nothing was counted, so that lines stay aligned.
fn spread(fields: &mut Fields, name: &str, d: Option<Distribution>) {
    type Part = (&'static str, fn(Distribution) -> f64);
    let parts: [Part; 7] = [
        ("mean", |d| d.mean),
        ("p50", |d| d.p50),
        ("p90", |d| d.p90),
        ("p95", |d| d.p95),
        ("p99", |d| d.p99),
        ("p999", |d| d.p999),
        ("max", |d| d.max),
    ];
    for (part, value) in parts {
        fields.push((format!("{name}_{part}_ms"), number(d.map(value))));
    }
}

/// Six decimals are finer than anything that is measured.
fn number(value: Option<f64>) -> String {
    value.map(|value| ((value * 1e6).round() / 1e6).to_string()).unwrap_or_default()
}

/// The name that the result file uses.
fn name_of(outcome: &model::verdict::VerdictOutcome) -> String {
    let value = serde_json::to_value(outcome).ok();
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

struct CsvSeries<'a> {
    out: &'a mut dyn Write,
}

impl Sink for CsvSeries<'_> {
    fn numbers(&mut self, name: &SeriesName, t: &[f64], v: &[f64]) -> io::Result<()> {
        let labels: Vec<_> =
            name.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let middle = [&name.metric, &labels.join(";"), &name.unit].map(|field| quoted(field));
        let middle = middle.join(",");
        t.iter().zip(v).try_for_each(|(t, v)| write!(self.out, "{t},{middle},{v}\r\n"))
    }

    fn begin_texts(&mut self, _: &SeriesName, _: &[f64]) -> io::Result<()> {
        Ok(())
    }

    fn text(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn end_texts(&mut self) -> io::Result<()> {
        Ok(())
    }
}
