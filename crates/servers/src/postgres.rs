//! A throwaway PostgreSQL server.
//!
//! `start` reads as steps: find the programs, make the folders, create the cluster, write its
//! configuration, start it, prepare its database. What each step means is in its own file.

mod cluster;
mod find;
mod options;
mod start;
pub(crate) mod sweep;
mod talk;
mod tuning;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;

pub use options::{AuthMethod, PostgresOptions, TlsFiles};

use crate::environment::Environment;
use crate::error::{Error, last_lines};
use crate::instance::Instance;
use crate::url::percent_encoded;

pub(crate) const PRODUCT: &str = "PostgreSQL";
pub(crate) const USER: &str = "postgres";
pub(crate) const HOST: &str = "127.0.0.1";

/// A fast shutdown writes a checkpoint, which takes a while on a slow disk.
const SHUT_DOWN_LIMIT: Duration = Duration::from_secs(60);

/// A PostgreSQL server of our own, stopped and removed on drop.
#[derive(Debug)]
pub struct Postgres {
    instance: Arc<Instance>,
    server: start::Server,
    has_pg_stat_statements: bool,
}

impl Postgres {
    /// Starts a new server and waits until it answers.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or doesn't start; the error shows the end of its log.
    pub fn start(environment: &Environment, options: &PostgresOptions) -> Result<Postgres, Error> {
        let (instance, mut server) = start::prepare(environment, options)?;
        server.launch(&instance)?;
        let has_pg_stat_statements = server.create_database(&instance)?;
        Ok(Postgres { instance, server, has_pg_stat_statements })
    }

    /// The address that the server listens on: `127.0.0.1`.
    pub fn host(&self) -> &str {
        HOST
    }

    /// The TCP port, which stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// The folder of the server's Unix socket; as a host name for clients, it means the socket.
    ///
    /// Only the server's user (and root) may enter it. The superuser needs no password there.
    pub fn socket_dir(&self) -> &Path {
        &self.server.home.socket_dir
    }

    /// The superuser: `postgres`.
    pub fn user(&self) -> &str {
        USER
    }

    /// The password that TCP connections need, where one was asked for.
    pub fn password(&self) -> Option<&str> {
        self.server.options.password.as_deref()
    }

    /// The database made for the caller.
    pub fn database(&self) -> &str {
        &self.server.options.database
    }

    /// The process id of the postmaster; of the last one, while the server is down.
    pub fn pid(&self) -> u32 {
        self.instance.pid()
    }

    /// Where to connect, password included: not for logs.
    pub fn url(&self) -> String {
        let password = self.password().map(|p| format!(":{}", percent_encoded(p)));
        let password = password.unwrap_or_default();
        let database = percent_encoded(self.database());
        format!("postgresql://{USER}{password}@{HOST}:{}/{database}", self.port())
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        &self.server.home.data_dir
    }

    /// The server's log.
    pub fn log_path(&self) -> &Path {
        &self.server.home.log_path
    }

    /// The server's version, such as `15.8`.
    pub fn version(&self) -> &str {
        &self.server.programs.version
    }

    /// The first part of the version, such as 15.
    pub fn major_version(&self) -> u32 {
        self.server.programs.major
    }

    /// The folder of the server's programs.
    pub fn bin_dir(&self) -> &Path {
        &self.server.programs.folder
    }

    /// Whether `pg_stat_statements` is loaded and created in the database.
    pub fn has_pg_stat_statements(&self) -> bool {
        self.has_pg_stat_statements
    }

    /// Stops the server and removes it; dropping it does the same.
    pub fn stop(self) {
        drop(self);
    }

    /// Kills the server, postmaster and backends, as a crash would. [`Postgres::restart`] brings
    /// it back with the data that a crash leaves.
    pub fn kill(&mut self) {
        self.instance.kill();
    }

    /// Shuts the server down as an administrator would (fast: sessions are told and ended).
    pub fn shut_down(&mut self) {
        self.instance.end(Signal::SIGINT, SHUT_DOWN_LIMIT);
    }

    /// Starts the server again, on the same port and data, and waits until it answers. A running
    /// server is shut down first.
    ///
    /// # Errors
    /// When it doesn't start, for example because someone else took the port meanwhile.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.shut_down();
        self.server.launch_on(self.port(), &self.instance)
    }

    /// Stops all processes of the server in their tracks: connections stay, nothing answers.
    pub fn pause(&self) {
        self.instance.freeze();
    }

    /// Lets a paused server go on.
    pub fn resume(&self) {
        self.instance.thaw();
    }

    /// Runs SQL with the `psql` program as superuser in [`Postgres::database`], over the socket;
    /// returns what it prints: one row per line, columns separated by `|`.
    ///
    /// # Errors
    /// When there is no `psql`, or at the first statement that fails.
    pub fn psql(&self, sql: &str) -> Result<String, Error> {
        let mut command = self.psql_command();
        let doing = "run psql";
        let mut child = command.spawn().map_err(Error::io(doing))?;
        if let Some(mut input) = child.stdin.take() {
            // A psql that ended early says why by itself.
            let _ = input.write_all(sql.as_bytes());
        }
        let output = child.wait_with_output().map_err(Error::io(doing))?;
        if output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout);
            return Ok(text.trim_end_matches('\n').to_owned());
        }
        Err(Error::Program {
            program: PathBuf::from(command.get_program()),
            status: output.status.to_string(),
            output: last_lines(&String::from_utf8_lossy(&output.stderr)),
        })
    }

    fn psql_command(&self) -> Command {
        let mut command = Command::new(self.server.psql());
        command.env_clear().envs(self.server.home.environment.handed_on());
        command.env("PGCONNECT_TIMEOUT", "10").env("PGCLIENTENCODING", "UTF8");
        command.args(["--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align"]);
        command.args(["--set", "ON_ERROR_STOP=1", "--username", USER, "--dbname", self.database()]);
        command.arg("--host").arg(self.socket_dir()).args(["--port", &self.port().to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.instance.remove();
    }
}
