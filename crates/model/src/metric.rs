//! Metrics that a workload declares for itself: a name, a unit, a meaning, a value.
//!
//! They reach the result (`load_metrics.custom`), thresholds and reports like ours. A workload
//! that plays games reports `games_started`, `games_completed`, `games_abandoned`,
//! `average_game_duration_s` and `player_actions_per_second` in this way too; the result shows
//! those under `load_metrics.games`.

use crate::histogram::Histogram;
use crate::values::Values;
use serde::{Deserialize, Serialize};

/// How a metric behaves over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down; the last value is given.
    Gauge,
    /// Many values; their distribution is given.
    Histogram,
}

/// How many values lie where. All in the unit of what holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// The mean.
    pub mean: f64,
    /// Half of all are at or below.
    pub p50: f64,
    /// 90 %.
    pub p90: f64,
    /// 95 %.
    pub p95: f64,
    /// 99 %.
    pub p99: f64,
    /// 99.9 %.
    pub p999: f64,
    /// The largest.
    pub max: f64,
}

impl Distribution {
    /// The distribution of latencies, in ms; none when nothing was counted.
    pub fn of(histogram: &Histogram) -> Option<Distribution> {
        Some(Distribution {
            mean: round(histogram.mean_ms()?),
            p50: round(histogram.quantile_ms(0.5)?),
            p90: round(histogram.quantile_ms(0.9)?),
            p95: round(histogram.quantile_ms(0.95)?),
            p99: round(histogram.quantile_ms(0.99)?),
            p999: round(histogram.quantile_ms(0.999)?),
            max: round(histogram.max_ms()?),
        })
    }
}

impl Distribution {
    /// The distribution of values of any unit; none when nothing was counted.
    pub fn of_values(values: &Values) -> Option<Distribution> {
        Some(Distribution {
            mean: values.mean()?,
            p50: values.quantile(0.5)?,
            p90: values.quantile(0.9)?,
            p95: values.quantile(0.95)?,
            p99: values.quantile(0.99)?,
            p999: values.quantile(0.999)?,
            max: values.max()?,
        })
    }
}

/// Three decimals: a thousandth of a ms is the finest that a histogram tells apart.
fn round(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

/// What a metric came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MetricValue {
    /// Of a counter or a gauge.
    Number(f64),
    /// Of a histogram, in the metric's unit.
    Distribution(Distribution),
}

/// One metric of a workload's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The stable name, units last (`hand_duration_s`).
    pub name: String,
    /// The unit, as a reader writes it (`s`, `ms`, `count`, `per_s`, `percent` …).
    pub unit: String,
    /// How it behaves.
    pub kind: MetricKind,
    /// What it says, in a short sentence.
    pub meaning: String,
    /// What it came to.
    pub value: MetricValue,
}

impl Metric {
    /// A count of things that happened.
    pub fn counter(name: &str, meaning: &str, count: u64) -> Metric {
        Metric::number(name, "count", MetricKind::Counter, meaning, count as f64)
    }

    /// A value that goes up and down.
    pub fn gauge(name: &str, unit: &str, meaning: &str, value: f64) -> Metric {
        Metric::number(name, unit, MetricKind::Gauge, meaning, value)
    }

    /// Latencies, in ms; none when nothing was counted.
    pub fn latency_ms(name: &str, meaning: &str, histogram: &Histogram) -> Option<Metric> {
        let value = MetricValue::Distribution(Distribution::of(histogram)?);
        let (name, meaning) = (name.to_owned(), meaning.to_owned());
        Some(Metric { name, unit: "ms".to_owned(), kind: MetricKind::Histogram, meaning, value })
    }

    /// Values of `unit`, merged over all players; none when nothing was counted.
    pub fn histogram(name: &str, unit: &str, meaning: &str, values: &Values) -> Option<Metric> {
        let value = MetricValue::Distribution(Distribution::of_values(values)?);
        let [name, unit, meaning] = [name, unit, meaning].map(str::to_owned);
        Some(Metric { name, unit, kind: MetricKind::Histogram, meaning, value })
    }

    /// The value of a counter or a gauge.
    pub fn as_number(&self) -> Option<f64> {
        match self.value {
            MetricValue::Number(value) => Some(value),
            MetricValue::Distribution(_) => None,
        }
    }

    fn number(name: &str, unit: &str, kind: MetricKind, meaning: &str, value: f64) -> Metric {
        Metric {
            name: name.to_owned(),
            unit: unit.to_owned(),
            kind,
            meaning: meaning.to_owned(),
            value: MetricValue::Number(value),
        }
    }
}
