//! Connections that the server ends while load runs.

use super::document::{self, Chapter};
use crate::database::Database;
use crate::running::Load;
use model::failure::ErrorClass;

#[test]
fn a_terminated_backend_is_a_lost_connection_with_its_code_and_comes_back() {
    let database = Database::new("terminated");
    let load = Load::hokm(&database.url()).args("--connections 4 --rate 300 --warm-up 0");
    let mut running = load.args("--duration 6s").start();
    for second in [1, 4] {
        running.wait_for_second(second);
        database.psql(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }
    let ended = running.wait();
    let load = ended.result().load_metrics;
    let connections = &load.connections;
    assert_eq!((connections.lost, connections.reconnected), (8, 8), "{connections:?}");
    let class = ErrorClass::ServerShuttingDown.name();
    let rows: Vec<_> = load.errors.iter().map(|row| (row.class.as_str(), row.count)).collect();
    assert_eq!(rows, [(class, 8)]);
    assert!(load.all_actions.failed <= 8, "{:?}", load.all_actions);
    assert!(load.verification.is_some_and(|it| it.passed));
    document::measured(
        Chapter::Connections,
        "backends are terminated (pg_terminate_backend)",
        &ended,
        &["failed", "unknown"],
    );
}
