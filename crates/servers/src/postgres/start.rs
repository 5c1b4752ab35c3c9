//! From options to a server that answers.
//!
//! A server is ready when it has answered a statement. It may lose the race for its port, or
//! lack a library that we would like preloaded: its log tells, and it is started once more.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::account::Account;
use crate::deadline::wait_for;
use crate::environment::Environment;
use crate::error::{Error, last_lines};
use crate::folder::Folder;
use crate::instance::{Instance, Manners};
use crate::postgres::find::{self, Programs};
use crate::postgres::options::PostgresOptions;
use crate::postgres::talk::{self, TalkError};
use crate::postgres::{PRODUCT, cluster, sweep};
use crate::{place, port};

/// Users to run as when we are root.
const ACCOUNTS: [&str; 3] = ["postgres", "nobody", "daemon"];
/// Losing the race for a port this often in a row means that something else is wrong.
const PORT_ATTEMPTS: u32 = 10;
/// Preparing the database takes a fraction of a second, on a busy machine a few.
const STATEMENT_LIMIT: Duration = Duration::from_secs(60);
/// Linux allows 107 bytes for a socket's path, macOS and the BSDs 103.
const SOCKET_PATH_LIMIT: usize = 103;
const LONGEST_SOCKET_NAME: &str = ".s.PGSQL.65535";
const STATEMENTS_LIBRARY: &str = "pg_stat_statements";

/// The server is not needed any more: an immediate shutdown, which also removes what the server
/// has outside its folder. The same when we die.
const MANNERS: Manners =
    Manners { product: PRODUCT, drop_signal: Signal::SIGQUIT, sweep: sweep::sweep };

/// All that is needed to start the server, again and again.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) programs: Programs,
    pub(crate) environment: Environment,
    pub(crate) data_dir: PathBuf,
    pub(crate) socket_dir: PathBuf,
    pub(crate) log: Log,
    pub(crate) port: u16,
    pub(crate) database: String,
    pub(crate) password: Option<String>,
    account: Account,
    settings: Vec<(String, String)>,
    preload: bool,
    start_timeout: Duration,
}

/// The file that the server's programs write their messages to.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) path: PathBuf,
}

impl Log {
    fn length(&self) -> u64 {
        self.path.metadata().map_or(0, |found| found.len())
    }

    fn text_from(&self, position: u64) -> String {
        let bytes = std::fs::read(&self.path).unwrap_or_default();
        let start = usize::try_from(position).unwrap_or(0).min(bytes.len());
        String::from_utf8_lossy(&bytes[start..]).into_owned()
    }
}

/// Makes the folders and the data directory.
pub(crate) fn prepare(
    environment: &Environment,
    options: &PostgresOptions,
) -> Result<(Arc<Instance>, Server), Error> {
    options.check()?;
    let account = Account::choose(PRODUCT, &ACCOUNTS)?;
    let programs = find::programs(environment, options.bin_dir.as_deref(), account)?;
    let base = place::choose(environment, options.base_dir.as_deref(), account)?;
    let (folders, socket_dir) = make_folders(&base, account)?;
    let folder = folders[0].path().to_owned();
    let instance = Instance::new(MANNERS, folders);
    let server = Server {
        programs,
        environment: environment.clone(),
        data_dir: folder.join(sweep::DATA),
        socket_dir,
        log: Log { path: folder.join("server.log") },
        port: 0,
        database: options.database.clone(),
        password: options.password.clone(),
        account,
        settings: options.settings.clone(),
        preload: !options.settings.iter().any(|(name, _)| name == "shared_preload_libraries"),
        start_timeout: options.start_timeout,
    };
    server.create_cluster(&instance, options)?;
    Ok((instance, server))
}

/// The server's folder, and another one for the socket where its path would be too long.
fn make_folders(base: &Path, account: Account) -> Result<(Vec<Folder>, PathBuf), Error> {
    let mut folders = vec![Folder::create(base)?];
    let mut socket_dir = folders[0].path().join("socket");
    if socket_dir.join(LONGEST_SOCKET_NAME).as_os_str().len() > SOCKET_PATH_LIMIT {
        let short = Folder::create(&place::choose_short(account)?)?;
        socket_dir = short.path().join("socket");
        folders.push(short);
    }
    for made in [&socket_dir, &folders[0].path().join(sweep::DATA)] {
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::create_dir(made)
            .and_then(|()| std::fs::set_permissions(made, private))
            .map_err(Error::io(format!("create {}", made.display())))?;
        account.give(made)?;
    }
    Ok((folders, socket_dir))
}

impl Server {
    fn create_cluster(&self, instance: &Instance, options: &PostgresOptions) -> Result<(), Error> {
        // As long as the file exists nobody else can read it, and that is not long.
        let password_file = self.data_dir.with_file_name("password");
        if let Some(password) = &options.password {
            cluster::write_private(&password_file, password.as_bytes())?;
            self.account.give(&password_file)?;
        }
        let password_file = options.password.as_ref().map(|_| password_file);
        let mut command = self.command("initdb")?;
        let method = options.auth_method;
        command.args(cluster::initdb_arguments(&self.data_dir, password_file.as_deref(), method));
        self.run(instance, command)?;
        if let Some(file) = &password_file {
            std::fs::remove_file(file).map_err(Error::io("remove the password file"))?;
        }
        let configuration = cluster::configuration(options, &self.socket_dir, &self.data_dir);
        let conf = self.data_dir.join("postgresql.conf");
        OpenOptions::new()
            .append(true)
            .open(&conf)
            .and_then(|mut file| std::io::Write::write_all(&mut file, configuration.as_bytes()))
            .map_err(Error::io(format!("write {}", conf.display())))?;
        let rules = cluster::access_rules(options);
        cluster::write_private(&self.data_dir.join("pg_hba.conf"), rules.as_bytes())?;
        if let Some(tls) = &options.tls {
            for (from, to) in [(&tls.cert, "server.crt"), (&tls.key, "server.key")] {
                let doing = format!("read {}", from.display());
                let bytes = std::fs::read(from).map_err(Error::io(doing))?;
                cluster::write_private(&self.data_dir.join(to), &bytes)?;
                self.account.give(&self.data_dir.join(to))?;
            }
        }
        Ok(())
    }

    /// Starts the server for the first time, on a port that is free.
    pub(crate) fn launch(&mut self, instance: &Instance) -> Result<(), Error> {
        let mut attempts = 0;
        loop {
            self.port = port::free_port().ok_or_else(|| {
                Error::io("find a free port")(std::io::ErrorKind::AddrInUse.into())
            })?;
            let failure = match self.launch_on_same_port(instance) {
                Err(Error::Ended { log, product, status }) => Error::Ended { log, product, status },
                other => return other,
            };
            let log = failure.to_string();
            attempts += 1;
            if self.preload
                && log.contains(&format!("could not access file \"{STATEMENTS_LIBRARY}\""))
            {
                // The contrib package is not installed: go without.
                self.preload = false;
            } else if attempts == PORT_ATTEMPTS || !log.contains("could not bind") {
                return Err(failure);
            }
        }
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn launch_on_same_port(&self, instance: &Instance) -> Result<(), Error> {
        let position = self.log.length();
        instance.launch(self.server_command()?, MANNERS.drop_signal)?;
        let end = Instant::now() + self.start_timeout;
        let outcome = wait_for(self.start_timeout, || match instance.exited() {
            Err(error) => Some(Err(error)),
            Ok(Some(status)) => Some(Err(self.ended(status, position))),
            Ok(None) => {
                let left = end.saturating_duration_since(Instant::now());
                let limit = left.clamp(Duration::from_millis(100), STATEMENT_LIMIT);
                talk::ask(&self.socket(), "postgres", "select 1", limit).ok().map(|_| Ok(()))
            }
        });
        outcome.unwrap_or_else(|| {
            let log = last_lines(&self.log.text_from(position));
            instance.kill();
            let within = self.start_timeout;
            Err(Error::TimedOut { product: PRODUCT, what: "start to answer", within, log })
        })
    }

    fn ended(&self, status: ExitStatus, position: u64) -> Error {
        let log = last_lines(&self.log.text_from(position));
        Error::Ended { product: PRODUCT, status: status.to_string(), log }
    }

    fn server_command(&self) -> Result<Command, Error> {
        let mut command = self.command("postgres")?;
        command.arg("-D").arg(&self.data_dir).arg("-p").arg(self.port.to_string());
        let preload = [("shared_preload_libraries".to_owned(), STATEMENTS_LIBRARY.to_owned())];
        let preload = if self.preload { &preload[..] } else { &[] };
        for (name, value) in preload.iter().chain(&self.settings) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        Ok(command)
    }

    /// Creates the database, and the extension where its library is loaded; says whether it is.
    pub(crate) fn create_database(&self, instance: &Instance) -> Result<bool, Error> {
        let name = format!("\"{}\"", self.database.replace('"', "\"\""));
        if self.database != "postgres" {
            self.ask(instance, "postgres", &format!("create database {name}"))?;
        }
        let loaded = self.ask(instance, "postgres", "show shared_preload_libraries")?;
        if !loaded.concat().contains(STATEMENTS_LIBRARY) {
            return Ok(false);
        }
        let sql = format!("create extension if not exists {STATEMENTS_LIBRARY}");
        self.ask(instance, &self.database, &sql).map(|_| true)
    }

    fn ask(&self, instance: &Instance, database: &str, sql: &str) -> Result<Vec<String>, Error> {
        let doing = format!("run \"{sql}\"");
        talk::ask(&self.socket(), database, sql, STATEMENT_LIMIT).map_err(|error| {
            match (error, instance.exited()) {
                (_, Err(stopped)) => stopped,
                (TalkError::Answer { message, code }, _) => Error::Answer { doing, message, code },
                (TalkError::Io(source), _) => Error::Io { doing, source },
            }
        })
    }

    fn socket(&self) -> PathBuf {
        self.socket_dir.join(format!(".s.PGSQL.{}", self.port))
    }

    /// One of the programs, in our folder where it is there, else wherever `PATH` has it.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let ours = self.programs.folder.join(name);
        if ours.is_file() {
            return ours;
        }
        self.environment.find_in_path(name).unwrap_or(ours)
    }

    /// A program of the server, as its user, with its messages going to the log.
    fn command(&self, program: &str) -> Result<Command, Error> {
        let doing = format!("write {}", self.log.path.display());
        let log = OpenOptions::new().create(true).append(true).mode(0o644).open(&self.log.path);
        let log = log.map_err(Error::io(&doing))?;
        let mut command = Command::new(self.program(program));
        command.env_clear().envs(self.environment.handed_on());
        // Where the server's user may be, whatever our own folder is.
        command.current_dir(&self.data_dir).stdin(Stdio::null());
        command.stdout(log.try_clone().map_err(Error::io(&doing))?).stderr(log);
        self.account.apply(&mut command);
        Ok(command)
    }

    /// Runs a program to its end.
    fn run(&self, instance: &Instance, command: Command) -> Result<(), Error> {
        let position = self.log.length();
        let program: &OsStr = command.get_program();
        let program = PathBuf::from(program);
        // Nothing of it is worth keeping when we are gone.
        instance.launch(command, Signal::SIGKILL)?;
        let exited = wait_for(self.start_timeout, || instance.exited().transpose());
        let log = || last_lines(&self.log.text_from(position));
        match exited.transpose()? {
            Some(status) if status.success() => Ok(()),
            Some(status) => {
                Err(Error::Program { program, status: status.to_string(), output: log() })
            }
            None => {
                let within = self.start_timeout;
                Err(Error::TimedOut {
                    product: PRODUCT,
                    what: "create its data",
                    within,
                    log: log(),
                })
            }
        }
    }
}
