//! What goes into a partial file comes out again, whole or cut.

use super::*;
use crate::catalog::{Catalog, Kind, StatementSpec};
use crate::event::{Event, EventKind};
use crate::failure::{ErrorClass, Failure};
use crate::histogram::Histogram;
use crate::measured::Interval;
use crate::sample::{ActionSample, Phase, StatementSample};
use proptest::prelude::*;

fn interval(start_s: f64, latencies_us: &[u64]) -> Interval {
    let mut action = ActionSample::default();
    let mut statement = StatementSample::default();
    for &us in latencies_us {
        action.counts.scheduled += 1;
        action.counts.succeeded += 1;
        action.response.record_us(us);
        statement.count += 1;
        statement.service.record_us(us);
    }
    let mut failures = crate::failure::FailureTally::default();
    failures.count(&Failure::new(ErrorClass::Deadlock, "x"));
    Interval {
        start_s,
        length_s: 1.0,
        phase: Phase::Measured,
        grace: false,
        offered: None,
        behind_s: None,
        actions: vec![None, Some(action)],
        statements: vec![Some(statement)],
        connections: Default::default(),
        failures,
        generator: Default::default(),
        connected: 3,
        in_use_max: 2,
        idle_mean: 1.5,
    }
}

fn rows(text: &str) -> Vec<Line> {
    text.lines().map(|line| Line::parse(line).unwrap()).collect()
}

#[test]
fn the_whole_run_gets_a_line_each_second_and_operations_one_each_ten() {
    let mut encoder = SeriesEncoder::new(5.0);
    let mut text: String =
        (0..25).map(|s| encoder.interval(&interval(f64::from(s), &[900, 1100]))).collect();
    text.push_str(&encoder.flush());
    let lines = rows(&text);
    let windows = lines.iter().filter_map(|line| match line {
        Line::Action(row) => Some(row.t),
        _ => None,
    });
    assert_eq!(windows.collect::<Vec<_>>(), [-5.0, 5.0, 15.0]);
    assert_eq!(lines.iter().filter(|line| matches!(line, Line::Interval(_))).count(), 25);
    let Some(Line::Interval(first)) = lines.first() else { panic!("{:?}", lines.first()) };
    assert_eq!((first.t, first.succeeded, first.errors["deadlock"]), (-5.0, 2, 1));
    assert!(encoder.flush().is_empty());
}

#[test]
fn raw_data_has_every_operation_every_interval() {
    let mut encoder = SeriesEncoder::new(0.0).every_interval();
    let lines = rows(&encoder.interval(&interval(0.0, &[5])));
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_line_can_be_told_by_its_beginning() {
    let mut encoder = SeriesEncoder::new(0.0).every_interval();
    let text = encoder.interval(&interval(0.0, &[5]));
    let event = Event { at_s: 1.0, kind: EventKind::Interrupted, text: "x".to_owned() };
    let text = text + &encoder.event(&event);
    let begins = [
        Line::INTERVAL_PREFIX.to_owned(),
        Line::action_prefix(1),
        Line::statement_prefix(0),
        Line::EVENT_PREFIX.to_owned(),
    ];
    text.lines().zip(begins).for_each(|(line, begin)| assert!(line.starts_with(&begin), "{line}"));
}

#[test]
fn the_header_names_operations_and_hides_secrets() {
    let catalog = Catalog {
        actions: vec!["look".to_owned()],
        statements: vec![StatementSpec {
            name: "s".to_owned(),
            sql: "select 1".to_owned(),
            kind: Kind::Select,
        }],
    };
    let header = Header { plan: serde_json::json!({"password": "hunter2"}), ..Header::default() };
    let text = SeriesEncoder::new(3.0).header(header, &catalog);
    let Ok(Line::Header(read)) = Line::parse(&text) else { panic!("{text}") };
    assert_eq!((read.actions, read.statements[0].sql.as_str()), (catalog.actions, "select 1"));
    assert_eq!((read.warm_up_s, read.plan["password"].as_str()), (3.0, Some("***")));
}

proptest! {
    #[test]
    fn histograms_survive_the_way_through_the_file(
        seconds in prop::collection::vec(prop::collection::vec(0..9_000_000_u64, 0..20), 1..25),
    ) {
        let mut encoder = SeriesEncoder::new(0.0);
        let mut text = String::new();
        let mut whole = Histogram::<u64>::default();
        for (s, latencies) in seconds.iter().enumerate() {
            text.push_str(&encoder.interval(&interval(s as f64, latencies)));
            latencies.iter().for_each(|&us| whole.record_us(us));
        }
        text.push_str(&encoder.flush());
        let (mut by_second, mut by_window) = (Histogram::<u64>::default(), Histogram::<u64>::default());
        for line in rows(&text) {
            let (sum, encoded) = match line {
                Line::Interval(row) => (&mut by_second, row.response_time),
                Line::Action(row) => (&mut by_window, row.response_time),
                _ => continue,
            };
            if let Some(encoded) = encoded {
                sum.merge(&Histogram::<u64>::from_base64(&encoded).unwrap());
            }
        }
        for sum in [by_second, by_window] {
            prop_assert_eq!(sum.count(), whole.count());
            prop_assert_eq!(sum.quantile_ms(0.99), whole.quantile_ms(0.99));
        }
    }

    #[test]
    fn a_line_cut_anywhere_or_garbled_is_an_error_and_never_a_panic(cut in 0..400_usize, byte in any::<char>()) {
        let mut encoder = SeriesEncoder::new(0.0);
        let text = encoder.interval(&interval(0.0, &[5, 700]));
        let line = text.lines().next().unwrap();
        let cut = cut % line.len();
        prop_assert!(Line::parse(&line[..cut]).is_err());
        let garbled = format!("{}{byte}{}", &line[..cut], &line[cut..]);
        let _any = Line::parse(&garbled);
    }
}
