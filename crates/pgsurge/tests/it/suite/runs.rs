//! Whole suites of a few seconds: what they save, compare, and come to.

use super::running::{Place, TWO, of};
use crate::database::Database;
use crate::program::Program;
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
    let files =
        ["few.json", "few.md", "many.json", "many.md", "suite.json", "suite.md"].map(str::to_owned);
    assert_eq!(place.results(), files, "{}", ended.err);
    let suite = place.ended(&ended);
    assert_eq!((suite.test_summary.finished, suite.test_summary.time_scale), (2, 0.8));
    let many = of(&suite, "many");
    assert_eq!((many.connections, many.duration_s), (4, 0.8));
    let figures = many.figures.as_ref().unwrap();
    assert!(figures.succeeded > 0 && figures.response_time_ms.is_some(), "{figures:?}");
    assert!(ended.out.contains("2 scenarios, 2 finished"), "{}", ended.out);
    assert!(place.text("few.json").contains("durations, stages and warm-up are 0.8 of what"));
    assert_eq!(database.contents(), before, "each scenario removes what it made");
}

#[test]
fn each_scenario_logs_its_actions_to_a_file_of_its_own_beside_its_result() {
    let database = Database::new("suite_logs");
    let place = Place::new(TWO);
    let ended = place.run(&at(&database, "--log actions.csv"));
    place.ended(&ended);
    for name in ["few", "many"] {
        let text = place.text(&format!("{name}.json"));
        let result: model::run_result::RunResult = serde_json::from_str(&text).unwrap();
        let log = result.load_metrics.action_log.unwrap();
        assert_eq!(log.path, format!("results/actions.{name}.csv"));
        let lines = place.text(&format!("actions.{name}.csv")).lines().count() as u64 - 1;
        assert_eq!((lines, log.dropped), (result.load_metrics.all_actions.scheduled, 0), "{name}");
    }
}

#[test]
fn every_finished_scenario_is_compared_or_said_not_to_be() {
    let database = Database::new("suite_compares");
    let place = Place::new(TWO);
    let ended = place.run(&at(&database, ""));
    let suite = place.ended(&ended);
    // A machine that is busy with other things makes runs that are not valid.
    let sound = suite.scenarios.iter().all(|it| it.exit_code() != Some(6));
    let compared: Vec<_> =
        suite.degradation.iter().map(|it| (&*it.scenario, &*it.against, it.reference)).collect();
    let expected = [("many", "few", Reference::Previous)];
    assert_eq!(compared, if sound { &expected[..] } else { &[] }, "{}", ended.err);
    let said = suite.recommendations.iter().any(|it| it.recommendation.contains("no comparison"));
    assert_eq!(said, !sound, "{:?}", suite.recommendations);
}

#[test]
fn one_throwaway_server_serves_all_scenarios_and_each_finds_it_empty() {
    let place = Place::new(TWO);
    let ended = place.run("--scenarios few migration_load many");
    assert_eq!(ended.err.matches("starting a throwaway PostgreSQL").count(), 1, "{}", ended.err);
    assert_eq!(ended.err.matches("tables ready: 100011 rows loaded").count(), 2, "{}", ended.err);
    let suite = place.ended(&ended);
    let migration = of(&suite, "migration_load");
    assert_eq!((migration.status, migration.connections), (ScenarioStatus::NotRun, 50));
    assert_eq!(migration.reason.as_deref(), Some("this version can't rehearse a migration yet"));
    assert_eq!((migration.verdict.as_ref(), suite.test_summary.not_run), (None, 1));
}

#[test]
fn a_suite_of_migrations_alone_has_answered_nothing() {
    let place = Place::new(TWO);
    let ended = place.run("--scenarios migration_load");
    assert_eq!(place.ended(&ended).verdict.outcome, VerdictOutcome::Inconclusive);
}

#[test]
fn report_renders_a_saved_suite_as_it_was_written() {
    let place = Place::new(TWO);
    let ended = place.run("--scenarios migration_load");
    let report = |arguments: &str| {
        let file = place.path("results/suite.json").display().to_string();
        Program::new(&["report", &file]).args(arguments).run()
    };
    assert_eq!((report("").code, report("").out), (0, ended.out));
    assert_eq!(report("--format md").out, place.text("suite.md"));
    assert_eq!(report("--format json").out, place.text("suite.json"));
    let refused = report("--format csv");
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("a suite has no CSV"), "{}", refused.err);
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
    let suite = place.ended(&ended);
    let told = std::fs::read_to_string(place.path("told")).unwrap();
    let few = of(&suite, "few").verdict.as_ref().unwrap();
    assert_eq!(told, format!("few {} {}\n", word(few.outcome), few.exit_code));
    assert!([4, 6].contains(&few.exit_code), "{few:?}");
    assert!(
        ended.err.contains("warning: --on-failure for few: the command failed"),
        "{}",
        ended.err
    );
    assert!(!ended.out.contains(&told), "standard output is the report's");
    let why = of(&suite, "many").reason.as_deref();
    assert_eq!(why, Some("the suite ended when few did not pass"));
    let limits = &of(&suite, "few").figures.as_ref().unwrap().failed_thresholds;
    assert_eq!(limits.first().map(|it| &*it.name), Some("max_avg_response_time_ms"));
}

fn word(outcome: VerdictOutcome) -> &'static str {
    if outcome == VerdictOutcome::Invalid { "invalid" } else { "failed" }
}

#[test]
fn a_scenario_that_cannot_start_is_told_and_the_suite_goes_on() {
    let database = Database::new("suite_slots");
    let place = Place::new(&TWO.replace(r#"{"connections": 1}"#, r#"{"connections": 900}"#));
    let ended = place.run(&at(&database, "--on-failure"));
    assert_eq!(ended.code, Some(2), "a flag without its value");
    let ended =
        place.run_with(&at(&database, "--on-failure"), &["echo \"($PGSURGE_RESULT)\" >> told"]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    let suite = place.suite();
    let few = of(&suite, "few");
    assert_eq!((few.status, few.result_file.as_ref()), (ScenarioStatus::CouldNotStart, None));
    assert!(few.reason.as_ref().unwrap().contains("needs 901 connections"), "{few:?}");
    assert_eq!(of(&suite, "many").status, ScenarioStatus::Finished);
    assert_eq!(suite.test_summary.could_not_start, 1);
    // On a busy machine the other one may fail too, and is told after it.
    let told = std::fs::read_to_string(place.path("told")).unwrap();
    assert!(told.starts_with("()\n"), "{told}");
}

#[test]
fn the_scenario_after_one_that_a_limit_ended_runs_all_the_same() {
    let database = Database::new("suite_aborts");
    let place = Place::new(&TWO.replace(r#""duration": "1s""#, r#""duration": "20s""#));
    let ended = place.run(&at(
        &database,
        "--time-scale 1 --threshold p50<1us --abort-on-threshold --abort-grace 1s",
    ));
    let suite = place.ended(&ended);
    for name in ["few", "many"] {
        let text = place.text(&format!("{name}.json"));
        let result: model::run_result::RunResult = serde_json::from_str(&text).unwrap();
        let elapsed_s = result.load_metrics.elapsed_s;
        assert!((1.0..10.0).contains(&elapsed_s), "{name}: {elapsed_s} {}", ended.err);
        assert!(of(&suite, name).figures.as_ref().unwrap().succeeded > 0, "{name}");
    }
}
