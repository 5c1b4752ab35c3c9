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

/// Name, connections and planned time of each.
fn shape(suite: &SuiteResult) -> Vec<(&str, u64, f64)> {
    let shape = |it: &'_ Scenario| (it.connections, it.duration_s);
    suite.scenarios.iter().map(|it| (it.name.as_str(), shape(it).0, shape(it).1)).collect()
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
    let ended = place.run(&format!("{flags} --resume"));
    assert!(ended.err.contains("baseline_performance: kept"), "{}", ended.err);
    let again = "warning: normal_load: an earlier run was killed, and may have left rows on the \
                 server: pgsurge load --clean r";
    assert!(ended.err.contains(again), "{}", ended.err);
    let resumed = place.suite();
    assert_eq!(Some(i32::from(resumed.verdict.exit_code)), ended.code);
    assert_eq!(place.row("baseline_performance"), row, "byte for byte");
    assert_eq!(of(&resumed, "baseline_performance"), saved);
    assert_eq!(shape(&resumed), SCENARIOS);
    for scenario in resumed.scenarios.iter().filter(|it| it.name != "migration_load") {
        assert_eq!(scenario.status, ScenarioStatus::Finished, "{scenario:?}");
        assert!(scenario.figures.as_ref().is_some_and(|it| it.succeeded > 100), "{scenario:?}");
    }
    assert_eq!(of(&resumed, "migration_load").status, ScenarioStatus::NotRun);
    assert!(!resumed.degradation.is_empty() && !resumed.recommendations.is_empty());
    // Nothing is left to do: the same again, from files alone.
    let (json, markdown) = (place.text("suite.json"), place.text("suite.md"));
    let again = place.run(&format!("{flags} --resume"));
    assert_eq!((again.code, again.out), (ended.code, ended.out));
    assert_eq!((place.text("suite.json"), place.text("suite.md")), (json, markdown));
}
