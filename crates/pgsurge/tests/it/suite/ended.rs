//! Suites that are interrupted or changed before they go on.

use super::running::{Place, TWO, of};
use crate::database::Database;
use crate::program::Program;
use model::suite::ScenarioStatus;
use nix::sys::signal::Signal;

fn at(database: &Database, arguments: &str) -> String {
    format!("--database-url {} --scenarios few many {arguments}", database.url())
}

/// A suite that was interrupted in its second scenario.
fn interrupted(database: &Database) -> Place {
    let place =
        Place::new(&TWO.replace(r#""connections": 4"#, r#""connections": 4, "duration": "1m""#));
    let mut running = place.start(&at(database, ""));
    running.wait_for_load(&place.path("results/many.json.partial"));
    assert_eq!(running.end(Signal::SIGINT), Some(130));
    place
}

#[test]
fn an_interrupted_suite_saves_what_it_has_and_goes_on_from_there() {
    let database = Database::new("suite_interrupted");
    let before = database.contents();
    let place = interrupted(&database);
    assert_eq!(database.contents(), before);
    let suite = place.suite();
    assert!(suite.test_summary.interrupted);
    assert_eq!(suite.verdict.exit_code, 130);
    assert!(place.row("many").contains("INTERRUPTED"), "{}", place.row("many"));
    let few = place.row("few");
    let saved = place.text("few.json");
    // The rest in less time: only what has a result must have been planned as it is now.
    place.settings(TWO);
    let told = place.run(&at(&database, "--resume"));
    assert_eq!(told.code, Some(2), "{}", told.err);
    assert!(told.err.contains("duration_s: 60.0 there, 1.0 here"), "{}", told.err);
    let ended = place.run(&at(&database, "--resume --force"));
    let suite = place.ended(&ended);
    assert!(ended.err.contains("many: results/many.json belongs to another plan"), "{}", ended.err);
    assert_eq!((place.row("few"), place.text("few.json")), (few, saved), "it was kept");
    assert_eq!((suite.test_summary.finished, suite.test_summary.interrupted), (2, false));
}

#[test]
fn an_interrupted_scenario_of_the_same_plan_runs_again() {
    let database = Database::new("suite_again");
    let place = interrupted(&database);
    let mut running = place.start(&at(&database, "--resume"));
    running.wait_for_load(&place.path("results/many.json.partial"));
    assert_eq!(running.end(Signal::SIGINT), Some(130));
    let suite = place.suite();
    assert_eq!(of(&suite, "many").status, ScenarioStatus::Finished);
    assert_eq!(suite.test_summary.finished, 2);
}

#[test]
fn a_finished_suite_that_goes_on_says_the_same_and_makes_what_is_missing() {
    let database = Database::new("suite_done");
    // Nobody gives a seed: the results that are there have one.
    let place = Place::new(&TWO.replace(r#", "seed": 7"#, ""));
    let first = place.run(&at(&database, ""));
    let all = ["suite.json", "suite.md", "few.json", "few.md", "many.json", "many.md"];
    let before = all.map(|name| place.text(name));
    for name in ["few.md", "suite.md"] {
        std::fs::remove_file(place.path("results").join(name)).unwrap();
    }
    std::fs::write(place.path("results/few.json.partial"), "").unwrap();
    let ended = place.run(&at(&database, "--resume"));
    assert_eq!((ended.code, &ended.out), (first.code, &first.out), "{}", ended.err);
    assert!(ended.err.contains("few: kept, it has a result"), "{}", ended.err);
    assert_eq!(all.map(|name| place.text(name)), before);
    assert!(!place.results().iter().any(|it| it.ends_with(".partial")), "{:?}", place.results());
}

#[test]
fn the_record_of_a_killed_scenario_stays_and_the_command_that_cleans_up_after_it_is_told() {
    let database = Database::new("suite_killed");
    let place =
        Place::new(&TWO.replace(r#""connections": 4"#, r#""connections": 4, "duration": "1m""#));
    let mut running = place.start(&at(&database, ""));
    running.wait_for_load(&place.path("results/many.json.partial"));
    assert_eq!(running.end(Signal::SIGKILL), None);
    place.settings(TWO);
    let ended = place.run(&at(&database, "--resume"));
    place.ended(&ended);
    let told = "warning: many: an earlier run ended without a result, and may have left rows on the server: \
                pgsurge load --clean ";
    let (_, command) = ended.err.split_once(told).unwrap_or_else(|| panic!("{}", ended.err));
    let (command, kept) = command.split_once(" removes them; its record is now ").unwrap();
    let run = command.split(' ').next().unwrap();
    assert_eq!(kept.lines().next(), Some(&*format!("results/many.json.partial.{run}")));
    assert!(place.text(&format!("many.json.partial.{run}")).contains(run));
    assert_ne!(database.contents().trim(), "", "the killed run still needs its tables");
    let cleaned = Program::load().args(&format!("--clean {command}")).run();
    assert_eq!((cleaned.code, database.contents().trim()), (0, ""), "{}", cleaned.err);
}

#[test]
fn a_log_outside_the_folder_of_the_suite_is_not_replaced_by_going_on() {
    let database = Database::new("suite_log");
    let place = Place::with_results(TWO, &[]);
    std::fs::write(place.path("mine.few.log"), "mine").unwrap();
    let ended = place.run(&at(&database, "--resume --log ./mine.log"));
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("./mine.few.log exists; --force replaces"), "{}", ended.err);
    assert_eq!(std::fs::read_to_string(place.path("mine.few.log")).unwrap(), "mine");
}

#[test]
fn what_is_no_result_is_told_and_not_replaced() {
    let database = Database::new("suite_broken");
    let place = Place::with_results(TWO, &[("few.json", "{}")]);
    let ended = place.run(&at(&database, "--resume"));
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains("--resume: few: cannot read results/few.json"), "{}", ended.err);
    assert_eq!(place.text("few.json"), "{}");
}
