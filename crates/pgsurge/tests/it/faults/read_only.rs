//! Servers that take no writes: told before the load where they never did, counted by class where
//! they change while it runs.

use super::document::{self, Chapter};
use crate::database::{Database, private, url};
use crate::running::Load;
use model::failure::ErrorClass;

#[test]
fn a_read_only_database_is_told_with_its_code_before_any_load() {
    let database = Database::new("read_only");
    database.psql("ALTER DATABASE read_only SET default_transaction_read_only = on");
    let ended = Load::hokm(&database.url()).run();
    let told = ended.refused(3);
    assert!(told.contains("(25006)") && told.contains("hint: this server takes no writes"));
    assert!(!told.contains("warning: "), "nothing was made, so nothing is left: {told}");
    document::refused(Chapter::Connecting, "a read-only database", &ended);
}

#[test]
fn a_standby_is_told_with_its_code_before_any_load() {
    let mut server = private();
    server.shut_down();
    std::fs::write(server.data_dir().join("standby.signal"), "").unwrap();
    server.restart().unwrap();
    let ended = Load::at(&url(&server)).args("--workload tpcb-like").run();
    assert!(ended.refused(3).contains("(25006)"), "{}", ended.err);
    document::refused(Chapter::Connecting, "a hot standby", &ended);
}

#[test]
fn a_database_that_becomes_read_only_is_counted_by_class_and_verified() {
    let database = Database::new("turned_read_only");
    let load = Load::hokm(&database.url()).args("--connections 4 --rate 100 --warm-up 0");
    let mut running = load.args("--duration 6s").start();
    running.wait_for_second(1);
    database.psql(
        "ALTER DATABASE turned_read_only SET default_transaction_read_only = on;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let ended = running.wait();
    let load = ended.result().load_metrics;
    let row = load.errors.iter().find(|row| row.class == ErrorClass::ReadOnly.name()).unwrap();
    assert_eq!(row.sqlstate.as_deref(), Some("25006"));
    assert!(row.count > 50 && row.count <= load.all_actions.failed, "{:?}", load.errors);
    assert!(load.verification.is_some_and(|it| it.passed), "reading is still allowed");
    ended.tells_how_to_remove_what_is_left();
    document::measured(
        Chapter::Statements,
        "the database becomes read-only (a failover)",
        &ended,
        &["unknown"],
    );
}
