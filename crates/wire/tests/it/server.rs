//! Servers for the tests: one that most of them share, and some with a will of their own.

use std::sync::Mutex;
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
static SHARED: Mutex<std::sync::Weak<Postgres>> = Mutex::new(std::sync::Weak::new());

/// A server that other tests use at the same time: leave it as it is.
pub(crate) fn shared() -> std::sync::Arc<Postgres> {
    let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    shared.upgrade().unwrap_or_else(|| {
        let server = std::sync::Arc::new(start(&PostgresOptions::default()));
        *shared = std::sync::Arc::downgrade(&server);
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
