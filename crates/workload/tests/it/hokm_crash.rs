//! A server that is killed in the middle of a run: what it had acknowledged is there afterwards.

use crate::database::Database;
use crate::hokm::{load, profile, set_up};
use servers::{Environment, Postgres, PostgresOptions};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::{Duration, Instant};
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

/// Waits until all 16 clients are connected and have played for a while: a crash before would
/// prove nothing.
fn wait_until_loaded(server: &Postgres) {
    let played =
        "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
        > 16 AND (SELECT count(*) FROM game_events WHERE event_type = 'card_played') > 200";
    let give_up = Instant::now() + Duration::from_secs(30);
    while server.psql(&format!("\\connect postgres\n{played}")).unwrap().trim() != "t" {
        assert!(Instant::now() < give_up, "no load after 30 s");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_run_goes_on_after_a_crash_and_nothing_acknowledged_is_lost() {
    let (mut server, database) = start();
    // Mostly writes, so that the crash hits many commits.
    let writing = HokmProfile { read_write_ratio: 0.2, seats: 64, ..profile() };
    let workload = set_up(&database, writing);
    let mut run = std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_until_loaded(&server);
            server.kill();
            server.restart().unwrap();
        });
        load(&database, workload, Protocol::Prepared, (16, Duration::from_secs(8)))
    });
    let measured = &run.finished.measured;
    assert!(measured.connections.lost >= 16, "{:?}", measured.connections);
    assert!(measured.time_to_recover_s.is_some() && !measured.still_down);
    assert_eq!(run.failed_checks(&database.server()), [""; 0]);
}
