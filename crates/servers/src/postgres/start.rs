//! From options to a server that answers, with its database.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::environment::Environment;
use crate::error::Error;
use crate::home::Home;
use crate::instance::{Instance, Manners};
use crate::launch::{Launch, on_free_port};
use crate::postgres::find::{self, Programs};
use crate::postgres::options::PostgresOptions;
use crate::postgres::talk::{self, TalkError};
use crate::postgres::{PRODUCT, cluster, sweep};

/// Users to run as when we are root.
const ACCOUNTS: [&str; 3] = ["postgres", "nobody", "daemon"];
/// Preparing the database takes a fraction of a second, on a busy machine a few.
const STATEMENT_LIMIT: Duration = Duration::from_secs(60);
const STATEMENTS: &str = "pg_stat_statements";

/// A server that is not needed any more gets an immediate shutdown: it writes no checkpoint, but
/// it removes what it has outside its folder. It does the same when we die.
const MANNERS: Manners = Manners {
    product: PRODUCT,
    drop_signal: Signal::SIGQUIT,
    outside: sweep::shared_memory_files,
    sweep: sweep::sweep,
};

/// All that is needed to start the server, again and again.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) programs: Programs,
    pub(crate) home: Home,
    pub(crate) port: u16,
    pub(crate) options: PostgresOptions,
    is_preloading: bool,
}

/// Makes the folders and the data directory.
pub(crate) fn prepare(
    environment: &Environment,
    options: &PostgresOptions,
) -> Result<(Arc<Instance>, Server), Error> {
    options.check()?;
    let account = Account::choose(PRODUCT, &ACCOUNTS)?;
    let programs = find::programs(environment, options.bin_dir.as_deref(), account)?;
    let base_dir = options.base_dir.as_deref();
    let (instance, home) = Instance::settle(MANNERS, environment, base_dir, account)?;
    // A caller who preloads other libraries has decided about this one too.
    let is_preloading =
        !options.settings.iter().any(|(name, _)| name == "shared_preload_libraries");
    let options = options.clone();
    let server = Server { programs, home, port: 0, options, is_preloading };
    server.create_cluster(&instance)?;
    Ok((instance, server))
}

impl Server {
    fn launcher<'a>(&'a self, instance: &'a Instance) -> Launch<'a> {
        let limit = self.options.start_timeout;
        Launch { product: PRODUCT, instance, home: &self.home, limit }
    }

    fn create_cluster(&self, instance: &Instance) -> Result<(), Error> {
        let (home, options, data) = (&self.home, &self.options, &self.home.data_dir);
        let password_file = data.with_file_name("password");
        if let Some(password) = &options.password {
            home.write_private(&password_file, password.as_bytes())?;
        }
        let password_file = options.password.as_ref().map(|_| password_file);
        let mut command = home.command(&self.programs.folder.join("initdb"))?;
        let method = options.auth_method;
        command.args(cluster::initdb_arguments(data, password_file.as_deref(), method));
        self.launcher(instance).run(command)?;
        if let Some(file) = &password_file {
            std::fs::remove_file(file).map_err(Error::io("remove the password file"))?;
        }
        let conf = data.join("postgresql.conf");
        let text = cluster::configuration(options, &home.socket_dir, data);
        let appended = OpenOptions::new().append(true).open(&conf);
        appended
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(Error::io(format!("write {}", conf.display())))?;
        home.write_private(&data.join("pg_hba.conf"), cluster::access_rules(options).as_bytes())?;
        if let Some(tls) = &options.tls {
            for (from, to) in [(&tls.cert, cluster::CERTIFICATE), (&tls.key, cluster::KEY)] {
                let doing = format!("read {}", from.display());
                let bytes = std::fs::read(from).map_err(Error::io(doing))?;
                home.write_private(&data.join(to), &bytes)?;
            }
        }
        Ok(())
    }

    /// Starts the server for the first time, on a port that is free.
    pub(crate) fn launch(&mut self, instance: &Instance) -> Result<(), Error> {
        match self.launch_on_free_port(instance) {
            Err(Error::Ended { log, .. }) if self.is_preloading && lacks_library(&log) => {
                // The contrib package is not installed: go without.
                self.is_preloading = false;
                self.launch_on_free_port(instance)
            }
            other => other,
        }
    }

    fn launch_on_free_port(&mut self, instance: &Instance) -> Result<(), Error> {
        let is_port_taken = |log: &str| log.contains("could not bind");
        self.port = on_free_port(is_port_taken, |port| self.launch_on(port, instance))?;
        Ok(())
    }

    /// Starts the server on a port and waits until it answers.
    pub(crate) fn launch_on(&self, port: u16, instance: &Instance) -> Result<(), Error> {
        let mut command = self.home.command(&self.programs.folder.join("postgres"))?;
        command.arg("-D").arg(&self.home.data_dir).arg("-p").arg(port.to_string());
        if self.is_preloading {
            command.arg("-c").arg(format!("shared_preload_libraries={STATEMENTS}"));
        }
        for (name, value) in &self.options.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // Over the private socket: whoever else might have the port can't answer there.
        let socket = self.socket(port);
        let limit = self.options.start_timeout.min(STATEMENT_LIMIT);
        let is_ready = || talk::ask(&socket, "postgres", "select 1", limit).is_ok();
        self.launcher(instance).start(command, is_ready)
    }

    /// Creates the database, and the extension where its library is loaded; says whether it is.
    pub(crate) fn create_database(&self, instance: &Instance) -> Result<bool, Error> {
        let database = self.options.database.as_str();
        if database != "postgres" {
            let name = database.replace('"', "\"\"");
            self.ask(instance, "postgres", &format!("create database \"{name}\""))?;
        }
        let loaded = self.ask(instance, "postgres", "show shared_preload_libraries")?;
        if !loaded.concat().contains(STATEMENTS) {
            return Ok(false);
        }
        self.ask(instance, database, &format!("create extension if not exists {STATEMENTS}"))?;
        Ok(true)
    }

    fn ask(&self, instance: &Instance, database: &str, sql: &str) -> Result<Vec<String>, Error> {
        let doing = format!("run \"{sql}\"");
        let answer = talk::ask(&self.socket(self.port), database, sql, STATEMENT_LIMIT);
        answer.map_err(|error| match (error, instance.exited()) {
            (_, Err(stopped)) => stopped,
            (TalkError::Answer { message, code }, _) => Error::Answer { doing, message, code },
            (TalkError::Io(source), _) => Error::Io { doing, source },
        })
    }

    fn socket(&self, port: u16) -> PathBuf {
        self.home.socket_dir.join(format!(".s.PGSQL.{port}"))
    }

    /// `psql`, from the server's own folder, or where `PATH` has it.
    pub(crate) fn psql(&self) -> PathBuf {
        let ours = self.programs.folder.join("psql");
        if ours.is_file() {
            return ours;
        }
        self.home.environment.find_in_path("psql").unwrap_or(ours)
    }
}

fn lacks_library(log: &str) -> bool {
    log.contains(&format!("could not access file \"{STATEMENTS}\""))
}
