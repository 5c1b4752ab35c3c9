//! A server that answers: the one that was named, or a throwaway one, with a connection to it.
//!
//! Nothing is asked here: what a run wants to know of it is in `target`, what somebody wants to know
//! before a run in `check`.

use super::error::LoadError;
use model::plan::{Plan, Target};
use servers::{Environment, Postgres, PostgresOptions};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::blocking::Client;
use wire::settings::{Host, Settings, Sources, SslMode};
use wire::tls::Tls;

/// How long connecting may take when the settings don't say.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What we open besides the load's connections: set-up and verification, one at a time while
/// load runs, and room for a person who looks.
const OURS: u32 = 10;
/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that answers.
pub struct Reached {
    /// Stopped and removed with this value.
    pub throwaway: Option<Postgres>,
    /// How to connect.
    pub settings: Arc<Settings>,
    /// How to encrypt, where that is asked for.
    pub tls: Option<Arc<Tls>>,
    /// A connection.
    pub client: Client,
}

impl Reached {
    /// Starts the server of `plan`, or reaches the one that is `named`.
    ///
    /// # Errors
    /// It can't be started or reached.
    pub fn open(
        plan: &Plan,
        named: Option<&Settings>,
        environment: &BTreeMap<String, String>,
    ) -> Result<Reached, LoadError> {
        let (throwaway, settings) = match (&plan.target, named) {
            (Target::Server(_), Some(settings)) => (None, settings.clone()),
            _ => {
                let (server, settings) = start(plan, environment)?;
                (Some(server), settings)
            }
        };
        let settings = Arc::new(with_defaults(settings));
        let tls = tls_of(&settings)?;
        let deadline = Instant::now() + settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let mut client =
            Client::connect(&settings, tls.clone(), deadline).map_err(LoadError::Connect)?;
        client.set_timeout(PATIENCE);
        Ok(Reached { throwaway, settings, tls, client })
    }

    /// Whether it, or the pooler in front of it, is on this machine, as far as its address tells.
    pub fn is_near(&self) -> bool {
        self.throwaway.is_some() || is_loopback(&self.settings)
    }
}

fn start(
    plan: &Plan,
    environment: &BTreeMap<String, String>,
) -> Result<(Postgres, Settings), LoadError> {
    let options = PostgresOptions {
        max_connections: plan.connections.saturating_add(OURS).max(100),
        ..PostgresOptions::default()
    };
    let found = Environment::from_pairs(environment);
    let server = Postgres::start(&found, &options).map_err(LoadError::Start)?;
    // Nothing of the user's own libpq environment is meant for this server.
    let nothing = BTreeMap::new();
    let resolved = Sources::new(&nothing)
        .connection("the throwaway server", server.url())
        .given("the throwaway server", "sslmode", "disable")
        .resolve();
    // Our own URL names everything that a connection needs.
    let settings = resolved.map_err(|_| LoadError::Engine(engine::Error::Panicked))?.settings;
    Ok((server, settings))
}

/// How to encrypt, where that is asked for.
pub fn tls_of(settings: &Settings) -> Result<Option<Arc<Tls>>, LoadError> {
    if settings.effective_ssl_mode() == SslMode::Disable {
        return Ok(None);
    }
    wire::tls::client_config(settings).map(|tls| Some(Arc::new(tls))).map_err(LoadError::Tls)
}

/// The user's settings, and ours where they say nothing.
pub fn with_defaults(mut settings: Settings) -> Settings {
    settings.application_name.get_or_insert_with(|| "pgsurge".to_owned());
    settings.connect_timeout.get_or_insert(CONNECT_TIMEOUT);
    settings
}

/// Whether a connection to it never leaves this machine.
fn is_loopback(settings: &Settings) -> bool {
    match (&settings.host, settings.host_address) {
        (_, Some(address)) => address.is_loopback(),
        (Host::Unix(_), None) => true,
        (Host::Tcp(name), None) => {
            name == "localhost"
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}
