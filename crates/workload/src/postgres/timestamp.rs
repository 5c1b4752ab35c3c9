//! Timestamps as text, for the simple protocol: PostgreSQL's ISO style, both ways.
//!
//! Microseconds since 1970, without a time zone; of a `timestamptz` the offset is read.

use std::fmt::Write;

const DAY_US: i64 = 86_400_000_000;

/// Writes `2024-05-31 12:00:00.5`, `infinity`, or a year BC.
pub(crate) fn write(out: &mut impl Write, value_us: i64) {
    // Neither a String nor a BytesMut refuses what is written to it.
    let _ = match value_us {
        i64::MAX => out.write_str("infinity"),
        i64::MIN => out.write_str("-infinity"),
        _ => write_finite(out, value_us),
    };
}

fn write_finite(out: &mut impl Write, value_us: i64) -> std::fmt::Result {
    let (year, month, day) = date(value_us.div_euclid(DAY_US));
    let us = value_us.rem_euclid(DAY_US);
    let (seconds, us) = (us / 1_000_000, us % 1_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    // There is no year 0: 1 BC comes before 1.
    let (shown, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    write!(out, "{shown:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{us:06}{era}")
}

/// Reads what PostgreSQL writes with `DateStyle = ISO`.
pub(super) fn read(text: &str) -> Option<i64> {
    match text {
        "infinity" => return Some(i64::MAX),
        "-infinity" => return Some(i64::MIN),
        _ => {}
    }
    let (text, before_christ) = match text.strip_suffix(" BC") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let (date, time) = text.split_once(' ')?;
    let [year, month, day] = numbers(date, '-')?;
    let year = if before_christ { 1 - year } else { year };
    let (time, offset_s) = match time.find(['+', '-']) {
        Some(at) => (&time[..at], offset(&time[at..])?),
        None => (time, 0),
    };
    let (time, us) = match time.split_once('.') {
        Some((time, digits)) => (time, fraction(digits)?),
        None => (time, 0),
    };
    let [hour, minute, second] = numbers(time, ':')?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year.abs() > 400_000 {
        return None;
    }
    let seconds = hour * 3600 + minute * 60 + second - offset_s;
    Some(days(year, month, day) * DAY_US + seconds * 1_000_000 + us)
}

/// `+02`, `-03:30`, `+00:19:32`, in seconds east of Greenwich.
fn offset(text: &str) -> Option<i64> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut seconds = 0;
    for (part, unit) in text[1..].split(':').zip([3600, 60, 1]) {
        seconds += part.parse::<u16>().ok().map(i64::from)? * unit;
    }
    Some(sign * seconds)
}

/// Up to six digits after the point, in microseconds.
fn fraction(digits: &str) -> Option<i64> {
    let missing = 6_usize.checked_sub(digits.len())?;
    let value = digits.parse::<u32>().ok()?;
    Some(i64::from(value) * 10_i64.pow(u32::try_from(missing).ok()?))
}

/// Three numbers without a sign.
fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(|part| part.parse::<u32>().ok().map(i64::from));
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

/// Days since 1970 of a date (<https://howardhinnant.github.io/date_algorithms.html>): years are
/// counted from March, so that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of so many days since 1970: the inverse of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_postgresql_prints() {
        assert_eq!(read("1970-01-01 00:00:00"), Some(0));
        assert_eq!(read("2024-02-29 12:34:56.5"), Some(1_709_210_096_500_000));
        assert_eq!(read("2024-02-29 12:34:56.5+02"), Some(1_709_202_896_500_000));
        assert_eq!(read("1969-12-31 23:59:59.999999-00:30"), Some(1_800_000_000 - 1));
        assert_eq!(read("0001-12-31 00:00:00 BC"), Some(-62_135_683_200_000_000));
        assert_eq!(read("infinity"), Some(i64::MAX));
        assert_eq!(read("31.05.2024 12:00"), None);
    }

    proptest! {
        #[test]
        fn a_timestamp_written_reads_back(us in -200_000_000_000_000_000_i64..9_000_000_000_000_000_000) {
            let mut text = String::new();
            write(&mut text, us);
            prop_assert_eq!(read(&text), Some(us), "{}", text);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,40}") {
            let _ = read(&text);
        }
    }
}
