//! A suite in every format, its schema, and the page that explains it.

use crate::fixture;
use crate::schema::{closed, complaints, page_of};
use model::finding::{Recommendation, Severity};
use model::metric::Distribution;
use model::run_result::{RunKind, RunResult};
use model::suite::{Change, Degradation, Effect, Reference};
use model::suite::{Figures, Scenario, ScenarioStatus, SuiteResult, SuiteSummary};
use model::verdict::{Cause, Reason, Verdict};
use report::json::ReadError;
use report::suite::{json, markdown, read, terminal};
use report::terminal::Style;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../../../docs/suite.schema.json");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/suite.md");

fn finished(name: &str, connections: u64, result: &RunResult) -> Scenario {
    Scenario {
        name: name.to_owned(),
        description: Some("What | it is for".to_owned()),
        status: ScenarioStatus::Finished,
        connections,
        duration_s: 300.0,
        result_file: Some(format!("{name}.json")),
        verdict: Some(result.verdict.clone()),
        figures: Some(Figures::of(result)),
        ..Scenario::default()
    }
}

fn change(metric: &str, from: f64, to: f64, words: &str) -> Change {
    let change_percent = (from != 0.0).then(|| (to / from - 1.0) * 100.0);
    let (metric, words) = (metric.to_owned(), words.to_owned());
    Change { metric, from, to, change_percent, effect: Effect::Worse, words }
}

/// A good run, a bad one, one that could not start and one that was not run.
fn suite() -> SuiteResult {
    let unreachable = Verdict::of(vec![Reason::new(Cause::Unreachable, "no room for 900")]);
    let times = Distribution { p99: 4.0, ..Distribution::default() };
    SuiteResult {
        schema_version: 1,
        kind: RunKind::Suite,
        test_summary: SuiteSummary {
            started_at: Some("2026-07-01T12:00:00Z".to_owned()),
            time_scale: 0.02,
            scenarios: 4,
            finished: 2,
            passed: 1,
            could_not_start: 1,
            not_run: 1,
            interrupted: false,
        },
        verdict: Verdict::of(vec![
            Reason::new(Cause::Unreachable, "stress_test: no room for 900"),
            Reason::new(Cause::ThresholdFailed, "peak_load: too slow"),
        ]),
        scenarios: vec![
            finished("baseline_performance", 20, &fixture::result()),
            finished("peak_load", 100, &fixture::bad_day()),
            Scenario {
                name: "stress_test".to_owned(),
                status: ScenarioStatus::CouldNotStart,
                reason: Some("no room for 900".to_owned()),
                connections: 900,
                verdict: Some(unreachable),
                ..Scenario::default()
            },
            Scenario {
                name: "migration_load".to_owned(),
                reason: Some("not there yet".to_owned()),
                connections: 50,
                ..Scenario::default()
            },
        ],
        degradation: vec![Degradation {
            scenario: "peak_load".to_owned(),
            against: "baseline_performance".to_owned(),
            reference: Reference::Previous,
            changes: vec![
                change("achieved_per_s", 100.0, 80.0, "20 % less throughput"),
                change("response_time_ms.p95", 2.0, 3.0, "50 % slower"),
                change("response_time_ms.p99", times.p99, 8.0, "100 % slower"),
                change("error_rate_percent", 0.0, 1.5, "more errors: 1.5 % after 0 %"),
                change("custom.hands_played.per_s", 2.0, 1.0, "50 % less per second"),
            ],
        }],
        recommendations: vec![Recommendation {
            category: "capacity".to_owned(),
            priority: Severity::High,
            recommendation: "plan for less".to_owned(),
            rationale: "first crossed at peak_load (100 connections)".to_owned(),
            evidence: vec![json!({"scenario": "peak_load"})],
        }],
        environment: Some(fixture::result().environment),
    }
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn saved(suite: &SuiteResult) -> Value {
    serde_json::from_slice(&json(suite).unwrap()).unwrap()
}

#[test]
fn a_saved_suite_reads_back_and_is_written_the_same() {
    for suite in
        [suite(), SuiteResult { schema_version: 1, kind: RunKind::Suite, ..SuiteResult::default() }]
    {
        let bytes = json(&suite).unwrap();
        assert_eq!(read(&bytes).unwrap(), suite);
        assert_eq!(json(&read(&bytes).unwrap()).unwrap(), bytes);
    }
}

#[test]
fn every_field_of_a_suite_is_described_and_fits_its_schema() {
    assert_eq!(complaints(&schema(), &saved(&suite())), Vec::<String>::new());
    let mut document = saved(&suite());
    // What is described elsewhere is open here.
    document.as_object_mut().unwrap().remove("environment");
    assert_eq!(complaints(&closed(schema()), &document), Vec::<String>::new());
}

#[test]
fn the_schema_refuses_what_is_no_suite() {
    let changes: [(&str, Value); 4] = [
        ("/kind", json!("load")),
        ("/scenarios/0/status", json!("fine")),
        ("/scenarios/0/figures/succeeded", json!(-1)),
        ("/degradation/0/changes/0/effect", json!(1)),
    ];
    for (place, value) in changes {
        let mut document = saved(&suite());
        *document.pointer_mut(place).expect(place) = value;
        assert_ne!(complaints(&schema(), &document), Vec::<String>::new(), "{place}");
    }
}

#[test]
fn what_is_no_suite_is_not_read_as_one() {
    assert!(matches!(read(b"[]"), Err(ReadError::NoResult)));
    assert!(matches!(read(b"{}"), Err(ReadError::NoResult)));
    let load = br#"{"schema_version": 1, "kind": "load"}"#;
    assert!(matches!(read(load), Err(ReadError::NoResult)));
    let newer = br#"{"schema_version": 2, "kind": "suite"}"#;
    assert!(matches!(read(newer), Err(ReadError::Version(2))));
}

#[test]
fn a_suite_on_the_terminal() {
    insta::assert_snapshot!(terminal::render(&suite(), Style { colour: false, width: 100 }));
}

#[test]
fn a_suite_in_markdown() {
    insta::assert_snapshot!(markdown::render(&suite()));
}

#[test]
fn the_report_of_many_scenarios_fits_a_screen_of_any_width() {
    let mut many = suite();
    many.scenarios =
        (0..40).map(|it| finished(&format!("scenario_{it}"), it, &fixture::bad_day())).collect();
    many.degradation = (0..39).flat_map(|_| suite().degradation).collect();
    many.verdict.reasons = vec!["word ".repeat(60); 40];
    for width in [10, 80, 200] {
        let text = terminal::render(&many, Style { colour: false, width });
        assert!(text.lines().count() <= 50, "{text}");
        assert!(text.lines().all(|it| it.chars().count() <= 100), "{text}");
    }
}

fn page() -> String {
    page_of(
        &schema(),
        "# The suite's file\n\n\
         A suite is saved as one JSON document, `suite.json`, beside the results of its scenarios. \
         [suite.schema.json](suite.schema.json) is its JSON Schema, and this page is made from it \
         (`UPDATE_DOCS=1 cargo test -p pgsurge-report`). A `?` marks a field that may be absent.\n\n",
    )
}

#[test]
fn the_page_of_a_suite_says_what_its_schema_says() {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, page()).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == page(), "docs/suite.md is stale: run the tests with UPDATE_DOCS=1");
}
