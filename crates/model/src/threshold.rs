//! A limit on a metric of the result, and what became of it.
//!
//! A metric is named by its place in the result file (`load_metrics.achieved_per_s`), so every
//! number there can be limited. The keys of the settings file are names for some of those places;
//! their table is here, the comparing in `analyze`.

use crate::units::Unit;
use serde::{Deserialize, Serialize};

/// Which side of the limit is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// The value may be smaller.
    #[serde(rename = "<")]
    Below,
    /// The value may be smaller or equal.
    #[serde(rename = "<=")]
    AtMost,
    /// The value may be larger.
    #[serde(rename = ">")]
    Above,
    /// The value may be larger or equal.
    #[serde(rename = ">=")]
    AtLeast,
}

impl Comparison {
    /// True when `value` is on the good side of `limit`.
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Comparison::Below => value < limit,
            Comparison::AtMost => value <= limit,
            Comparison::Above => value > limit,
            Comparison::AtLeast => value >= limit,
        }
    }

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Below => "<",
            Comparison::AtMost => "<=",
            Comparison::Above => ">",
            Comparison::AtLeast => ">=",
        }
    }
}

/// Who wanted a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdSource {
    /// Nobody asked; the verdict ignores it where it can't be evaluated.
    Default,
    /// The user asked; the verdict is inconclusive where it can't be evaluated.
    User,
}

/// A limit on a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The key of the settings file, or the expression as the user wrote it.
    pub name: String,
    /// The place in the result (`load_metrics.all_actions.response_time_ms.p99`).
    pub metric: String,
    /// Which side is good.
    pub comparison: Comparison,
    /// The limit, in the metric's own unit.
    pub limit: f64,
    /// What value and limit count.
    pub unit: Unit,
    /// Who wanted it.
    pub source: ThresholdSource,
}

/// What became of a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdOutcome {
    /// The limit held.
    Passed,
    /// It did not.
    Failed,
    /// The value could not be measured.
    NotEvaluated,
}

/// A threshold and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdResult {
    /// The key of the settings file, or the expression as the user wrote it.
    pub name: String,
    /// The place in the result.
    #[serde(default)]
    pub metric: String,
    /// Which side is good.
    pub comparison: Comparison,
    /// The limit.
    pub limit: f64,
    /// The value; absent when it could not be measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What value and limit count.
    pub unit: Unit,
    /// What became of it.
    pub outcome: ThresholdOutcome,
    /// Why it was not evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who wanted it.
    pub source: ThresholdSource,
}

/// One key of the settings file's `performance_thresholds`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdKey {
    /// The key.
    pub name: &'static str,
    /// The limit where the user gives none.
    pub default: f64,
    /// The place in the result.
    pub metric: &'static str,
    /// Which side is good.
    pub comparison: Comparison,
    /// What it counts.
    pub unit: Unit,
    /// What is compared, in words.
    pub meaning: &'static str,
}

impl ThresholdKey {
    /// The threshold with the user's limit, or with the default where there is none.
    pub fn threshold(&self, limit: Option<f64>) -> Threshold {
        let source = match limit {
            Some(_) => ThresholdSource::User,
            None => ThresholdSource::Default,
        };
        Threshold {
            name: self.name.to_owned(),
            metric: self.metric.to_owned(),
            comparison: self.comparison,
            limit: limit.unwrap_or(self.default),
            unit: self.unit,
            source,
        }
    }
}

/// The key called `name`.
pub fn key(name: &str) -> Option<&'static ThresholdKey> {
    KEYS.iter().find(|key| key.name == name)
}

const fn at_most(
    name: &'static str,
    default: f64,
    metric: &'static str,
    unit: Unit,
    meaning: &'static str,
) -> ThresholdKey {
    ThresholdKey { name, default, metric, comparison: Comparison::AtMost, unit, meaning }
}

/// All keys of `performance_thresholds`, in the order in which reports list them.
pub const KEYS: [ThresholdKey; 12] = [
    at_most(
        "max_avg_response_time_ms",
        500.0,
        "load_metrics.all_actions.response_time_ms.mean",
        Unit::Milliseconds,
        "mean response time of actions",
    ),
    at_most(
        "max_p95_response_time_ms",
        1000.0,
        "load_metrics.all_actions.response_time_ms.p95",
        Unit::Milliseconds,
        "95th percentile of the response time of actions",
    ),
    at_most(
        "max_p99_response_time_ms",
        2000.0,
        "load_metrics.all_actions.response_time_ms.p99",
        Unit::Milliseconds,
        "99th percentile of the response time of actions",
    ),
    at_most(
        "max_avg_query_time_ms",
        50.0,
        "load_metrics.all_statements.service_time_ms.mean",
        Unit::Milliseconds,
        "mean service time of statements",
    ),
    at_most(
        "max_p95_query_time_ms",
        100.0,
        "load_metrics.all_statements.service_time_ms.p95",
        Unit::Milliseconds,
        "95th percentile of the service time of statements",
    ),
    at_most(
        "max_db_query_time_ms",
        100.0,
        "database_metrics.query_performance.mean_exec_time_ms",
        Unit::Milliseconds,
        "mean execution time on the server (pg_stat_statements)",
    ),
    at_most(
        "max_error_rate_percent",
        1.0,
        "load_metrics.error_rate_percent",
        Unit::Percent,
        "failed actions of the finished",
    ),
    at_most(
        "max_connection_failure_rate_percent",
        2.0,
        "load_metrics.connections.failure_rate_percent",
        Unit::Percent,
        "failed connects of the attempted",
    ),
    ThresholdKey {
        name: "min_games_completion_rate_percent",
        default: 90.0,
        metric: "load_metrics.games.completion_rate_percent",
        comparison: Comparison::AtLeast,
        unit: Unit::Percent,
        meaning: "completed games of the ended, from 20 ended games up",
    },
    at_most(
        "max_cpu_usage_percent",
        80.0,
        "system_metrics.cpu_usage_percent.mean",
        Unit::Percent,
        "mean CPU use of the server's host",
    ),
    at_most(
        "max_memory_usage_percent",
        85.0,
        "system_metrics.memory_usage_percent.mean",
        Unit::Percent,
        "mean memory use of the server's host",
    ),
    at_most(
        "max_db_connection_pool_usage_percent",
        90.0,
        "database_metrics.connection_stats.pool_usage_percent",
        Unit::Percent,
        "peak connections of `max_connections` less the reserved",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_on_the_boundary_holds_only_where_equality_is_good() {
        let cases = [
            (Comparison::Below, false),
            (Comparison::AtMost, true),
            (Comparison::Above, false),
            (Comparison::AtLeast, true),
        ];
        cases.iter().for_each(|(comparison, holds)| assert_eq!(comparison.holds(1.0, 1.0), *holds));
    }

    #[test]
    fn a_value_that_is_no_number_holds_no_limit() {
        for comparison in
            [Comparison::Below, Comparison::AtMost, Comparison::Above, Comparison::AtLeast]
        {
            assert!(!comparison.holds(f64::NAN, 1.0));
        }
    }

    #[test]
    fn a_key_knows_whether_its_limit_is_the_users() {
        let key = key("max_p99_response_time_ms").unwrap();
        assert_eq!(key.threshold(None).source, ThresholdSource::Default);
        assert_eq!(key.threshold(None).limit, 2000.0);
        assert_eq!(key.threshold(Some(2000.0)).source, ThresholdSource::User);
    }
}
