//! What a caller can ask of a throwaway PgBouncer, and the files that it becomes.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::pgbouncer::HOST;
use crate::postgres::{Postgres, USER};

/// Settings that decide where it is and where it leads; they are ours, or we would not find it.
const NOT_FOR_CALLERS: [&str; 7] = [
    "listen_addr",
    "listen_port",
    "unix_socket_dir",
    "auth_file",
    "logfile",
    "pidfile",
    "pool_mode",
];

/// For how long a client keeps the server connection that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PoolMode {
    /// Until it disconnects.
    Session,
    /// Until its transaction ends.
    #[default]
    Transaction,
    /// Until its statement ends; transactions of several statements are refused.
    Statement,
}

impl PoolMode {
    /// As `pool_mode` calls it.
    pub fn name(self) -> &'static str {
        match self {
            PoolMode::Session => "session",
            PoolMode::Transaction => "transaction",
            PoolMode::Statement => "statement",
        }
    }
}

/// What to start. `PgBouncerOptions::default()` pools transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgBouncerOptions {
    /// For how long a client keeps its server connection.
    pub pool_mode: PoolMode,
    /// Connections to the server, at most.
    pub pool_size: u32,
    /// Clients, at most.
    pub max_client_conn: u32,
    /// More settings by name, which win over ours.
    pub settings: Vec<(String, String)>,
    /// The folder of its program, instead of looking for one.
    pub bin_dir: Option<PathBuf>,
    /// The folder to put its folder in, instead of one on a disk that we find.
    pub base_dir: Option<PathBuf>,
    /// How long a start may take.
    pub start_timeout: Duration,
}

impl Default for PgBouncerOptions {
    fn default() -> Self {
        Self {
            pool_mode: PoolMode::default(),
            // PgBouncer's own defaults.
            pool_size: 20,
            max_client_conn: 100,
            settings: Vec::new(),
            bin_dir: None,
            base_dir: None,
            start_timeout: Duration::from_secs(60),
        }
    }
}

impl PgBouncerOptions {
    /// The configuration file but for the port.
    pub(crate) fn configuration(&self, server: &Postgres) -> Result<String, Error> {
        let wrong = |reason| Err(Error::Option { option: "settings", reason });
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        for (name, value) in &self.settings {
            if name.is_empty() || !name.chars().all(plain) {
                return wrong(format!("{name:?} is not the name of a setting"));
            }
            if NOT_FOR_CALLERS.contains(&name.as_str()) {
                return wrong(format!("{name} is set by the throwaway PgBouncer itself"));
            }
            if value.contains(['\n', '\r']) {
                return wrong(format!("the value of {name} has a line break"));
            }
        }
        let auth_type = if server.password().is_some() { "scram-sha-256" } else { "trust" };
        let (pool, clients) = (self.pool_size.to_string(), self.max_client_conn.to_string());
        let ours = [
            ("listen_addr", HOST),
            ("unix_socket_dir", ""),
            ("auth_type", auth_type),
            // Beside it: that is where it is started.
            ("auth_file", "users.txt"),
            ("admin_users", USER),
            ("pool_mode", self.pool_mode.name()),
            ("default_pool_size", &pool),
            ("max_client_conn", &clients),
        ];
        let theirs = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let lines = ours.into_iter().chain(theirs);
        let lines: String = lines.map(|(name, value)| format!("{name} = {value}\n")).collect();
        let (host, port) = (server.host(), server.port());
        Ok(format!("[databases]\n* = host={host} port={port}\n[pgbouncer]\n{lines}"))
    }
}

/// The file of users and their passwords: the server's superuser.
pub(crate) fn users(server: &Postgres) -> String {
    let password = server.password().unwrap_or_default().replace('"', "\"\"");
    format!("\"{USER}\" \"{password}\"\n")
}
