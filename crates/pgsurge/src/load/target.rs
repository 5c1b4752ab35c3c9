//! The server under load: found, reached, asked who it is.
//!
//! A plan without a server gets a throwaway one that lives as long as this value. Nothing is
//! changed on a server that the user named; reading its settings is all that happens here.

use super::error::LoadError;
use super::reached::Reached;
use super::slots::Slots;
use crate::pooler::{self, Pooler};
use model::database_metrics::Unread;
use model::plan::{Plan, Protocol};
use model::run_result::{self, ServerEnvironment};
use monitor::{LocalServer, PoolerConsole};
use servers::Postgres;
use std::collections::BTreeMap;
use std::sync::Arc;
use wire::blocking::Client;
use wire::settings::Settings;
use wire::tls::Tls;

/// The settings of a server that decide performance, and those that make a result meaningless.
const TELLING: [&str; 27] = [
    "autovacuum",
    "checkpoint_timeout",
    "commit_delay",
    "deadlock_timeout",
    "debug_assertions",
    "effective_cache_size",
    "effective_io_concurrency",
    "fsync",
    "full_page_writes",
    "jit",
    "log_duration",
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
    /// Its processes, where they are on this machine and can be told.
    pub local: Option<LocalServer>,
    /// How to reach a PgBouncer's console that was named.
    pub pooler_admin: Option<Settings>,
    /// What stands in between.
    pooler: Option<Pooler>,
    /// Stopped and removed with this value.
    throwaway: Option<Postgres>,
    /// Whether other loads follow on it, so that each has to leave it as it found it.
    shared: bool,
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
        let reached = Reached::open(plan, named, environment)?;
        let near = reached.is_near();
        let Reached { throwaway, settings, tls, mut client } = reached;
        let mut server =
            describe(&mut client).map_err(LoadError::server("reading the server's settings"))?;
        server.throwaway = throwaway.is_some();
        let pooler = Pooler::detect(&mut client, &settings, tls.as_ref());
        let mut target = Target {
            settings,
            tls,
            server,
            protocol: plan.protocol,
            local: throwaway.as_ref().map(local),
            pooler_admin: None,
            pooler,
            throwaway,
            shared: false,
        };
        match target.pooler.take() {
            None => {
                target.server.on_this_host = Some(near);
                let backend = client.process_id().filter(|_| near && target.local.is_none());
                let settings = &target.settings;
                target.local = target.local.or_else(|| {
                    LocalServer::of_backend(backend?, &settings.user, &settings.database)
                });
                let slots = Slots::read(&mut client).map_err(LoadError::server(Slots::READING))?;
                slots.map_or(Ok(()), |it| it.hold(plan.connections))?;
            }
            // Where the server is, and what it has room for, is known to the pooler.
            Some(pooler) => {
                target.protocol = pooler::protocol(&pooler, plan.protocol, asked)?;
                pooler::room(&pooler, plan.connections)?;
                if let Some(timeout) = plan.statement_timeout {
                    let (settings, tls) = (&target.settings, target.tls.as_ref());
                    pooler::hands_on_timeout(settings, tls, timeout)?;
                }
                target.pooler = Some(pooler);
            }
        }
        Ok(target)
    }

    /// What stands in between, as a result of `plan` tells it.
    pub fn pooler(&self, plan: &Plan) -> Option<run_result::Pooler> {
        Some(self.pooler.as_ref()?.in_result(plan.protocol, self.protocol))
    }

    /// Whether a pooler stands in between, seen or told of.
    pub fn is_behind_pooler(&self) -> bool {
        self.pooler.is_some() || self.pooler_admin.is_some()
    }

    /// The pooler's console, for a monitor beside so many connections; none where there is no
    /// pooler that has one.
    pub fn console(&self, connections: u32) -> Option<Result<PoolerConsole, Unread>> {
        let settings = match (&self.pooler_admin, &self.pooler) {
            (Some(named), _) => super::reached::with_defaults(named.clone()),
            (None, Some(pooler)) if pooler.is_pgbouncer => {
                if !pooler.has_room_for_a_look(connections) {
                    let why = "its max_client_conn leaves no room for one more to look at it";
                    return Some(Err(Unread::missing(why)));
                }
                pooler::console_of(&self.settings)
            }
            _ => return None,
        };
        let tls = match super::reached::tls_of(&settings) {
            Ok(tls) => tls,
            Err(error) => return Some(Err(Unread::missing(crate::error::chain(&error)))),
        };
        let database = self.settings.database.clone();
        Some(Ok(PoolerConsole { settings: Arc::new(settings), tls, database }))
    }

    /// The settings for connections of the load: those of the user, and what the plan adds.
    pub fn load_settings(&self, plan: &Plan) -> Settings {
        let mut settings = Settings::clone(&self.settings);
        if let Some(timeout) = plan.statement_timeout {
            settings.runtime_parameters.push(pooler::statement_timeout(timeout));
        }
        settings
    }

    /// The same for several loads, one after another: each removes what it made.
    pub fn shared(self) -> Target {
        Target { shared: true, ..self }
    }

    /// True when what a load leaves goes with the server.
    pub fn goes_with_its_load(&self) -> bool {
        self.is_throwaway() && !self.shared
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

/// A server that we started ourselves.
fn local(server: &Postgres) -> LocalServer {
    let data_directory = Some(server.data_dir().to_owned());
    LocalServer { postmaster: server.pid(), data_directory }
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
