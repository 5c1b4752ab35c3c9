//! A result made from a record holds what the record was made of, whole or cut.

use super::*;
use crate::catalog::Kind;
use crate::failure::{ErrorClass, Failure};
use crate::measured::{Interval, RunQueueWait};
use crate::run_result::ErrorRow;
use crate::sample::{ActionCounts, Phase};
use crate::series::SeriesEncoder;
use proptest::prelude::*;

const WARM_UP_S: u32 = 2;

fn catalog() -> Catalog {
    let spec =
        |name: &str, kind| StatementSpec { name: name.to_owned(), sql: format!("-- {name}"), kind };
    Catalog {
        actions: vec!["look".to_owned(), "play".to_owned()],
        statements: vec![spec("read", Kind::Select), spec("write", Kind::Insert)],
    }
}

/// Second number `second`, in which each of `us` is the time of an action that succeeded, and one
/// more began.
fn interval(second: u32, us: &[u64]) -> Interval {
    let mut action = ActionSample::default();
    action.counts.scheduled = us.len() as u64 + 1;
    action.counts.succeeded = us.len() as u64;
    let mut statement = StatementSample::default();
    for us in us {
        action.response.record_us(*us);
        action.service.record_us(us / 2);
        statement.service.record_us(us / 3);
    }
    (statement.count, statement.rows) = (us.len() as u64, 2 * us.len() as u64);
    let mut failures = crate::failure::FailureTally::default();
    failures.count(&Failure::server(*b"40P01", format!("deadlock in second {second}")));
    Interval {
        start_s: f64::from(second),
        length_s: 1.0,
        phase: if second < WARM_UP_S { Phase::WarmUp } else { Phase::Measured },
        grace: false,
        offered: Some(5.0),
        behind_s: Some(0.0),
        actions: vec![None, Some(action)],
        statements: vec![None, Some(statement)],
        connections: ConnectionSample { attempted: 1, ..ConnectionSample::default() },
        failures,
        generator: GeneratorSample::default(),
        connected: 3,
        in_use_max: 2,
        idle_mean: 1.5,
    }
}

use crate::measured::GeneratorSample;
use crate::sample::ConnectionSample;

/// The record of a run that was killed after these seconds.
fn record(seconds: &[Vec<u64>]) -> String {
    let mut encoder = SeriesEncoder::new(f64::from(WARM_UP_S));
    let plan = serde_json::json!({"shape": {"loop": "open", "unit": "actions"}});
    let set_up_statements = [("write".to_owned(), 7)].into();
    let header = Header { plan, set_up_statements, connections: 3, ..Header::default() };
    let mut text = encoder.header(header, &catalog());
    for (second, us) in (0..).zip(seconds) {
        text.push_str(&encoder.interval(&interval(second, us)));
    }
    text
}

fn read(text: &str) -> (RunResult, RecordNotes) {
    let mut lines = text.split_inclusive('\n');
    let mut reader = RecordReader::begin(lines.next().unwrap()).unwrap();
    lines.for_each(|line| reader.line(line));
    match reader.finish() {
        Recorded::Unjudged(result, notes) => (*result, notes),
        Recorded::Judged(result) => panic!("{result:?}"),
    }
}

fn seconds() -> impl Strategy<Value = Vec<Vec<u64>>> {
    prop::collection::vec(prop::collection::vec(1..9_000_000_u64, 0..20), 3..30)
}

proptest! {
    #[test]
    fn no_second_of_a_killed_run_is_lost(seconds in seconds()) {
        let (result, notes) = read(&record(&seconds));
        let load = &result.load_metrics;
        let measured: Vec<u64> = seconds[2..].iter().flatten().copied().collect();
        let all: u64 = seconds.iter().map(|it| it.len() as u64).sum();
        prop_assert_eq!(load.all_actions.succeeded, measured.len() as u64);
        prop_assert_eq!(load.actions["play"].succeeded, measured.len() as u64);
        prop_assert_eq!(load.warm_up.succeeded + load.all_actions.succeeded, all);
        // Of each second one action had no answer when the record ended.
        prop_assert_eq!(load.all_actions.unfinished, seconds.len() as u64);
        prop_assert!(load.all_actions.adds_up() && load.warm_up.adds_up());
        prop_assert_eq!(load.statements["write"].totals.session_count, all + 7);
        prop_assert_eq!(load.statements["write"].totals.rows, 2 * measured.len() as u64);
        prop_assert_eq!(load.elapsed_s, (seconds.len() - 2) as f64);
        prop_assert_eq!(load.connections.attempted, seconds.len() as u64);
        prop_assert_eq!((notes.load_ended, notes.damaged), (false, 0));
        let mut whole = Histogram::<u64>::default();
        measured.iter().for_each(|us| whole.record_us(*us));
        prop_assert_eq!(load.all_actions.response_time_ms, Distribution::of(&whole));
    }

    #[test]
    fn a_record_cut_anywhere_gives_what_came_before(seconds in seconds(), share in 0.0..1.0_f64) {
        let text = record(&seconds);
        let header = text.find('\n').unwrap() + 1;
        let cut = header + ((text.len() - header) as f64 * share) as usize;
        let (result, notes) = read(&text[..cut]);
        prop_assert_eq!(notes.damaged, 0);
        prop_assert!(result.load_metrics.all_actions.adds_up());
        let whole = read(&text).0.load_metrics.all_actions.succeeded;
        prop_assert!(result.load_metrics.all_actions.succeeded <= whole);
    }
}

#[test]
fn failures_keep_their_code_and_the_first_message() {
    let (result, _) = read(&record(&vec![vec![5]; 6]));
    let row = |count, sample: &str| ErrorRow {
        class: ErrorClass::Deadlock.name().to_owned(),
        sqlstate: Some("40P01".to_owned()),
        count,
        sample: sample.to_owned(),
    };
    let load = &result.load_metrics;
    assert_eq!(load.early_errors, [row(2, "deadlock in second 0")]);
    assert_eq!(load.errors, [row(4, "deadlock in second 0")]);
}

#[test]
fn a_wait_for_a_processor_is_on_record_and_absent_where_nobody_told_it() {
    let generator = |run_queue: Option<RunQueueWait>| {
        let mut encoder = SeriesEncoder::new(1.0);
        let plan = serde_json::json!({"threads": 2});
        let mut text = encoder.header(Header { plan, ..Header::default() }, &catalog());
        let waited = GeneratorSample { run_queue, ..GeneratorSample::default() };
        for second in 0..5 {
            // The warm-up, of a second, is not in it.
            let of_second = Interval { generator: waited.clone(), ..interval(second, &[700]) };
            text.push_str(&encoder.interval(&of_second));
        }
        read(&text).0.load_metrics.generator
    };
    let mut waited = RunQueueWait::default();
    waited.add_thread(100_000, 20);
    waited.add_thread(300_001, 30);
    let ours = generator(Some(waited));
    assert_eq!(ours.run_queue_wait_percent, Some(20.000_05));
    assert_eq!(ours.run_queue_wait_max_percent, Some(30.000_1));
    assert_eq!(ours.wake_delay_ms, Some(8.000_02));
    let unknown = generator(None);
    assert_eq!((unknown.run_queue_wait_percent, unknown.wake_delay_ms), (None, None));
}

#[test]
fn damage_before_the_end_is_counted_and_costs_only_its_lines() {
    let text = record(&vec![vec![5]; 6]);
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.len() - 1;
    lines[last] = &lines[last][..9];
    lines[last - 1] = "garbage";
    let (result, notes) = read(&lines.join("\n"));
    assert_eq!(notes.damaged, 1);
    assert_eq!(result.load_metrics.all_actions.succeeded, 2);
}

#[test]
fn a_result_in_the_record_is_that_result() {
    let judged = RunResult { schema_version: 1, ..RunResult::default() };
    let text = record(&[vec![5]]) + &Line::Result(Box::new(judged.clone())).encode();
    let mut lines = text.lines();
    let mut reader = RecordReader::begin(lines.next().unwrap()).unwrap();
    lines.for_each(|line| reader.line(line));
    assert!(matches!(reader.finish(), Recorded::Judged(result) if *result == judged));
}

#[test]
fn what_is_no_record_is_refused() {
    let (text, version) = (record(&[]), "\"schema_version\":1");
    let newer = text.replace(version, "\"schema_version\":9");
    assert!(matches!(RecordReader::begin(&newer), Err(RecordError::Version(9))));
    for text in [&text[..text.len() / 2], "", "{}"] {
        assert!(matches!(RecordReader::begin(text), Err(RecordError::NoHeader)), "{text}");
    }
}

#[test]
fn counts_survive_as_an_array() {
    let counts = ActionCounts::of_array([1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!((counts.scheduled, counts.retries), (1, 8));
    assert_eq!(counts.to_array(), [1, 2, 3, 4, 5, 6, 7, 8]);
}
