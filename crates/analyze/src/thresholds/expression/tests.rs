//! What is understood, and what is told about the rest.

use super::*;
use proptest::prelude::*;

#[test]
fn what_people_write_names_a_place_and_a_limit_in_its_unit() {
    let all = "load_metrics.all_actions";
    let cases = [
        ("p99 < 20ms", format!("{all}.response_time_ms.p99"), 20.0),
        ("p99<0.02s", format!("{all}.response_time_ms.p99"), 20.0),
        ("mean <= 450us", format!("{all}.response_time_ms.mean"), 0.45),
        ("lateness.p99 < 1ms", format!("{all}.lateness_ms.p99"), 1.0),
        ("error_rate < 1%", "load_metrics.error_rate_percent".to_owned(), 1.0),
        ("read_share >= 70%", "load_metrics.read_share_ratio".to_owned(), 0.7),
        ("late <= 10", format!("{all}.late"), 10.0),
        ("achieved > 1_000/s", "load_metrics.achieved_per_s".to_owned(), 1000.0),
        (
            "action.play_card.p99 < 20ms",
            "load_metrics.actions.play_card.response_time_ms.p99".to_owned(),
            20.0,
        ),
        ("action.look.failed <= 0", "load_metrics.actions.look.failed".to_owned(), 0.0),
        (
            "statement.commit.p95 < 5",
            "load_metrics.statements.commit.service_time_ms.p95".to_owned(),
            5.0,
        ),
        ("custom.hands > 3", "load_metrics.custom.hands.value".to_owned(), 3.0),
        ("deadlocks < 1", "database_metrics.transaction_stats.deadlocks".to_owned(), 1.0),
        ("cache_hit_ratio > 99%", "database_metrics.buffer_cache.hit_ratio".to_owned(), 0.99),
        (
            "wal_bytes_per_s < 10MB",
            "database_metrics.wal_checkpoints.wal_bytes_per_s".to_owned(),
            10.0 * 1024.0 * 1024.0,
        ),
        (
            "wal_bytes_per_s < 1 kB/s",
            "database_metrics.wal_checkpoints.wal_bytes_per_s".into(),
            1024.0,
        ),
        (
            "database_metrics.temp_files.bytes <= 1GB",
            "database_metrics.temp_files.bytes".to_owned(),
            1024.0 * 1024.0 * 1024.0,
        ),
        (
            "system_metrics.cpu_usage_percent.max < 90%",
            "system_metrics.cpu_usage_percent.max".to_owned(),
            90.0,
        ),
        ("load_metrics.pool.wait_ms.p99 < 1s", "load_metrics.pool.wait_ms.p99".to_owned(), 1e3),
    ];
    for (text, metric, limit) in cases {
        let read = parse(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((read.metric, read.name.as_str()), (metric, text));
        assert!((read.limit - limit).abs() < 1e-9, "{text}: {}", read.limit);
        assert_eq!(read.source, ThresholdSource::User);
    }
}

#[test]
fn what_is_no_limit_is_told_with_the_nearest_that_is() {
    let cases = [
        ("p99", "there is no comparison"),
        ("p98 < 5ms", "did you mean \"p9"),
        ("eror_rate < 1%", "did you mean \"error_rate\"?"),
        ("action.play_card.respons_time.p99 < 1ms", "did you mean \"response_time\"?"),
        ("action.play_card < 1ms", "did you mean"),
        ("custom.basket_items.p98 < 1", "nothing is called \"p98\"; did you mean \"p9"),
        ("statement.x.wait.p99 < 1ms", "did you mean \"service_time\"?"),
        ("dead_locks < 1", "did you mean \"deadlocks\"?"),
        (
            "database_metrics.locks.deadlocks < 1",
            "did you mean \"database_metrics.lock_contention.deadlocks\"?",
        ),
        ("database_metrics.index_usage.indexes > 1", "nothing is called"),
        ("wal_bytes < 5ms", "it is a size"),
        ("wal_bytes_per_s < 5ms", "it is a rate of bytes"),
        ("p99 < 5%", "it is a time"),
        ("p99 < fast", "it is a time"),
        ("p99 < ", "it is a time"),
        ("error_rate < 5ms", "it is a share"),
        ("", "there is no comparison"),
    ];
    for (text, told) in cases {
        let error = parse(text).expect_err(text);
        let said = format!("{error}; {}", error.hint);
        assert!(said.contains(told), "{text}: {said}");
    }
}

#[test]
fn a_sign_of_two_characters_is_not_read_as_one() {
    assert_eq!(parse("p99 <= 5ms").unwrap().comparison, Comparison::AtMost);
    assert_eq!(parse("p99 < 5ms").unwrap().comparison, Comparison::Below);
}

/// A metric with units that fit it, and how much each is in the metric's own.
fn metric() -> impl Strategy<Value = (&'static str, &'static [(&'static str, f64)])> {
    const TIME: &[(&str, f64)] =
        &[("", 1.0), ("us", 0.001), ("µs", 0.001), ("ms", 1.0), ("s", 1e3)];
    const SHARE: &[(&str, f64)] = &[("", 1.0), ("%", 1.0)];
    const RATE: &[(&str, f64)] = &[("", 1.0), ("/s", 1.0)];
    prop::sample::select(vec![
        ("p99", TIME),
        ("action.play_card.p999", TIME),
        ("statement.commit.max", TIME),
        ("load_metrics.pool.wait_ms.mean", TIME),
        ("error_rate", SHARE),
        ("achieved_per_s", RATE),
    ])
}

proptest! {
    #[test]
    fn every_limit_reads_as_it_was_written(
        (name, units) in metric(),
        sign in prop::sample::select(vec!["<", "<=", ">", ">="]),
        thousandths in 0..10_000_000_u64,
        unit in any::<prop::sample::Index>(),
        blank in prop::sample::select(vec!["", " ", "  "]),
    ) {
        let (unit, factor) = units[unit.index(units.len())];
        let number = thousandths as f64 / 1000.0;
        let text = format!("{name}{blank}{sign}{blank}{number}{blank}{unit}");
        let read = parse(&text).unwrap();
        prop_assert_eq!(read.comparison.sign(), sign);
        prop_assert!((read.limit - number * factor).abs() <= 1e-9 * (1.0 + number * factor));
        prop_assert!(read.metric.starts_with("load_metrics."), "{}", read.metric);
    }

    #[test]
    fn whatever_is_written_is_a_limit_or_told_with_what_would_be_right(text in ".*[<>]?.*") {
        match parse(&text) {
            Ok(read) => prop_assert!(read.limit.is_finite()),
            Err(error) => prop_assert!(!error.why.is_empty() && !error.hint.is_empty()),
        }
    }
}
