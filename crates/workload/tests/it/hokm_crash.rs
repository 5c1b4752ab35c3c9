//! A server that is killed in the middle of a run: what it had acknowledged is there afterwards.

use crate::database::Database;
use crate::hokm::{load, profile, set_up};
use servers::{Environment, Postgres, PostgresOptions};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;
use wire::settings::{Host, Settings, SslMode};
use workload::hokm::HokmProfile;
use workload::postgres::Protocol;

/// A server of the test's own: the others must not notice.
fn start() -> (Postgres, ManuallyDrop<Database>) {
    let environment = Environment::from_pairs(std::env::vars_os());
    let server = Postgres::start(&environment, &PostgresOptions::default()).unwrap();
    let mut settings = Settings::new(Host::Tcp("127.0.0.1".into()), "postgres", "postgres");
    settings.port = server.port();
    settings.ssl_mode = SslMode::Disable;
    let database = Database { name: "postgres".to_owned(), settings: Arc::new(settings) };
    // Dropping it would drop a database of the shared server.
    (server, ManuallyDrop::new(database))
}

#[test]
fn a_run_goes_on_after_a_crash_and_nothing_acknowledged_is_lost() {
    let (mut server, database) = start();
    // Mostly writes, so that the crash hits many commits.
    let writing = HokmProfile { read_write_ratio: 0.2, seats: 64, ..profile() };
    let workload = set_up(&database, writing);
    let mut run = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(1_500));
            server.kill();
            server.restart().unwrap();
        });
        load(&database, workload, Protocol::Prepared, (16, Duration::from_secs(6)))
    });
    let measured = &run.finished.measured;
    assert!(measured.connections.lost >= 16, "{:?}", measured.connections);
    assert!(measured.time_to_recover_s.is_some() && !measured.still_down);
    assert_eq!(run.failed_checks(&database.server()), [""; 0]);
}
