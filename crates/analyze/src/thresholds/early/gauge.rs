//! One number of a result, as seconds add up to it.

use model::catalog::Catalog;
use model::histogram::Histogram;
use model::measured::Interval;
use model::sample::{ActionCounts, ActionSample};
use model::series::{HostRow, ServerRow};
use model::threshold::{Comparison, Threshold};

/// Whose numbers: all actions, or one by its number in the catalogue.
type Whose = Option<usize>;
/// A number over another one, of one second; none where it could not be read.
type Part<R> = fn(&R) -> Option<(f64, f64)>;

/// What is gathered for one limit.
#[derive(Debug)]
pub(super) enum Gauge {
    /// Times of actions, and which of their values.
    Action { whose: Whose, time: Time, times: Box<Histogram>, value: Value },
    /// Times of statements.
    Statement { whose: Whose, times: Box<Histogram>, value: Value },
    /// A count of actions.
    Count { whose: Whose, of: fn(&ActionCounts) -> u64, count: u64 },
    /// Failed of the finished.
    ErrorRate { failed: u64, finished: u64 },
    /// Of the monitor's rows about the server.
    Server(Part<ServerRow>, Sum),
    /// Of those about its host.
    Host(Part<HostRow>, Sum),
}

/// A distribution of an action.
type Time = fn(&ActionSample) -> &Histogram;
/// A value of a distribution, ms.
type Value = fn(&Histogram) -> Option<f64>;

/// How seconds become one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sum {
    /// All together.
    Total(f64),
    /// One sum over another one, times a factor.
    Share { of: f64, all: f64, factor: f64 },
    /// The largest.
    Largest(f64),
}

impl Sum {
    fn add(&mut self, (value, weight): (f64, f64)) {
        match self {
            Sum::Total(sum) => *sum += value,
            Sum::Share { of, all, .. } => {
                *of += value;
                *all += weight;
            }
            Sum::Largest(most) => *most = most.max(value),
        }
    }

    fn value(self) -> Option<f64> {
        match self {
            Sum::Total(value) | Sum::Largest(value) => Some(value),
            Sum::Share { of, all, factor } => (all > 0.0).then(|| of * factor / all),
        }
    }

    fn grows(self) -> bool {
        !matches!(self, Sum::Share { .. })
    }
}

const TOTAL: Sum = Sum::Total(0.0);
const SHARE: Sum = Sum::Share { of: 0.0, all: 0.0, factor: 1.0 };
const LARGEST: Sum = Sum::Largest(0.0);

/// A rate over a second's length is the second's sum; without a length there is none.
fn over(rate: Option<f64>, row: &ServerRow) -> Option<(f64, f64)> {
    let length_s = row.length_s?;
    Some((rate? * length_s, length_s))
}

/// A mean of samples, by how many they were.
fn sampled(mean: Option<f64>, row: &ServerRow) -> Option<(f64, f64)> {
    Some((mean? * row.samples as f64, row.samples as f64))
}

fn server(metric: &str) -> Option<(Part<ServerRow>, Sum)> {
    let found: (Part<ServerRow>, Sum) = match metric.strip_prefix("database_metrics.")? {
        "transaction_stats.deadlocks" | "lock_contention.deadlocks" => {
            (|row| Some((row.deadlocks?, 1.0)), TOTAL)
        }
        "transaction_stats.rollback_ratio" => {
            (|row| Some((row.rollbacks_per_s?, row.transactions_per_s?)), SHARE)
        }
        "transaction_stats.transactions_per_s" => (|row| over(row.transactions_per_s, row), SHARE),
        "buffer_cache.hit_ratio" => (
            |row| Some((row.blocks_hit_per_s?, row.blocks_hit_per_s? + row.blocks_read_per_s?)),
            SHARE,
        ),
        "wal_checkpoints.wal_bytes" => (|row| over(row.wal_bytes_per_s, row), TOTAL),
        "wal_checkpoints.wal_bytes_per_s" => (|row| over(row.wal_bytes_per_s, row), SHARE),
        "temp_files.bytes" => (|row| over(row.temp_bytes_per_s, row), TOTAL),
        "wait_events.active_sessions.mean" => (|row| sampled(row.active, row), SHARE),
        "lock_contention.waiting_sessions.mean" => {
            (|row| sampled(Some(row.classes.get("Lock").copied().unwrap_or(0.0)), row), SHARE)
        }
        "connection_stats.pool_usage_percent" => {
            (|row| Some((row.connection_usage_percent?, 1.0)), LARGEST)
        }
        _ => return None,
    };
    Some(found)
}

fn host(metric: &str) -> Option<Part<HostRow>> {
    Some(match metric.strip_prefix("system_metrics.")? {
        "cpu_usage_percent.mean" => |row| Some((row.cpu_percent * row.length_s, row.length_s)),
        "cpu_iowait_percent.mean" => |row| Some((row.iowait_percent * row.length_s, row.length_s)),
        "memory_usage_percent.mean" => |row| Some((row.memory_percent?, 1.0)),
        _ => return None,
    })
}

fn time(name: &str) -> Option<Time> {
    Some(match name {
        "response_time_ms" => |it| &it.response,
        "service_time_ms" => |it| &it.service,
        "wait_ms" => |it| &it.wait,
        "lateness_ms" => |it| &it.lateness,
        _ => return None,
    })
}

fn value(name: &str) -> Option<Value> {
    Some(match name {
        "mean" => Histogram::mean_ms,
        "p50" => |it| it.quantile_ms(0.5),
        "p90" => |it| it.quantile_ms(0.9),
        "p95" => |it| it.quantile_ms(0.95),
        "p99" => |it| it.quantile_ms(0.99),
        "p999" => |it| it.quantile_ms(0.999),
        "max" => Histogram::max_ms,
        _ => return None,
    })
}

fn count(name: &str) -> Option<fn(&ActionCounts) -> u64> {
    Some(match name {
        "failed" => |it| it.failed,
        "unknown" => |it| it.unknown,
        "skipped" => |it| it.skipped,
        "late" => |it| it.late,
        "retries" => |it| it.retries,
        _ => return None,
    })
}

impl Gauge {
    /// How `limit` can be judged early; none where it can't.
    pub(super) fn of(limit: &Threshold, catalog: &Catalog) -> Option<Gauge> {
        let gauge = Gauge::of_metric(&limit.metric, catalog)?;
        let from_below = matches!(limit.comparison, Comparison::Above | Comparison::AtLeast);
        let grows = gauge.grows() || limit.metric.ends_with(".max");
        Some(gauge).filter(|_| !(from_below && grows))
    }

    fn of_metric(metric: &str, catalog: &Catalog) -> Option<Gauge> {
        if let Some((part, sum)) = server(metric) {
            return Some(Gauge::Server(part, sum));
        }
        if let Some(part) = host(metric) {
            return Some(Gauge::Host(part, SHARE));
        }
        let parts: Vec<&str> = metric.strip_prefix("load_metrics.")?.split('.').collect();
        let action = |name: &str| catalog.actions.iter().position(|it| it.as_str() == name);
        let statement = |name: &str| catalog.statements.iter().position(|it| it.name == name);
        match parts.as_slice() {
            ["error_rate_percent"] => Some(Gauge::ErrorRate { failed: 0, finished: 0 }),
            ["all_actions", of @ ..] => Gauge::of_action(None, of),
            ["actions", name, of @ ..] => Gauge::of_action(Some(action(name)?), of),
            ["all_statements", "service_time_ms", of] => Gauge::of_statement(None, of),
            ["statements", name, "service_time_ms", of] => {
                Gauge::of_statement(Some(statement(name)?), of)
            }
            _ => None,
        }
    }

    fn of_action(whose: Whose, of: &[&str]) -> Option<Gauge> {
        match of {
            [name] => Some(Gauge::Count { whose, of: count(name)?, count: 0 }),
            [name, part] => {
                let (time, value) = (time(name)?, value(part)?);
                Some(Gauge::Action { whose, time, times: Box::default(), value })
            }
            _ => None,
        }
    }

    fn of_statement(whose: Whose, part: &str) -> Option<Gauge> {
        Some(Gauge::Statement { whose, times: Box::default(), value: value(part)? })
    }

    /// Whether the number only ever grows: then a limit from below is one for the end.
    fn grows(&self) -> bool {
        match self {
            Gauge::Count { .. } => true,
            Gauge::Server(_, sum) | Gauge::Host(_, sum) => sum.grows(),
            Gauge::Action { .. } | Gauge::Statement { .. } | Gauge::ErrorRate { .. } => false,
        }
    }

    pub(super) fn interval(&mut self, interval: &Interval) {
        match self {
            Gauge::Action { whose, time, times, .. } => {
                of(&interval.actions, *whose).for_each(|it| times.merge(time(it)));
            }
            Gauge::Statement { whose, times, .. } => {
                of(&interval.statements, *whose).for_each(|it| times.merge(&it.service));
            }
            Gauge::Count { whose, of: counted, count } => {
                *count += of(&interval.actions, *whose).map(|it| counted(&it.counts)).sum::<u64>();
            }
            Gauge::ErrorRate { failed, finished } => {
                let counts = interval.counts();
                *failed += counts.failed;
                *finished += counts.finished();
            }
            Gauge::Server(..) | Gauge::Host(..) => {}
        }
    }

    pub(super) fn server(&mut self, row: &ServerRow) {
        if let Gauge::Server(part, sum) = self
            && let Some(read) = part(row)
        {
            sum.add(read);
        }
    }

    pub(super) fn host(&mut self, row: &HostRow) {
        if let Gauge::Host(part, sum) = self
            && let Some(read) = part(row)
        {
            sum.add(read);
        }
    }

    /// The number so far, in the result's own unit; none before there is one.
    pub(super) fn value(&self) -> Option<f64> {
        match self {
            Gauge::Action { times, value, .. } | Gauge::Statement { times, value, .. } => {
                value(times)
            }
            Gauge::Count { count, .. } => Some(*count as f64),
            Gauge::ErrorRate { finished: 0, .. } => None,
            Gauge::ErrorRate { failed, finished } => {
                Some(*failed as f64 * 100.0 / *finished as f64)
            }
            Gauge::Server(_, sum) | Gauge::Host(_, sum) => sum.value(),
        }
    }
}

/// The samples of one operation, or of all.
fn of<T>(samples: &[Option<T>], whose: Whose) -> impl Iterator<Item = &T> {
    let one = samples.iter().enumerate().filter(move |(at, _)| whose.is_none_or(|it| it == *at));
    one.filter_map(|(_, sample)| sample.as_ref())
}
