//! What a suite's files say follows from the saved results of its scenarios alone: one that was
//! killed in the middle and resumed says what one that ran through says.

use super::running::{Place, of};
use crate::database::Database;
use model::suite::{Reference, ScenarioStatus, SuiteResult};
use model::verdict::VerdictOutcome;
use nix::sys::signal::Signal;
use serde_json::Value;

const NAMES: [&str; 3] = ["few", "some", "many"];
/// Three scenarios; the middle one is long enough to be killed in.
const THREE: &str = r#"{
    "load_profile": {"workload": "select-only", "queries_per_second_target": 100,
        "warm_up": "0s", "duration": "1s", "seed": 7},
    "test_scenarios": {"few": {"connections": 1, "description": "One user"},
        "some": {"connections": 2, "duration": "6s"}, "many": {"connections": 4}}}"#;

fn at(url: &str, arguments: &str) -> String {
    format!("--database-url {url} --scenarios few some many migration_load {arguments}")
}

/// The files of a suite.
fn files(place: &Place) -> [String; 2] {
    ["suite.json", "suite.md"].map(|it| place.text(it))
}

/// The saved plan of a scenario, but for the name of its run and whether it may replace files.
fn plan(place: &Place, name: &str) -> Value {
    let result: Value = serde_json::from_str(&place.text(&format!("{name}.json"))).unwrap();
    let mut plan = result["plan"].clone();
    assert!(plan["data"]["run"].take().is_string(), "{name}: {plan}");
    assert!(plan["output"]["force"].take().is_boolean(), "{name}: {plan}");
    plan
}

/// All of a suite that is no measurement and no time.
fn shape(suite: &SuiteResult) -> Vec<String> {
    let scenarios = suite.scenarios.iter().map(|it| {
        let (name, status, connections) = (&it.name, it.status, it.connections);
        let (described, seconds, file) = (&it.description, it.duration_s, &it.result_file);
        let has = (it.verdict.is_some(), it.figures.is_some());
        let reason = &it.reason;
        format!(
            "{name} {described:?} {status:?} {connections} {seconds} {file:?} {has:?} {reason:?}"
        )
    });
    let all = &suite.test_summary;
    let counts = (all.scenarios, all.finished, all.could_not_start, all.not_run);
    let rest = format!("{counts:?} {} {}", all.time_scale, all.interrupted);
    scenarios.chain([rest]).collect()
}

/// Which scenario is held against which, and in what.
fn rows(suite: &SuiteResult) -> Vec<(&str, &str, Reference, Vec<&str>)> {
    let row = suite.degradation.iter().map(|it| {
        let metrics = it.changes.iter().map(|it| it.metric.as_str()).collect();
        (it.scenario.as_str(), it.against.as_str(), it.reference, metrics)
    });
    row.collect()
}

/// What the verdict and the rows of a suite must be, by its scenarios. A machine that is busy with
/// other things makes runs that are too slow, or that are not valid and compared with nothing;
/// that is all in which two suites of the same plans may differ.
#[track_caller]
fn follows(suite: &SuiteResult) {
    let outcome = |name: &&str| of(suite, name).verdict.as_ref().unwrap().outcome;
    let outcomes: Vec<_> = NAMES.iter().map(outcome).collect();
    let may_be = [VerdictOutcome::Invalid, VerdictOutcome::Failed, VerdictOutcome::Passed];
    let gravest = may_be.into_iter().find(|it| outcomes.contains(it));
    assert!(outcomes.iter().all(|it| may_be.contains(it)), "{outcomes:?}");
    assert_eq!(Some(suite.verdict.outcome), gravest, "{:?}", suite.verdict);
    let passed = outcomes.iter().filter(|it| **it == VerdictOutcome::Passed).count();
    assert_eq!(suite.test_summary.passed, passed as u64);
    let sound: Vec<&str> =
        NAMES.into_iter().filter(|it| outcome(it) != VerdictOutcome::Invalid).collect();
    let metrics = ["queries_per_s", "response_time_ms.mean", "response_time_ms.p50"];
    let more = ["response_time_ms.p95", "response_time_ms.p99", "error_rate_percent"];
    let metrics = [metrics, more].concat();
    let mut expected = Vec::new();
    for (index, name) in sound.iter().enumerate().skip(1) {
        expected.push((*name, sound[index - 1], Reference::Previous, metrics.clone()));
        if index > 1 {
            expected.push((*name, sound[0], Reference::Baseline, metrics.clone()));
        }
    }
    assert_eq!(rows(suite), expected);
}

/// A suite that was killed in its second scenario.
fn killed(url: &str) -> Place {
    let place = Place::new(THREE);
    let mut running = place.start(&at(url, ""));
    running.wait_for_load(&place.path("results/some.json.partial"));
    assert_eq!(running.end(Signal::SIGKILL), None);
    place
}

#[test]
fn a_suite_that_was_killed_and_resumed_says_what_one_that_ran_through_says() {
    let database = Database::new("suite_same");
    let url = database.url();
    let through = Place::new(THREE);
    let ran_through = through.run(&at(&url, ""));
    let whole = through.ended(&ran_through);
    let place = killed(&url);
    let (before, as_killed) = (place.suite(), files(&place));
    assert_eq!(of(&before, "few").status, ScenarioStatus::Finished);
    assert_eq!(before.test_summary.finished, 1, "{before:?}");
    let of_few = || (place.row("few"), place.text("few.json"), place.text("few.md"));
    let saved = of_few();
    let ended = place.run(&at(&url, "--resume"));
    let resumed = place.ended(&ended);
    assert_eq!((of_few(), of(&resumed, "few")), (saved, of(&before, "few")), "{}", ended.err);
    assert_eq!(shape(&resumed), shape(&whole));
    NAMES.iter().for_each(|it| assert_eq!(plan(&place, it), plan(&through, it), "{it}"));
    follows(&whole);
    follows(&resumed);
    // And with the same results it says the same, in every byte and without a server.
    drop(database);
    let copy =
        Place::with_results(THREE, &[("suite.json", &as_killed[0]), ("suite.md", &as_killed[1])]);
    for name in NAMES.iter().flat_map(|it| [format!("{it}.json"), format!("{it}.md")]) {
        std::fs::copy(through.path("results").join(&name), copy.path("results").join(&name))
            .unwrap();
    }
    let rendered = copy.run(&at(&url, "--resume"));
    assert_eq!((rendered.code, &rendered.out), (ran_through.code, &ran_through.out));
    assert_eq!(files(&copy), files(&through));
    assert_ne!(files(&copy), as_killed);
}
