//! Values of the server's settings as `SHOW` gives them: numbers with a unit.

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
}
