//! Turns intervals into lines of a `.partial` file.
//!
//! Every interval gives one line for the whole run; single operations are gathered and give a
//! line each per window (10 s, or every interval where the user wants raw data), which is what
//! keeps a result of an hour small.

use super::line::{EndRow, Header, IntervalRow, Line, StatementName};
use super::operation::{ActionRow, StatementRow};
use crate::catalog::Catalog;
use crate::event::Event;
use crate::failure::FailureTally;
use crate::histogram::Histogram;
use crate::measured::{Interval, Measured};
use crate::run_result::{ErrorRow, SlowRow};
use crate::sample::{ActionCounts, ActionSample, Phase, StatementSample};
use hdrhistogram::Counter;

/// How long a window of single operations is where nothing else is asked for.
pub const OPERATION_WINDOW_S: f64 = 10.0;

/// Turns intervals into lines.
#[derive(Debug)]
pub struct SeriesEncoder {
    warm_up_s: f64,
    window_s: f64,
    began_s: Option<f64>,
    length_s: f64,
    actions: Vec<ActionSample<u32>>,
    statements: Vec<StatementSample<u32>>,
    part: Option<(Phase, bool)>,
    seen: FailureTally,
}

impl SeriesEncoder {
    /// An encoder for a run with `warm_up_s` of warm-up, with single operations every
    /// [`OPERATION_WINDOW_S`].
    pub fn new(warm_up_s: f64) -> SeriesEncoder {
        SeriesEncoder {
            warm_up_s,
            window_s: OPERATION_WINDOW_S,
            began_s: None,
            length_s: 0.0,
            actions: Vec::new(),
            statements: Vec::new(),
            part: None,
            seen: FailureTally::default(),
        }
    }

    /// The same with single operations at every interval (`include_raw_data`).
    pub fn every_interval(mut self) -> SeriesEncoder {
        self.window_s = 0.0;
        self
    }

    /// The length of the warm-up: times in the file count from its end.
    pub fn warm_up_s(&self) -> f64 {
        self.warm_up_s
    }

    /// The first line of the file. Names and warm-up are taken from the arguments.
    pub fn header(&self, mut header: Header, catalog: &Catalog) -> String {
        header.schema_version = crate::run_result::SCHEMA_VERSION;
        header.warm_up_s = self.warm_up_s;
        header.actions.clone_from(&catalog.actions);
        let statements = catalog.statements.iter().map(|statement| StatementName {
            name: statement.name.clone(),
            kind: statement.kind,
            sql: statement.sql.clone(),
        });
        header.statements = statements.collect();
        crate::run_result::redact(&mut header.plan);
        Line::Header(Box::new(header)).encode()
    }

    /// The lines of the next interval.
    pub fn interval(&mut self, interval: &Interval) -> String {
        // A window lies in the warm-up, in the measured time or after it, never in two of them.
        let part = (interval.phase, interval.grace);
        let mut lines = match self.part.replace(part).is_some_and(|before| before != part) {
            true => self.flush(),
            false => String::new(),
        };
        lines.push_str(&Line::Interval(Box::new(self.interval_row(interval))).encode());
        self.began_s.get_or_insert(interval.start_s - self.warm_up_s);
        self.length_s += interval.length_s;
        gather(&mut self.actions, &interval.actions);
        gather(&mut self.statements, &interval.statements);
        // Intervals are about a second: half of one is less than any of them is off.
        if self.length_s + 0.5 > self.window_s {
            lines.push_str(&self.flush());
        }
        lines
    }

    /// The line of the load's end.
    pub fn end(&self, measured: &Measured, catalog: &Catalog) -> String {
        Line::End(EndRow {
            interrupted: measured.interrupted,
            poller: measured.poller.clone(),
            time_to_recover_s: measured.time_to_recover_s,
            still_down: measured.still_down,
            slowest: SlowRow::all_of(measured, catalog),
        })
        .encode()
    }

    /// The line of an event.
    pub fn event(&self, event: &Event) -> String {
        Line::Event(event.clone()).encode()
    }

    /// The lines of what has been gathered so far; call it at the end.
    pub fn flush(&mut self) -> String {
        let Some(began_s) = self.began_s.take() else { return String::new() };
        let (t, length_s) = (round(began_s), round(std::mem::take(&mut self.length_s)));
        let mut lines = String::new();
        for (index, sample) in self.actions.iter_mut().enumerate() {
            if sample.counts != ActionCounts::default() || !sample.response.is_empty() {
                let row = action_row(index as u16, sample);
                lines.push_str(&Line::Action(ActionRow { t, length_s, ..row }).encode());
                sample.clear();
            }
        }
        for (index, sample) in self.statements.iter_mut().enumerate() {
            if sample.count > 0 {
                let row = statement_row(index as u16, sample);
                lines.push_str(&Line::Statement(StatementRow { t, length_s, ..row }).encode());
                sample.clear();
            }
        }
        lines
    }

    /// Failures by kind, each with its sample when it is seen first.
    fn failures(&mut self, tally: &FailureTally) -> Vec<ErrorRow> {
        let rows = tally.iter().map(|(class, sqlstate, count, sample)| {
            let known = self.seen.has(class, sqlstate);
            ErrorRow {
                class: class.name().to_owned(),
                sqlstate: sqlstate.map(str::to_owned),
                count,
                sample: if known { String::new() } else { sample.to_owned() },
            }
        });
        let rows = rows.collect();
        self.seen.merge(tally);
        rows
    }

    fn interval_row(&mut self, interval: &Interval) -> IntervalRow {
        let all = interval.all_actions();
        let statements = interval.statements.iter().flatten();
        let errors = interval.failures.iter().fold(Default::default(), add_error);
        IntervalRow {
            t: round(interval.start_s - self.warm_up_s),
            length_s: round(interval.length_s),
            grace: interval.grace,
            offered: interval.offered.map(round),
            behind_s: interval.behind_s.map(round),
            scheduled: all.counts.scheduled,
            succeeded: all.counts.succeeded,
            failed: all.counts.failed,
            unknown: all.counts.unknown,
            skipped: all.counts.skipped,
            unfinished: all.counts.unfinished,
            retries: all.counts.retries,
            statements: interval.statements_answered(),
            statements_failed: statements.clone().map(|sample| sample.failed).sum(),
            rows: statements.map(|sample| sample.rows).sum(),
            connected: interval.connected,
            in_use_max: interval.in_use_max,
            idle_mean: round(interval.idle_mean),
            connects: interval.connections.attempted,
            connects_failed: interval.connections.failed,
            lost: interval.connections.lost,
            cpu_ms: round(interval.generator.cpu_us as f64 / 1000.0),
            turn_max_ms: interval.generator.turn.max_ms().map(round),
            lateness_p99_ms: all.lateness.quantile_ms(0.99).map(round),
            errors,
            failures: self.failures(&interval.failures),
            reconnected: interval.connections.reconnected,
            connect_time: encoded(&interval.connections.connect),
            busiest_thread_cpu_ms: round(interval.generator.busiest_thread_cpu_us as f64 / 1000.0),
            run_queue: interval.generator.run_queue,
            action_counts: interval.actions.iter().map(action_counts).collect(),
            statement_counts: interval.statements.iter().map(statement_counts).collect(),
            response_time: encoded(&all.response),
        }
    }
}

fn action_counts(sample: &Option<ActionSample>) -> [u64; 8] {
    sample.as_ref().map_or([0; 8], |sample| sample.counts.to_array())
}

fn statement_counts(sample: &Option<StatementSample>) -> [u64; 3] {
    sample.as_ref().map_or([0; 3], |sample| [sample.count, sample.failed, sample.rows])
}

type Errors = std::collections::BTreeMap<String, u64>;

fn add_error(
    mut errors: Errors,
    (class, _, count, _): (crate::failure::ErrorClass, Option<&str>, u64, &str),
) -> Errors {
    *errors.entry(class.name().to_owned()).or_default() += count;
    errors
}

/// Adds each present sample to the one of the same number.
fn gather<S, T>(sums: &mut Vec<S>, samples: &[Option<T>])
where
    S: Default + for<'a> std::ops::AddAssign<&'a T>,
{
    if sums.len() < samples.len() {
        sums.resize_with(samples.len(), S::default);
    }
    for (sum, sample) in sums.iter_mut().zip(samples) {
        if let Some(sample) = sample {
            *sum += sample;
        }
    }
}

fn action_row(action: u16, sample: &ActionSample<u32>) -> ActionRow {
    let counts = sample.counts;
    ActionRow {
        action,
        scheduled: counts.scheduled,
        succeeded: counts.succeeded,
        failed: counts.failed,
        unknown: counts.unknown,
        skipped: counts.skipped,
        unfinished: counts.unfinished,
        retries: counts.retries,
        response_time: encoded(&sample.response),
        service_time: encoded(&sample.service),
        wait: encoded(&sample.wait),
        lateness: encoded(&sample.lateness),
        ..ActionRow::default()
    }
}

fn statement_row(statement: u16, sample: &StatementSample<u32>) -> StatementRow {
    StatementRow {
        statement,
        count: sample.count,
        failed: sample.failed,
        rows: sample.rows,
        service_time: encoded(&sample.service),
        ..StatementRow::default()
    }
}

/// HDR V2, base64; none when nothing was counted.
fn encoded<C: Counter>(histogram: &Histogram<C>) -> Option<String> {
    (!histogram.is_empty()).then(|| histogram.to_base64())
}

/// Three decimals: ms for seconds, µs for ms.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
