//! Values of the server's settings as numbers: as `SHOW` gives them, with a unit behind, and as
//! `pg_settings` has them, in a unit of their own.
//!
//! What a value is good for is the matter of the rules that ask.

use crate::diagnosis::{Facts, Missing, fact};
use model::database_metrics::SettingValue;
use model::finding::Evidence;

/// Reads values of settings.
pub(super) struct Shown;

impl Shown {
    /// A size in bytes (`128MB`, `8kB`, `1GB`); none of what is no size.
    pub(super) fn bytes(shown: &str) -> Option<f64> {
        const UNITS: [(&str, f64); 5] = [
            ("B", 1.0),
            ("kB", 1024.0),
            ("MB", 1_048_576.0),
            ("GB", 1_073_741_824.0),
            ("TB", 1_099_511_627_776.0),
        ];
        with_unit(shown, &UNITS)
    }

    /// A time in milliseconds (`1s`, `200ms`, `5min`); none of what is no time.
    pub(super) fn milliseconds(shown: &str) -> Option<f64> {
        const UNITS: [(&str, f64); 6] = [
            ("us", 0.001),
            ("ms", 1.0),
            ("s", 1000.0),
            ("min", 60_000.0),
            ("h", 3_600_000.0),
            ("d", 86_400_000.0),
        ];
        with_unit(shown, &UNITS)
    }
}

/// A size that a setting of the server has, in bytes.
pub(super) fn setting_bytes(facts: &Facts<'_>, name: &str) -> Result<f64, Missing> {
    setting(facts, name, "size", Shown::bytes)
}

/// A time that a setting of the server has, in milliseconds.
pub(super) fn setting_ms(facts: &Facts<'_>, name: &str) -> Result<f64, Missing> {
    setting(facts, name, "time", Shown::milliseconds)
}

fn setting(
    facts: &Facts<'_>,
    name: &str,
    what: &str,
    read: fn(&str) -> Option<f64>,
) -> Result<f64, Missing> {
    let is_none = |shown: &str| Missing(format!("{name} is no {what}: {shown}"));
    let missing = match facts.setting(name) {
        Ok(shown) => return read(shown).ok_or_else(|| is_none(shown)),
        Err(missing) => missing,
    };
    let values = facts.section(|it| &it.settings).map(|it| &it.values);
    let watched = values.ok().and_then(|it| it.get(name)).filter(|it| it.unit.is_some());
    let value = watched.ok_or(missing)?;
    of_catalogue(value, read).ok_or_else(|| is_none(&value.value))
}

/// A value in its own unit, which may be a multiple (`8kB`).
fn of_catalogue(value: &SettingValue, read: fn(&str) -> Option<f64>) -> Option<f64> {
    let unit = value.unit.as_deref()?;
    let is_multiple = unit.starts_with(|c: char| c.is_ascii_digit());
    let unit = if is_multiple { read(unit) } else { read(&format!("1{unit}")) };
    Some(value.value.parse::<f64>().ok()? * unit?)
}

/// A size that a setting has, as a sentence. The result has it as the server shows it, so its name
/// tells no unit.
pub(super) fn sized(text: impl Into<String>, name: &str, bytes: f64) -> Evidence {
    let metric = format!("environment.server.settings.{name}");
    Evidence { unit: Some("bytes".to_owned()), ..fact(text, &metric, bytes) }
}

fn with_unit(shown: &str, units: &[(&str, f64)]) -> Option<f64> {
    let shown = shown.trim();
    let end = shown.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = shown.split_at(end);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    Some(number.trim().parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_read_as_the_server_shows_them() {
        assert_eq!(Shown::bytes("128MB"), Some(134_217_728.0));
        assert_eq!(Shown::bytes("8kB"), Some(8192.0));
        assert_eq!(Shown::milliseconds("5min"), Some(300_000.0));
        assert_eq!(Shown::milliseconds("200ms"), Some(200.0));
        for odd in ["", "-1", "on", "12 parsecs", "MB"] {
            assert_eq!((Shown::bytes(odd), Shown::milliseconds(odd)), (None, None), "{odd}");
        }
    }

    #[test]
    fn what_the_catalogue_says_is_in_the_unit_beside_it() {
        let of = |value: &str, unit: &str, read: fn(&str) -> Option<f64>| {
            let (value, unit) = (value.to_owned(), Some(unit.to_owned()));
            of_catalogue(&SettingValue { value, unit, ..SettingValue::default() }, read)
        };
        assert_eq!(of("16384", "8kB", Shown::bytes), Some(134_217_728.0));
        assert_eq!(of("4096", "kB", Shown::bytes), Some(4_194_304.0));
        assert_eq!(of("100", "ms", Shown::milliseconds), Some(100.0));
        assert_eq!(of("100", "kB", Shown::milliseconds), None);
    }
}
