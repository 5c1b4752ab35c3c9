//! Lengths of time as people write them: `90s`, `15m`, `1h30m`, `500ms`.
//!
//! Units go from long to short and none comes twice, so `1m90m` is a slip, not a sum. A number
//! without a unit means what its setting says, or nothing at all.

use std::time::Duration;

/// What a number without a unit stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// Minutes.
    Minutes,
    /// Seconds.
    Seconds,
    /// Nothing: only 0 can do without a unit.
    Refused,
}

/// Units by name, longest first, in nanoseconds.
const UNITS: [(&str, u64); 5] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
];

/// The length of time that `text` names; none where it names none.
pub fn parse(text: &str, bare: Bare) -> Option<Duration> {
    let text = text.trim();
    if let Some(number) = plain_number(text) {
        return match bare {
            Bare::Minutes => seconds(number * 60.0),
            Bare::Seconds => seconds(number),
            Bare::Refused if number == 0.0 => Some(Duration::ZERO),
            Bare::Refused => None,
        };
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    let mut units = &UNITS[..];
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number = plain_number(&rest[..digits])?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let position = units.iter().position(|(name, _)| *name == &rest[..letters])?;
        total = total.checked_add(seconds(number * units[position].1 as f64 / 1e9)?)?;
        units = &units[position + 1..];
        rest = &rest[letters..];
    }
    (!text.is_empty()).then_some(total)
}

/// The shortest text that names `span`.
pub fn show(span: Duration) -> String {
    let mut rest = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (name, nanoseconds) in UNITS {
        if rest >= nanoseconds {
            text.push_str(&format!("{}{name}", rest / nanoseconds));
            rest %= nanoseconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Digits with at most one point; no sign, no exponent, no `inf`.
fn plain_number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (plain && text.bytes().any(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Seconds to a whole number of nanoseconds; none beyond what a duration holds.
fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_read_as_people_write_them() {
        let cases = [
            ("90s", 90_000),
            ("15m", 900_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("1m30s500ms", 90_500),
            ("1.5s", 1_500),
            ("0s", 0),
            (" 2s ", 2_000),
        ];
        for (text, ms) in cases {
            assert_eq!(parse(text, Bare::Refused), Some(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn a_bare_number_means_what_its_setting_says() {
        assert_eq!(parse("15", Bare::Minutes), Some(Duration::from_secs(900)));
        assert_eq!(parse("0.5", Bare::Minutes), Some(Duration::from_secs(30)));
        assert_eq!(parse("10", Bare::Seconds), Some(Duration::from_secs(10)));
        assert_eq!(parse("10", Bare::Refused), None);
        assert_eq!(parse("0", Bare::Refused), Some(Duration::ZERO));
    }

    #[test]
    fn slips_are_not_guessed_at() {
        let slips = [
            "",
            " ",
            "s",
            "-1s",
            "1 s",
            "30s1m",
            "1m1m",
            "1x",
            "1.2.3s",
            ".",
            ".s",
            "1e3s",
            "inf",
            "NaN",
            "1m30",
            "99999999999999999999h",
            "٣s",
        ];
        for text in slips {
            assert_eq!(parse(text, Bare::Minutes), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(us in 0u64..10_000_000_000_000) {
            let span = Duration::from_micros(us);
            prop_assert_eq!(parse(&show(span), Bare::Refused), Some(span));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,24}") {
            let _ = parse(&text, Bare::Minutes);
        }
    }
}
