//! Limits as people write them: `p99 < 20ms`, `action.play_card.p99 < 20ms`, `error_rate < 1%`.
//!
//! METRIC COMPARISON NUMBER UNIT. A metric is a short name for a place in the result, or that
//! place itself (`load_metrics.pool.idle_mean`); without a unit the number is in the metric's own.

use super::names::{self, SECTIONS, SHORT};
use super::nearest_of;
use model::threshold::{Comparison, Threshold, ThresholdSource};
use model::units::Unit;

/// Why a text is no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the threshold \"{text}\": {why}")]
pub struct ExpressionError {
    /// As it was written.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
    /// What to do about it.
    pub hint: String,
}

/// The parts of a distribution.
const PARTS: [&str; 7] = ["mean", "p50", "p90", "p95", "p99", "p999", "max"];
/// The distributions of an action; the first where none is named.
const TIMES: [&str; 4] = ["response_time", "service_time", "wait", "lateness"];
/// The counts of an action.
const ACTION_COUNTS: [&str; 8] =
    ["scheduled", "succeeded", "late", "failed", "unknown", "skipped", "unfinished", "retries"];
/// The counts of a statement.
const STATEMENT_COUNTS: [&str; 3] = ["count", "failed", "rows"];
/// Reads a limit; a limit that was written is the user's.
pub fn parse(text: &str) -> Result<Threshold, ExpressionError> {
    let fail = |why: &str, hint: String| ExpressionError {
        text: text.to_owned(),
        why: why.to_owned(),
        hint,
    };
    let form = || "write it like 'p99 < 20ms' or 'action.play_card.p95 <= 5ms'".to_owned();
    let at = text.find(['<', '>']).ok_or_else(|| fail("there is no comparison", form()))?;
    let (metric, rest) = (text[..at].trim(), &text[at..]);
    let signs = [Comparison::AtMost, Comparison::AtLeast, Comparison::Below, Comparison::Above];
    let found = signs.into_iter().find_map(|c| Some((c, rest.strip_prefix(c.sign())?)));
    let (comparison, limit) = found.ok_or_else(|| fail("there is no comparison", form()))?;
    let (metric, unit) = place(metric).map_err(|unknown| {
        fail(&format!("nothing is called \"{}\"", unknown.name), unknown.hint())
    })?;
    let limit = number(limit.trim(), unit)
        .ok_or_else(|| fail("the limit is no number of that kind", units_of(unit).to_owned()))?;
    let source = ThresholdSource::User;
    Ok(Threshold { name: text.trim().to_owned(), metric, comparison, limit, unit, source })
}

struct Unknown {
    name: String,
    nearest: String,
}

impl Unknown {
    fn of(name: &str, valid: &[&str]) -> Unknown {
        let nearest = nearest_of(name, valid.iter().copied()).to_owned();
        Unknown { name: name.to_owned(), nearest }
    }

    fn hint(&self) -> String {
        format!("did you mean \"{}\"?", self.nearest)
    }
}

/// The place that a metric's name stands for, and what it counts.
fn place(metric: &str) -> Result<(String, Unit), Unknown> {
    if let Some((_, place)) = SHORT.iter().find(|(name, _)| *name == metric) {
        return Ok(((*place).to_owned(), Unit::of_name(place)));
    }
    let parts: Vec<&str> = metric.split('.').collect();
    match parts.as_slice() {
        ["action", name, of @ ..] => {
            under(&format!("load_metrics.actions.{name}"), of, &TIMES, &ACTION_COUNTS)
        }
        ["statement", name, of @ ..] => {
            under(&format!("load_metrics.statements.{name}"), of, &TIMES[1..2], &STATEMENT_COUNTS)
        }
        ["custom", name] => Ok((format!("load_metrics.custom.{name}.value"), Unit::of_name(name))),
        ["custom", name, part] if PARTS.contains(part) => {
            Ok((format!("load_metrics.custom.{name}.value.{part}"), Unit::of_name(name)))
        }
        ["custom", _, part] => Err(Unknown::of(part, &PARTS)),
        [section, ..] if SECTIONS.contains(section) => match names::is_number(metric) {
            true => Ok((metric.to_owned(), unit_of(&parts))),
            false => {
                let (name, nearest) = (metric.to_owned(), names::nearest_place(metric));
                Err(Unknown { name, nearest })
            }
        },
        [part] if PARTS.contains(part) => {
            under("load_metrics.all_actions", &parts, &TIMES, &ACTION_COUNTS)
        }
        [time, _] if TIMES.contains(time) => {
            under("load_metrics.all_actions", &parts, &TIMES, &ACTION_COUNTS)
        }
        _ => {
            let short = SHORT.iter().map(|(name, _)| *name);
            let valid: Vec<&str> = short.chain(PARTS).chain(["action.NAME.p99"]).collect();
            Err(Unknown::of(metric, &valid))
        }
    }
}

/// A value of one operation: a count, a part of its first distribution, or of one that is named.
fn under(
    scope: &str,
    of: &[&str],
    times: &[&str],
    counts: &[&str],
) -> Result<(String, Unit), Unknown> {
    match of {
        [count] if counts.contains(count) => Ok((format!("{scope}.{count}"), Unit::Count)),
        [part] if PARTS.contains(part) => {
            Ok((format!("{scope}.{}_ms.{part}", times[0]), Unit::Milliseconds))
        }
        [time, part] if times.contains(time) && PARTS.contains(part) => {
            Ok((format!("{scope}.{time}_ms.{part}"), Unit::Milliseconds))
        }
        [time, part] if times.contains(time) => Err(Unknown::of(part, &PARTS)),
        [time, _] => Err(Unknown::of(time, times)),
        _ => {
            let valid: Vec<&str> = PARTS.iter().chain(counts).copied().collect();
            Err(Unknown::of(&of.join("."), &valid))
        }
    }
}

/// What a place counts: the last name that ends in a unit says so.
fn unit_of(parts: &[&str]) -> Unit {
    let units = parts.iter().rev().map(|name| Unit::of_name(name));
    units.into_iter().find(|unit| *unit != Unit::Count).unwrap_or(Unit::Count)
}

/// A number with a unit that fits the metric, in the metric's own unit.
fn number(text: &str, unit: Unit) -> Option<f64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || ".-+_".contains(c)));
    let (digits, suffix) = text.split_at(end.unwrap_or(text.len()));
    let number: f64 = digits.replace('_', "").parse().ok().filter(|it: &f64| it.is_finite())?;
    let factor = match (unit, suffix.trim()) {
        (_, "") => 1.0,
        (Unit::Milliseconds, "ms") | (Unit::Seconds, "s") | (Unit::Percent, "%") => 1.0,
        (Unit::Milliseconds, "us" | "µs") | (Unit::Seconds, "ms") => 0.001,
        (Unit::Milliseconds, "s") => 1000.0,
        (Unit::Ratio, "%") => 0.01,
        (Unit::PerSecond, "/s") => 1.0,
        (Unit::Bytes, suffix) => bytes_in(suffix)?,
        (Unit::BytesPerSecond, suffix) => bytes_in(suffix.strip_suffix("/s").unwrap_or(suffix))?,
        _ => return None,
    };
    Some(number * factor)
}

/// As PostgreSQL reads the units of its settings: a kB is 1024 bytes.
fn bytes_in(suffix: &str) -> Option<f64> {
    let power = match suffix {
        "B" | "" => 0,
        "kB" | "KiB" => 1,
        "MB" | "MiB" => 2,
        "GB" | "GiB" => 3,
        "TB" | "TiB" => 4,
        _ => return None,
    };
    Some(1024_f64.powi(power))
}

fn units_of(unit: Unit) -> &'static str {
    match unit {
        Unit::Milliseconds | Unit::Seconds => "it is a time: give a number with us, ms or s",
        Unit::Percent => "it is a share: give a number with %",
        Unit::Ratio => "it is a share: give a number from 0 to 1, or one with %",
        Unit::PerSecond => "it is a rate: give a number, or one with /s",
        Unit::Bytes => "it is a size: give a number with B, kB, MB or GB (1 kB is 1024 B)",
        Unit::BytesPerSecond => {
            "it is a rate of bytes: give a number with kB, MB or GB (1 kB is 1024 B), or kB/s"
        }
        Unit::Count => "give a number",
    }
}

#[cfg(test)]
mod tests;
