//! What every part of the benchmark shares: the server, the folder, the patience, the books.

use crate::contender::Verdicts;
use crate::options::Options;
use servers::{Environment, Postgres, PostgresOptions};
use std::path::Path;
use std::time::Duration;

/// A benchmark under way.
pub struct Bench {
    server: Postgres,
    folder: tempfile::TempDir,
    seconds: u64,
    /// What our own runs thought of themselves.
    pub verdicts: Verdicts,
}

impl Bench {
    /// Starts the server.
    pub fn start(options: &Options) -> Result<Bench, String> {
        let environment = Environment::from_pairs(std::env::vars_os());
        let server = PostgresOptions {
            max_connections: 600,
            // Bookkeeping per statement is the server's own work: it would blur what is compared.
            settings: vec![("shared_preload_libraries".to_owned(), String::new())],
            ..PostgresOptions::default()
        };
        let server = Postgres::start(&environment, &server).map_err(|error| error.to_string())?;
        let folder =
            tempfile::tempdir().map_err(|error| format!("cannot make a folder: {error}"))?;
        Ok(Bench { server, folder, seconds: options.seconds, verdicts: Verdicts::default() })
    }

    /// The server.
    pub fn server(&self) -> &Postgres {
        &self.server
    }

    /// The database with everyone's tables.
    pub fn database(&self) -> &str {
        self.server.database()
    }

    /// For what comes and goes.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How long one run takes.
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    /// When a run hangs.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.seconds + 60)
    }

    /// Runs SQL as the superuser.
    pub fn sql(&self, sql: &str) -> Result<String, String> {
        self.server.psql(sql).map_err(|error| error.to_string())
    }

    /// Empties the server's write queue, so that no run pays for the one before.
    pub fn settle(&self) -> Result<(), String> {
        self.sql("CHECKPOINT").map(drop)
    }
}

/// The first number behind a label.
pub fn number_after(text: &str, label: &str) -> Result<f64, String> {
    let rest = text.split_once(label).map(|(_, rest)| rest.trim_start());
    let number = rest.map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        rest[..end].parse()
    });
    match number {
        Some(Ok(number)) => Ok(number),
        _ => Err(format!("no number behind \"{label}\"")),
    }
}
