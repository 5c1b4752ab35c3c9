//! The limits of the verdict, as the table of the model lists them.

use super::{Default, Flag, Key, Null};
use crate::settings::span::Bare;
use crate::settings::takes::Takes;
use model::threshold::{KEYS, ThresholdKey};
use model::units::Unit;
use std::sync::LazyLock;
use std::time::Duration;

/// Limits as people write them.
pub static THRESHOLD: Key = Key {
    flag: Some(Flag { name: "threshold", placeholder: "LIMIT", group: "Result" }),
    ..Key::new(
        "performance_thresholds.expressions",
        Takes::Texts("a limit, as 'p99 < 20ms', or a list of them"),
        "Limit on any number of the result, as 'p99 < 20ms', 'action.play_card.p95 <= 5ms', \
         'statement.commit.p99 < 2ms', 'error_rate < 0.1%', of the server's, as 'deadlocks < 1', \
         'cache_hit_ratio > 0.99', 'wal_bytes_per_s < 10MB', or, of a workload's own metrics, \
         'custom.NAME.p99 < 20'; can be repeated",
    )
};

/// Whether a broken limit ends the run.
pub static ABORT_ON_THRESHOLD: Key = Key {
    flag: Some(Flag { name: "abort-on-threshold", placeholder: "", group: "Result" }),
    default: Default::Is("false"),
    ..Key::new(
        "performance_thresholds.abort_on_threshold",
        Takes::Switch,
        "End the load, cleanly, at the first limit that does not hold over what was measured so \
         far; limits that only the end can judge don't end it",
    )
};

/// How long limits wait for that.
pub static ABORT_GRACE: Key = Key {
    flag: Some(Flag { name: "abort-grace", placeholder: "TIME", group: "Result" }),
    default: Default::Is("10s"),
    ..Key::new(
        "performance_thresholds.abort_grace",
        Takes::Span {
            min: Duration::ZERO,
            max: Duration::from_secs(24 * 3600),
            bare: Bare::Refused,
        },
        "With --abort-on-threshold: measure for this long before a limit may end the load",
    )
};

/// What else there is of limits, in the order of the documentation.
pub(super) static OTHER: &[&Key] = &[&THRESHOLD, &ABORT_ON_THRESHOLD, &ABORT_GRACE];

static ALL: LazyLock<Vec<Key>> = LazyLock::new(|| KEYS.iter().map(of).collect());

/// All of them, in the order in which reports list them.
pub(super) fn all() -> impl Iterator<Item = &'static Key> {
    ALL.iter()
}

fn of(threshold: &'static ThresholdKey) -> Key {
    /// An hour: what takes longer is not measured in milliseconds.
    const LONGEST_MS: f64 = 3_600_000.0;
    let max = if threshold.unit == Unit::Percent { 100.0 } else { LONGEST_MS };
    Key {
        // Twelve names, made once: they live as long as the table.
        path: format!("performance_thresholds.{}", threshold.name).leak(),
        default: Default::Number(threshold.default),
        null: Null::Off,
        ..Key::new("", Takes::Number { min: 0.0, max }, threshold.meaning)
    }
}
