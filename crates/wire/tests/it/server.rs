//! Servers for the tests: one that most of them share, and some with a will of their own.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use servers::{Environment, Postgres, PostgresOptions};
use wire::blocking::Client;
use wire::settings::{Host, Settings, SslMode};

pub(crate) fn environment() -> Environment {
    Environment::from_pairs(std::env::vars_os())
}

pub(crate) fn start(options: &PostgresOptions) -> Postgres {
    Postgres::start(&environment(), options).expect("a server")
}

/// The shared server, alive as long as somebody uses it.
///
/// A static is never dropped, so it is counted: the last test to let go stops it.
static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());

/// A server that other tests use at the same time: leave it as it is.
pub(crate) fn shared() -> Arc<Postgres> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(start(&PostgresOptions::default()));
        *shared = Arc::downgrade(&server);
        server
    })
}

pub(crate) fn settings(server: &Postgres) -> Settings {
    let mut settings =
        Settings::new(Host::Tcp(server.host().to_owned()), server.user(), server.database());
    settings.port = server.port();
    settings.password = server.password().map(Into::into);
    settings.ssl_mode = SslMode::Prefer;
    settings
}

pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

pub(crate) fn connect(server: &Postgres) -> Client {
    Client::connect(&settings(server), None, soon()).expect("a connection")
}

/// Cancels the client's statement from another thread, as soon as the server sees it sleep.
pub(crate) fn cancel_once_asleep(server: &Postgres, client: &Client) -> JoinHandle<()> {
    let token = client.cancel_token().unwrap();
    once_asleep(server, client, move || token.cancel(soon()).unwrap())
}

/// Does something in another thread, as soon as the server sees the client's statement sleep.
pub(crate) fn once_asleep(
    server: &Postgres,
    client: &Client,
    then: impl FnOnce() + Send + 'static,
) -> JoinHandle<()> {
    let pid = client.process_id().unwrap();
    let mut watcher = connect(server);
    let sql = format!("select from pg_stat_activity where pid = {pid} and wait_event = 'PgSleep'");
    std::thread::spawn(move || {
        while watcher.query(&sql, &[]).unwrap().is_empty() {}
        then();
    })
}
