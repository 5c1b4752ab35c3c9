//! More connections than the server has room for: refused before any load where they can never
//! fit, classed and tried again where others have taken the slots.

use super::document::{self, Chapter};
use crate::database::{Database, client, contents, server, url};
use crate::running::{Load, until};
use model::failure::ErrorClass;
use servers::{Postgres, PostgresOptions};
use wire::blocking::Client;

fn small() -> Postgres {
    server(PostgresOptions { max_connections: 20, ..PostgresOptions::default() })
}

#[test]
fn a_plan_that_can_never_fit_is_refused_with_the_numbers_before_any_load() {
    let server = small();
    let ended = Load::hokm(&url(&server)).args("--connections 20 --duration 1s").run();
    let told = ended.refused(3);
    assert!(told.contains("the plan needs 21 connections"), "{told}");
    assert!(told.contains("max_connections 20"), "{told}");
    assert!(told.contains("hint: use fewer --connections, or raise max_connections"), "{told}");
    document::refused(Chapter::Connecting, "a plan with too many connections", &ended);
    let left = contents(|sql| server.psql(sql).unwrap());
    assert_eq!(left.trim(), "", "nothing was made");
}

#[test]
fn slots_that_others_hold_are_classed_and_taken_when_they_get_free() {
    let server = small();
    let mut others: Vec<Client> = (0..14).map(|_| client(&server, server.database())).collect();
    let mut running = Load::at(&url(&server))
        .args("--workload select-only --connections 10 --rate 50 --warm-up 0 --duration 6s")
        .start();
    running.wait_for_second(2);
    others.clear();
    let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgsurge'";
    until("all connections of the load", || server.psql(ours).unwrap() == "10");
    let ended = running.wait();
    let result = ended.result();
    let load = &result.load_metrics;
    let refused: Vec<_> = load.early_errors.iter().chain(&load.errors).collect();
    let class = ErrorClass::TooManyConnections.name();
    assert!(refused.iter().all(|it| it.class == class), "{refused:?}");
    assert!(refused.iter().all(|it| it.sqlstate.as_deref() == Some("53300")), "{refused:?}");
    let count: u64 = refused.iter().map(|it| it.count).sum();
    assert_eq!((load.connections.failed, load.connections.attempted), (count, count + 10));
    assert!(count >= 4, "four of ten found no room, again and again: {count}");
    assert_eq!((load.all_actions.succeeded, load.all_actions.failed), (300, 0));
    assert_eq!(load.connections.lost, 0);
    let reasons = result.verdict.reasons.join("\n");
    assert!(reasons.contains("max_connection_failure_rate_percent"), "{reasons}");
    assert!([4, 6].contains(&result.verdict.exit_code), "{reasons}");
    document::measured(
        Chapter::Connections,
        "others hold the server's slots for a while",
        &ended,
        &[],
    );
}

#[test]
fn slots_that_are_taken_during_the_run_are_classed_and_the_run_goes_on() {
    let database = Database::new("slots_taken");
    database.psql("CREATE ROLE bench LOGIN; ALTER DATABASE slots_taken OWNER TO bench");
    let mut running = Load::at(&database.url().replace("postgres@", "bench@"))
        .args("--workload select-only --connections 10 --rate 50 --warm-up 0 --duration 8s")
        .start();
    running.wait_for_second(2);
    let ours = "FROM pg_stat_activity WHERE usename = 'bench'";
    database.psql(&format!(
        "ALTER ROLE bench CONNECTION LIMIT 4; SELECT pg_terminate_backend(pid) {ours}"
    ));
    running.wait_for_second(4);
    let allowed = || database.psql(&format!("SELECT count(*) {ours}")) == "4";
    until("as many connections as are allowed", allowed);
    database.psql("ALTER ROLE bench CONNECTION LIMIT -1");
    let result = running.wait().result();
    database
        .psql("ALTER DATABASE slots_taken OWNER TO postgres; DROP OWNED BY bench; DROP ROLE bench");
    let load = &result.load_metrics;
    let connections = &load.connections;
    assert_eq!((connections.lost, connections.reconnected), (10, 10), "{:?}", load.errors);
    let count = |class: ErrorClass, code: &str| -> u64 {
        let rows = load.errors.iter().filter(|row| row.class == class.name());
        rows.filter(|row| row.sqlstate.as_deref() == Some(code)).map(|row| row.count).sum()
    };
    assert_eq!(count(ErrorClass::ServerShuttingDown, "57P01"), 10, "{:?}", load.errors);
    let refused = count(ErrorClass::TooManyConnections, "53300");
    assert!(refused >= 6 && refused == connections.failed, "{:?}", load.errors);
    assert!(load.all_actions.failed <= 10, "{:?}", load.all_actions);
    assert_eq!(load.all_actions.scheduled, 400);
}
