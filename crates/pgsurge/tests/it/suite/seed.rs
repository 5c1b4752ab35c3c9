//! The settings file of the document that this project implements, unchanged but for time: killed
//! in the middle and gone on with, it gives the report of a suite that ran through.

use super::running::{Place, of};
use crate::database;
use model::suite::{Scenario, ScenarioStatus, SuiteResult};
use nix::sys::signal::Signal;
use servers::PostgresOptions;

/// As the document has it; only the flags of the test say which server is meant.
const SETTINGS: &str = include_str!("seed.json");
const SCENARIOS: [(&str, u64, f64); 5] = [
    ("baseline_performance", 20, 6.0),
    ("normal_load", 50, 12.0),
    ("peak_load", 100, 18.0),
    ("stress_test", 200, 24.0),
    ("migration_load", 50, 12.0),
];
/// How a scenario may end on a machine that is slow or busy, the gravest last: passed, a limit of
/// the settings failed, not valid. Never: could not start, data lost, interrupted, our fault.
const GRAVITY: [i32; 3] = [0, 4, 6];

/// Name, connections and planned time of each.
fn shape(suite: &SuiteResult) -> Vec<(&str, u64, f64)> {
    let shape = |it: &'_ Scenario| (it.connections, it.duration_s);
    suite.scenarios.iter().map(|it| (it.name.as_str(), shape(it).0, shape(it).1)).collect()
}

/// A scenario has a result, the server's data is what its users remember, and what it came to is
/// what a machine of any speed may make of it.
#[track_caller]
fn ran_well(place: &Place, scenario: &Scenario) {
    let name = &scenario.name;
    assert_eq!((scenario.status, &scenario.reason), (ScenarioStatus::Finished, &None), "{name}");
    assert!(scenario.figures.as_ref().is_some_and(|it| it.succeeded > 100), "{scenario:?}");
    let verdict = scenario.verdict.as_ref().unwrap();
    assert!(GRAVITY.contains(&i32::from(verdict.exit_code)), "{name}: {verdict:?}");
    let result = report::json::read(place.text(&format!("{name}.json")).as_bytes()).unwrap();
    assert_eq!(&result.verdict, verdict, "{name}");
    let verified = result.load_metrics.verification.unwrap();
    assert!(verified.passed && !verified.checks.is_empty(), "{name}: {verified:?}");
    assert!(verified.checks.iter().all(|it| it.violations == 0), "{name}: {verified:?}");
}

#[track_caller]
fn not_run(migration: &Scenario) {
    assert_eq!((migration.status, migration.exit_code()), (ScenarioStatus::NotRun, None));
    let why = migration.reason.as_deref();
    assert_eq!(why, Some("this version can't rehearse a migration yet"));
    assert_eq!((&migration.result_file, &migration.figures), (&None, &None));
}

#[test]
fn the_documents_own_settings_killed_in_the_middle_and_resumed_give_the_same_report() {
    let options = PostgresOptions { max_connections: 220, ..PostgresOptions::default() };
    let server = database::server(options);
    let (host, port, user) = (server.host(), server.port(), server.user());
    let flags = format!(
        "--time-scale 0.02 --db-host {host} --db-port {port} --db-user {user} --db-name {}",
        server.database()
    );
    let place = Place::new(SETTINGS);
    let mut running = place.start(&flags);
    running.wait_for_load(&place.path("results/normal_load.json.partial"));
    assert_eq!(running.end(Signal::SIGKILL), None);
    let killed = place.suite();
    assert_eq!(shape(&killed), SCENARIOS);
    let statuses: Vec<_> = killed.scenarios.iter().map(|it| it.status).collect();
    let mut expected = [ScenarioStatus::NotRun; 5];
    expected[0] = ScenarioStatus::Finished;
    assert_eq!(statuses, expected);
    let (row, saved) = (place.row("baseline_performance"), of(&killed, "baseline_performance"));
    let files = || ["json", "md"].map(|it| place.text(&format!("baseline_performance.{it}")));
    let files_before = files();
    let ended = place.run(&format!("{flags} --resume"));
    assert!(ended.err.contains("baseline_performance: kept"), "{}", ended.err);
    let again = "warning: normal_load: an earlier run ended without a result, and may have left rows on the \
                 server: pgsurge load --clean r";
    assert!(ended.err.contains(again), "{}", ended.err);
    let resumed = place.suite();
    assert_eq!(Some(i32::from(resumed.verdict.exit_code)), ended.code);
    assert_eq!(place.row("baseline_performance"), row, "byte for byte");
    assert_eq!(of(&resumed, "baseline_performance"), saved);
    assert!(files() == files_before, "a finished result is as it was, byte for byte");
    assert_eq!(shape(&resumed), SCENARIOS);
    SCENARIOS[..4].iter().for_each(|(name, ..)| ran_well(&place, of(&resumed, name)));
    not_run(of(&resumed, "migration_load"));
    let codes = resumed.scenarios.iter().filter_map(Scenario::exit_code).map(i32::from);
    assert_eq!(codes.max_by_key(|it| GRAVITY.iter().position(|code| code == it)), ended.code);
    assert!(!resumed.degradation.is_empty() && !resumed.recommendations.is_empty());
    // Nothing is left to do: the same again, from files alone.
    let (json, markdown) = (place.text("suite.json"), place.text("suite.md"));
    let again = place.run(&format!("{flags} --resume"));
    assert_eq!((again.code, again.out), (ended.code, ended.out));
    assert_eq!((place.text("suite.json"), place.text("suite.md")), (json, markdown));
}
