//! Whole suites of a few seconds: what they save, compare, and come to.

use super::running::{Place, TWO, of};
use crate::database::Database;
use model::suite::{Reference, ScenarioStatus};
use model::verdict::VerdictOutcome;

fn at(database: &Database, arguments: &str) -> String {
    format!("--database-url {} --scenarios few many {arguments}", database.url())
}

#[test]
fn a_suite_saves_each_result_and_compares_them() {
    let database = Database::new("suite_runs");
    let before = database.contents();
    let place = Place::new(TWO);
    let ended = place.run(&at(&database, "--time-scale 0.8"));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let files =
        ["few.json", "few.md", "many.json", "many.md", "suite.json", "suite.md"].map(str::to_owned);
    assert_eq!(place.results(), files);
    let suite = place.suite();
    let summary = &suite.test_summary;
    assert_eq!((summary.finished, summary.passed, summary.time_scale), (2, 2, 0.8));
    let many = of(&suite, "many");
    assert_eq!((many.connections, many.duration_s), (4, 0.4));
    let figures = many.figures.as_ref().unwrap();
    assert!(figures.succeeded > 0 && figures.response_time_ms.is_some(), "{figures:?}");
    let compared: Vec<_> =
        suite.degradation.iter().map(|it| (&*it.scenario, &*it.against)).collect();
    assert_eq!(compared, [("many", "few")]);
    assert_eq!(suite.degradation[0].reference, Reference::Previous);
    assert!(ended.out.starts_with("PASSED  2 scenarios, 2 finished, 2 passed"), "{}", ended.out);
    assert!(place.text("few.json").contains("durations, stages and warm-up are 0.8 of what"));
    assert_eq!(database.contents(), before, "each scenario removes what it made");
}

#[test]
fn one_throwaway_server_serves_all_scenarios_and_each_finds_it_empty() {
    let place = Place::new(TWO);
    let ended = place.run("--scenarios few migration_load many");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(ended.err.matches("starting a throwaway PostgreSQL").count(), 1, "{}", ended.err);
    assert_eq!(ended.err.matches("tables ready: 100011 rows loaded").count(), 2, "{}", ended.err);
    let suite = place.suite();
    let migration = of(&suite, "migration_load");
    assert_eq!((migration.status, migration.connections), (ScenarioStatus::NotRun, 50));
    assert_eq!(migration.reason.as_deref(), Some("this version can't rehearse a migration yet"));
    assert_eq!((migration.verdict.as_ref(), suite.test_summary.not_run), (None, 1));
}

#[test]
fn a_suite_of_migrations_alone_has_answered_nothing() {
    let place = Place::new(TWO);
    let ended = place.run("--scenarios migration_load");
    assert_eq!(ended.code, Some(7), "{}", ended.err);
    assert_eq!(place.suite().verdict.outcome, VerdictOutcome::Inconclusive);
}

/// The same, but no answer is ever fast enough.
fn too_slow() -> String {
    let limit = r#""performance_thresholds": {"max_avg_response_time_ms": 0}, "load_profile""#;
    TWO.replace(r#""load_profile""#, limit)
}

#[test]
fn a_scenario_that_fails_is_told_to_a_command_and_may_end_the_suite() {
    let database = Database::new("suite_fails");
    let place = Place::new(&too_slow());
    let tell = r#"echo "$PGSURGE_SCENARIO $PGSURGE_VERDICT $PGSURGE_EXIT_CODE" | tee told
        test -s "$PGSURGE_RESULT" && exit 3"#;
    let ended = place.run_with(&at(&database, "--stop-on-failure --on-failure"), &[tell]);
    assert_eq!(ended.code, Some(4), "{}", ended.err);
    let told = std::fs::read_to_string(place.path("told")).unwrap();
    assert_eq!(told, "few failed 4\n");
    assert!(
        ended.err.contains("warning: --on-failure for few: the command failed"),
        "{}",
        ended.err
    );
    assert!(!ended.out.contains("few failed 4"), "standard output is the report's");
    let suite = place.suite();
    let why = of(&suite, "many").reason.as_deref();
    assert_eq!(why, Some("the suite ended when few did not pass"));
    let first = &suite.recommendations[0].rationale;
    assert!(first.starts_with("first crossed at few (1 connections): max_avg_resp"), "{first}");
}

#[test]
fn a_scenario_that_cannot_start_is_told_and_the_suite_goes_on() {
    let database = Database::new("suite_slots");
    let place = Place::new(&TWO.replace(r#"{"connections": 1}"#, r#"{"connections": 900}"#));
    let ended = place.run(&at(&database, "--on-failure"));
    assert_eq!(ended.code, Some(2), "a flag without its value");
    let ended =
        place.run_with(&at(&database, "--on-failure"), &["echo \"($PGSURGE_RESULT)\" > told"]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    let suite = place.suite();
    let few = of(&suite, "few");
    assert_eq!((few.status, few.result_file.as_ref()), (ScenarioStatus::CouldNotStart, None));
    assert!(few.reason.as_ref().unwrap().contains("needs 901 connections"), "{few:?}");
    assert_eq!(of(&suite, "many").verdict.as_ref().unwrap().outcome, VerdictOutcome::Passed);
    assert_eq!(suite.test_summary.could_not_start, 1);
    assert_eq!(std::fs::read_to_string(place.path("told")).unwrap(), "()\n");
}
