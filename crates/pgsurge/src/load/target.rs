//! The server under load: found, reached, asked who it is.
//!
//! A plan without a server gets a throwaway one that lives as long as this value. Nothing is
//! changed on a server that the user named; reading its settings is all that happens here.

use super::error::LoadError;
use crate::pooler::{self, Pooler, Refusal};
use model::plan::{Plan, Protocol, Target as Planned};
use model::run_result::{self, ServerEnvironment};
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

/// The settings of a server that decide performance, and those that make a result meaningless.
const TELLING: [&str; 24] = [
    "autovacuum",
    "checkpoint_timeout",
    "commit_delay",
    "effective_cache_size",
    "effective_io_concurrency",
    "fsync",
    "full_page_writes",
    "jit",
    "log_min_duration_statement",
    "log_statement",
    "maintenance_work_mem",
    "max_connections",
    "max_wal_size",
    "max_worker_processes",
    "random_page_cost",
    "reserved_connections",
    "shared_buffers",
    "shared_preload_libraries",
    "superuser_reserved_connections",
    "synchronous_commit",
    "synchronous_standby_names",
    "wal_level",
    "wal_buffers",
    "work_mem",
];

/// The server under load.
pub struct Target {
    /// How to connect.
    pub settings: Arc<Settings>,
    /// How to encrypt, where that is asked for.
    pub tls: Option<Arc<Tls>>,
    /// What it says of itself.
    pub server: ServerEnvironment,
    /// How statements travel: as planned, or as the pooler in between allows.
    pub protocol: Protocol,
    /// What stands in between.
    pooler: Option<Pooler>,
    /// Stopped and removed with this value.
    throwaway: Option<Postgres>,
}

impl Target {
    /// Starts or reaches the server of `plan` and asks who it is. `asked` when a person asked for
    /// the plan's protocol, which then does not give way to a pooler.
    ///
    /// # Errors
    /// It can't be started, reached, or has no room for the plan's connections.
    pub fn reach(
        plan: &Plan,
        named: Option<&Settings>,
        asked: bool,
        environment: &BTreeMap<String, String>,
    ) -> Result<Target, LoadError> {
        let (throwaway, settings) = match (&plan.target, named) {
            (Planned::Server(_), Some(settings)) => (None, settings.clone()),
            _ => {
                let (server, settings) = start(plan, environment)?;
                (Some(server), settings)
            }
        };
        let settings = with_defaults(settings);
        let tls = tls_of(&settings)?;
        let settings = Arc::new(settings);
        let deadline = Instant::now() + settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let mut client =
            Client::connect(&settings, tls.clone(), deadline).map_err(LoadError::Connect)?;
        client.set_timeout(Duration::from_secs(30));
        let mut server = describe(&mut client).map_err(LoadError::Server)?;
        server.throwaway = throwaway.is_some();
        let pooler = Pooler::detect(&mut client, &settings, tls.as_ref());
        let pooler = pooler.map_err(LoadError::Server)?;
        let mut target =
            Target { settings, tls, server, protocol: plan.protocol, pooler, throwaway };
        match target.pooler.take() {
            None => {
                let near = target.is_throwaway() || is_loopback(&target.settings.host);
                target.server.on_this_host = Some(near);
                make_room(plan, &mut client)?;
            }
            // Where the server is, and what it has room for, is known to the pooler.
            Some(pooler) => {
                target.protocol = pooler::protocol(&pooler, plan.protocol, asked)?;
                pooler::room(&pooler, plan.connections)?;
                target.check_statement_timeout(plan)?;
                target.pooler = Some(pooler);
            }
        }
        Ok(target)
    }

    /// A pooler may refuse a limit that goes with the login, or take it and not hand it on.
    fn check_statement_timeout(&self, plan: &Plan) -> Result<(), Refusal> {
        let Some(timeout) = plan.statement_timeout else { return Ok(()) };
        let refused = |cause: wire::Error| Refusal::StatementTimeout(cause.root().to_string());
        let deadline = Instant::now() + self.settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let client = Client::connect(&self.load_settings(plan), self.tls.clone(), deadline);
        let mut client = client.map_err(refused)?;
        client.set_timeout(CONNECT_TIMEOUT);
        let sql =
            "SELECT setting::int8 FROM pg_catalog.pg_settings WHERE name = 'statement_timeout'";
        let row = client.query_one(sql, &[]).map_err(refused)?;
        let held: i64 = row.value(0).map_err(|cause| refused(cause.into()))?;
        match u128::try_from(held) == Ok(timeout.as_millis().max(1)) {
            true => Ok(()),
            false => Err(Refusal::StatementTimeout("it takes it and ignores it".to_owned())),
        }
    }

    /// What stands in between, as a result of `plan` tells it.
    pub fn pooler(&self, plan: &Plan) -> Option<run_result::Pooler> {
        Some(self.pooler.as_ref()?.in_result(plan.protocol, self.protocol))
    }

    /// The settings for connections of the load: those of the user, and what the plan adds.
    pub fn load_settings(&self, plan: &Plan) -> Settings {
        let mut settings = Settings::clone(&self.settings);
        if let Some(timeout) = plan.statement_timeout {
            let value = timeout.as_millis().max(1).to_string();
            settings.runtime_parameters.push(("statement_timeout".to_owned(), value));
        }
        settings
    }

    /// True when the server goes when this value goes.
    pub fn is_throwaway(&self) -> bool {
        self.throwaway.is_some()
    }

    /// Stops a throwaway server in its tracks; a server of the user's is never touched.
    pub fn pause(&self) {
        if let Some(server) = &self.throwaway {
            server.pause();
        }
    }

    /// Lets it go on.
    pub fn resume(&self) {
        if let Some(server) = &self.throwaway {
            server.resume();
        }
    }

    /// In words, for a reader.
    pub fn name(&self) -> String {
        match self.throwaway {
            Some(_) => format!("a throwaway PostgreSQL {}", self.server.version),
            None => {
                let behind = self.pooler.as_ref().map(|it| format!(" behind {}", it.name()));
                let (version, behind) = (&self.server.version, behind.unwrap_or_default());
                format!("PostgreSQL {version} at {}{behind}", self.settings)
            }
        }
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
pub(super) fn tls_of(settings: &Settings) -> Result<Option<Arc<Tls>>, LoadError> {
    if settings.effective_ssl_mode() == SslMode::Disable {
        return Ok(None);
    }
    wire::tls::client_config(settings).map(|tls| Some(Arc::new(tls))).map_err(LoadError::Tls)
}

/// The user's settings, and ours where they say nothing.
pub(super) fn with_defaults(mut settings: Settings) -> Settings {
    settings.application_name.get_or_insert_with(|| "pgsurge".to_owned());
    settings.connect_timeout.get_or_insert(CONNECT_TIMEOUT);
    settings
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// Version, settings and extensions.
fn describe(client: &mut Client) -> Result<ServerEnvironment, wire::Error> {
    let mut server = ServerEnvironment {
        version: client.parameter("server_version").unwrap_or_default().to_owned(),
        ..ServerEnvironment::default()
    };
    let names = TELLING.map(|name| format!("'{name}'")).join(",");
    let sql = format!(
        "SELECT name, current_setting(name) FROM pg_catalog.pg_settings WHERE name IN ({names})"
    );
    server.settings = pairs(client, &sql)?;
    server.extensions =
        pairs(client, "SELECT extname::text, extversion::text FROM pg_catalog.pg_extension")?;
    Ok(server)
}

fn pairs(client: &mut Client, sql: &str) -> Result<BTreeMap<String, String>, wire::Error> {
    let mut pairs = BTreeMap::new();
    for row in client.query(sql, &[])? {
        pairs.insert(row.value::<&str>(0)?.to_owned(), row.value::<&str>(1)?.to_owned());
    }
    Ok(pairs)
}

/// A plan that can't fit is refused before any load, with the numbers.
fn make_room(plan: &Plan, client: &mut Client) -> Result<(), LoadError> {
    let sql = "SELECT current_setting('max_connections')::int8,
            current_setting('superuser_reserved_connections')::int8
                + coalesce(current_setting('reserved_connections', true), '0')::int8,
            (SELECT count(*) FROM pg_catalog.pg_stat_activity
              WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
            (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)";
    let row = client.query_one(sql, &[]).map_err(LoadError::Server)?;
    let number = |column| row.value::<i64>(column).map(|value| value.max(0) as u64);
    let read = (number(0), number(1), number(2), row.value::<bool>(3));
    let (Ok(max), Ok(reserved), Ok(used), Ok(is_superuser)) = read else { return Ok(()) };
    let reserved = if is_superuser { 0 } else { reserved };
    // One more for set-up and verification, which go on beside the load.
    let needed = u64::from(plan.connections) + 1;
    let free = max.saturating_sub(reserved).saturating_sub(used);
    // Connections of others come and go; what can never fit is what we refuse.
    if needed > max.saturating_sub(reserved) {
        return Err(LoadError::TooFewSlots { needed, free, max, reserved, used });
    }
    Ok(())
}
