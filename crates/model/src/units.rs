//! How numbers look to a reader, in one place.
//!
//! Three digits at most before a unit changes: the histograms keep two significant digits, so
//! more would pretend. Files hold plain numbers with the unit in the name; this is for people.

use serde::{Deserialize, Serialize};

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Hundredths of a whole.
    #[serde(rename = "percent")]
    Percent,
    /// A share of one.
    #[serde(rename = "ratio")]
    Ratio,
    /// Per second.
    #[serde(rename = "per_s")]
    PerSecond,
    /// Bytes.
    #[serde(rename = "bytes")]
    Bytes,
    /// Bytes per second.
    #[serde(rename = "bytes_per_s")]
    BytesPerSecond,
    /// Things.
    #[serde(rename = "count")]
    Count,
}

impl Unit {
    /// The unit that a metric's name ends in (`_ms`, `_s`, `_per_s`, `_percent` …) or is.
    pub fn of_name(name: &str) -> Unit {
        if name == "bytes" {
            return Unit::Bytes;
        }
        const ENDINGS: [(&str, Unit); 8] = [
            ("_bytes_per_s", Unit::BytesPerSecond),
            ("_per_s", Unit::PerSecond),
            ("_per_second", Unit::PerSecond),
            ("_ms", Unit::Milliseconds),
            ("_s", Unit::Seconds),
            ("_percent", Unit::Percent),
            ("_ratio", Unit::Ratio),
            ("_bytes", Unit::Bytes),
        ];
        let found = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending));
        found.map_or(Unit::Count, |(_, unit)| *unit)
    }

    /// `value` as a reader wants it.
    pub fn show(self, value: f64) -> String {
        match self {
            Unit::Milliseconds => milliseconds(value),
            Unit::Seconds => milliseconds(value * 1000.0),
            Unit::Percent => percent(value),
            Unit::Ratio => format!("{value:.3}"),
            Unit::PerSecond => rate(value),
            Unit::Bytes => bytes(value),
            Unit::BytesPerSecond => format!("{}/s", bytes(value)),
            Unit::Count => decimal(value),
        }
    }
}

/// `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 thread`, `2 threads`.
pub fn several(n: u64, noun: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(n))
}

/// `12.3`, `123`, `1,234`: one decimal while it says something.
pub fn decimal(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let size = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    if size >= 99.95 || (size.fract() == 0.0 && size >= 10.0) {
        // A float beyond u64 saturates, and no count of ours gets there.
        format!("{sign}{}", count(size.round() as u64))
    } else if size.fract() == 0.0 {
        format!("{sign}{size:.0}")
    } else {
        format!("{sign}{size:.1}")
    }
}

/// `1,234/s`.
pub fn rate(per_s: f64) -> String {
    format!("{}/s", decimal(per_s))
}

/// `3.4 %`; two decimals where one would hide everything (`0.03 %`).
pub fn percent(value: f64) -> String {
    if !value.is_finite() {
        "-".to_owned()
    } else if value == 0.0 || value == 100.0 {
        format!("{value:.0} %")
    } else if value > 0.0 && value < 0.01 {
        "< 0.01 %".to_owned()
    } else if value.abs() < 1.0 || (99.0..100.0).contains(&value) {
        // Never round a loss away: 99.999 % is not 100 %.
        format!("{:.2} %", if value < 100.0 { value.min(99.99) } else { value })
    } else {
        format!("{value:.1} %")
    }
}

/// `45.6 µs`, `12.3 ms`, `1.2 s`, `2m30s`.
pub fn milliseconds(ms: f64) -> String {
    if !ms.is_finite() {
        return "-".to_owned();
    }
    let size = ms.abs();
    if size == 0.0 {
        "0 ms".to_owned()
    } else if size < 0.9995 {
        scaled(ms * 1000.0, "µs")
    } else if size < 999.5 {
        scaled(ms, "ms")
    } else if size < 99_950.0 {
        scaled(ms / 1000.0, "s")
    } else {
        duration(ms / 1000.0)
    }
}

fn scaled(value: f64, unit: &str) -> String {
    if value.abs() >= 99.95 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// `45s`, `2m30s`, `1h05m`: how long something took or will take, to the second.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "-".to_owned();
    }
    let whole = seconds.max(0.0).round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, 0, 0) => format!("{h}h"),
        (h, m, 0) => format!("{h}h{m:02}m"),
        (h, m, s) => format!("{h}h{m:02}m{s:02}s"),
    }
}

/// `1.5 GiB`.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = value;
    let mut unit = 0;
    while value.abs() >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", decimal(value), UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_takes_the_unit_that_keeps_it_short() {
        let cases = [
            (0.0, "0 ms"),
            (0.0456, "45.6 µs"),
            (0.1, "100 µs"),
            (0.9996, "1.0 ms"),
            (12.34, "12.3 ms"),
            (99.96, "100 ms"),
            (999.6, "1.0 s"),
            (1234.0, "1.2 s"),
            (99_940.0, "99.9 s"),
            (150_000.0, "2m30s"),
        ];
        cases.iter().for_each(|(ms, text)| assert_eq!(milliseconds(*ms), *text, "{ms}"));
    }

    #[test]
    fn counts_and_rates_have_thousands_apart() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(rate(1234.4), "1,234/s");
        assert_eq!(rate(12.34), "12.3/s");
        assert_eq!(rate(0.0), "0/s");
    }

    #[test]
    fn a_share_is_never_rounded_to_all_or_nothing() {
        let cases = [
            (0.0, "0 %"),
            (0.0001, "< 0.01 %"),
            (0.034, "0.03 %"),
            (3.44, "3.4 %"),
            (99.999, "99.99 %"),
            (100.0, "100 %"),
        ];
        cases.iter().for_each(|(value, text)| assert_eq!(percent(*value), *text));
    }

    #[test]
    fn durations_and_sizes_read_well() {
        let cases = [(0.4, "0s"), (45.0, "45s"), (60.0, "1m"), (150.0, "2m30s"), (3900.0, "1h05m")];
        cases.iter().for_each(|(s, text)| assert_eq!(duration(*s), *text));
        assert_eq!(bytes(1536.0), "1.5 KiB");
        assert_eq!(bytes(1_048_576.0), "1 MiB");
    }

    #[test]
    fn the_unit_follows_from_the_name() {
        assert_eq!(Unit::of_name("achieved_per_s"), Unit::PerSecond);
        assert_eq!(Unit::of_name("elapsed_s"), Unit::Seconds);
        assert_eq!(Unit::of_name("response_time_ms"), Unit::Milliseconds);
        assert_eq!(Unit::of_name("retries"), Unit::Count);
        assert_eq!(Unit::of_name("wal_bytes_per_s"), Unit::BytesPerSecond);
        assert_eq!(Unit::of_name("bytes"), Unit::Bytes);
        assert_eq!(Unit::BytesPerSecond.show(1_048_576.0), "1 MiB/s");
    }
}
