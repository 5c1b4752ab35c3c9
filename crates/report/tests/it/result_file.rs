//! The result file: written in one go from lines on disk, read back, and small enough.

use crate::fixture;
use model::catalog::{Catalog, Kind, StatementSpec};
use model::measured::Interval;
use model::run_result::RunResult;
use model::sample::{ActionSample, StatementSample};
use model::series::{Header, Point, Series, SeriesEncoder, SeriesName};
use proptest::prelude::*;
use report::series::PartialLines;
use report::{csv, json};

/// The lines of a run of `seconds`, 6 of them warm-up.
fn lines(seconds: u32) -> Vec<u8> {
    let mut encoder = SeriesEncoder::new(6.0);
    let mut text = encoder.header(Header::default(), &fixture::catalog());
    for second in 0..seconds {
        let mut interval = fixture::interval(second, 6.0);
        if second == 3 {
            interval.failures = fixture::failures();
        }
        text.push_str(&encoder.interval(&interval));
    }
    text.push_str(&encoder.flush());
    text.into_bytes()
}

fn document(lines: &dyn PartialLines) -> RunResult {
    let mut bytes = Vec::new();
    json::write(&fixture::result(), Some(lines), &mut bytes).expect("memory takes every byte");
    json::read(&bytes).expect("what was written is a result")
}

fn series<'a>(result: &'a RunResult, metric: &str, label: Option<&str>) -> &'a [Point] {
    let found = result.series.iter().find(|series| {
        series.name.metric == metric
            && series.name.labels.values().next().map(String::as_str) == label
    });
    &found.unwrap_or_else(|| panic!("no series {metric} {label:?}")).v
}

#[test]
fn a_written_result_reads_back_with_its_series() {
    let read = document(&lines(26));
    assert_eq!(RunResult { series: vec![], ..read.clone() }, fixture::result());
    assert_eq!(series(&read, "actions_succeeded", None).len(), 26);
    assert_eq!(series(&read, "errors", Some("deadlock")), [Point::Number(7.0)]);
    let per_action = series(&read, "actions_scheduled", Some("play_card"));
    assert_eq!(per_action, [4200.0, 7000.0, 7000.0].map(Point::Number), "no window has two parts");
    assert_eq!(series(&read, "response_time_histogram", Some("look")).len(), 3);
    assert_eq!(series(&read, "service_time_p99_ms", Some("commit")).len(), 3);
    assert!(read.series.iter().all(|series| series.t.len() == series.v.len()));
}

#[test]
fn a_result_that_was_read_is_written_the_same() {
    let first = document(&lines(26));
    let mut bytes = Vec::new();
    json::write(&first, None, &mut bytes).unwrap();
    assert_eq!(json::read(&bytes).unwrap(), first);
}

#[test]
fn everything_that_is_rendered_is_in_the_file() {
    let style = report::terminal::Style::default();
    let empty = RunResult { schema_version: 1, ..RunResult::default() };
    for result in [fixture::result(), fixture::bad_day(), empty] {
        let (mut bytes, mut again) = (Vec::new(), Vec::new());
        json::write(&result, Some(&lines(26)), &mut bytes).unwrap();
        let head = json::read_head(bytes.as_slice()).unwrap();
        assert!(head.series.is_empty());
        assert_eq!(
            report::terminal::render(&head, style),
            report::terminal::render(&result, style)
        );
        assert_eq!(report::markdown::render(&head), report::markdown::render(&result));
        assert_eq!(csv::summary(&head), csv::summary(&result));
        json::write(&json::read(&bytes).unwrap(), None, &mut again).unwrap();
        assert!(again == bytes, "what was read is written otherwise");
    }
}

proptest! {
    #[test]
    fn no_number_changes_on_its_way_through_the_file(values in prop::collection::vec(any::<f64>(), 9)) {
        let mut result = RunResult { schema_version: 1, ..RunResult::default() };
        let value = |i: usize| Some(values[i]).filter(|it| it.is_finite()).unwrap_or(0.1 + 0.2);
        result.load_metrics.elapsed_s = value(0);
        result.load_metrics.generator.cpu_s = value(1);
        result.load_metrics.offered_per_s = Some(value(2));
        let name = SeriesName::new("x", "s");
        let v: Vec<f64> = (3..9).map(value).collect();
        let points = v.iter().copied().map(Point::Number).collect();
        result.series.push(Series { name, t: v.clone(), v: points });
        let (mut bytes, mut again) = (Vec::new(), Vec::new());
        json::write(&result, None, &mut bytes).unwrap();
        let read = json::read(&bytes).unwrap();
        prop_assert_eq!(&read.load_metrics, &result.load_metrics);
        prop_assert_eq!(&read.series[0].t, &v);
        json::write(&read, None, &mut again).unwrap();
        prop_assert_eq!(again, bytes);
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_and_never_a_panic(cut in 0..100_000_usize) {
        let mut bytes = Vec::new();
        json::write(&fixture::result(), Some(&lines(8)), &mut bytes).unwrap();
        // The line break at the end is no part of the document.
        bytes.truncate(cut % (bytes.len() - 2));
        let in_number = bytes.last().is_some_and(|it| b"-.eE".contains(it));
        match json::kind(bytes.as_slice()) {
            Err(json::ReadError::CutShort(_) | json::ReadError::Empty) => {}
            Err(json::ReadError::NoJson(_)) if in_number => {}
            other => prop_assert!(false, "{other:?}"),
        }
    }
}

#[test]
fn a_run_that_was_killed_loses_its_last_line_and_nothing_else() {
    let mut whole = lines(26);
    whole.truncate(whole.len() - 40);
    let mut bytes = Vec::new();
    let unreadable = json::write(&fixture::result(), Some(&whole), &mut bytes).unwrap();
    assert_eq!(unreadable, 1);
    assert_eq!(series(&json::read(&bytes).unwrap(), "actions_succeeded", None).len(), 26);
}

#[test]
fn a_result_without_series_is_a_whole_document() {
    let mut bytes = Vec::new();
    json::write(&RunResult { schema_version: 1, ..RunResult::default() }, None, &mut bytes)
        .unwrap();
    assert!(json::read(&bytes).unwrap().series.is_empty());
}

#[test]
fn files_that_are_no_result_are_refused_with_the_reason() {
    let cases = [
        ("", "empty"),
        ("[1]", "no JSON object"),
        ("{}", "with a schema_version"),
        ("{\"schema_version\"", "EOF"),
        (r#"{"schema_version":9}"#, "9"),
    ];
    for (text, why) in cases {
        let error = json::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn the_long_form_is_the_same_from_lines_and_from_the_saved_file() {
    let (lines, mut from_lines, mut from_file) = (lines(12), Vec::new(), Vec::new());
    csv::series(&fixture::result(), Some(&lines), &mut from_lines).unwrap();
    csv::series(&document(&lines), None, &mut from_file).unwrap();
    assert_eq!(from_lines, from_file);
    let (mut saved, mut streamed) = (Vec::new(), Vec::new());
    json::write(&fixture::result(), Some(&lines), &mut saved).unwrap();
    csv::saved_series(saved.as_slice(), &mut streamed).unwrap();
    assert_eq!(streamed, from_lines);
    let text = String::from_utf8(from_lines).unwrap();
    assert!(text.contains("\r\n-6,actions_scheduled,action=play_card,count,4200\r\n"), "{text}");
}

/// 20 actions and 40 statements, all of them busy with latencies of their own.
fn busy_catalog() -> Catalog {
    let statement = |i| StatementSpec {
        name: format!("statement_{i}"),
        sql: format!("SELECT {i}"),
        kind: Kind::Select,
    };
    Catalog {
        actions: (0..20).map(|i| format!("action_{i}")).collect(),
        statements: (0..40).map(statement).collect(),
    }
}

/// A second with 40 latencies per operation that wander over two decades, as real ones do.
fn busy(second: u32) -> Interval {
    let latency = |operation: u32, i: u32| {
        let step = (second * 31 + operation * 17 + i * 7919) % 1000;
        (200.0 * 10f64.powf(f64::from(step) / 400.0)) as u64
    };
    let action = |operation| {
        let mut sample = ActionSample::default();
        for i in 0..40 {
            sample.counts.scheduled += 1;
            sample.counts.succeeded += 1;
            sample.response.record_us(latency(operation, i));
            sample.service.record_us(latency(operation, i) * 9 / 10);
        }
        Some(sample)
    };
    let statement = |operation| {
        let mut sample = StatementSample { count: 40, rows: 40, ..StatementSample::default() };
        (0..40).for_each(|i| sample.service.record_us(latency(operation, i) / 3));
        Some(sample)
    };
    Interval {
        actions: (0..20).map(action).collect(),
        statements: (20..60).map(statement).collect(),
        ..fixture::interval(second, 0.0)
    }
}

#[test]
fn operations_whose_numbers_begin_alike_are_kept_apart() {
    let mut encoder = SeriesEncoder::new(0.0);
    let mut text = encoder.header(Header::default(), &busy_catalog());
    let mut second = busy(0);
    second.actions.iter_mut().zip(1..).for_each(|(action, n)| {
        action.iter_mut().for_each(|action| action.counts.scheduled = n);
    });
    text.push_str(&encoder.interval(&second));
    text.push_str(&encoder.flush());
    let read = document(&text.into_bytes());
    for index in 0..20_u32 {
        let name = format!("action_{index}");
        let seen = series(&read, "actions_scheduled", Some(&name));
        assert_eq!(seen, [Point::Number(f64::from(index + 1))], "{name}");
    }
}

fn size_of_run(seconds: u32) -> usize {
    let mut encoder = SeriesEncoder::new(0.0);
    let mut lines = encoder.header(Header::default(), &busy_catalog());
    (0..seconds).for_each(|second| lines.push_str(&encoder.interval(&busy(second))));
    lines.push_str(&encoder.flush());
    let mut bytes = Vec::new();
    let lines = lines.into_bytes();
    json::write(&fixture::result(), Some(&lines), &mut bytes).expect("memory takes every byte");
    bytes.len()
}

#[test]
fn ten_minutes_of_sixty_operations_stay_below_five_megabytes() {
    let size = size_of_run(600);
    assert!((1_000_000..5_000_000).contains(&size), "{size}");
}

#[test]
fn an_hour_of_sixty_operations_stays_below_thirty_megabytes() {
    let size = size_of_run(3600);
    assert!((5_000_000..30_000_000).contains(&size), "{size}");
}
