//! A throwaway PgBouncer in front of a PostgreSQL server.
//!
//! It keeps nothing on disk but its configuration, so a killed one comes back as it was. It
//! listens on TCP only: a PgBouncer that lost the race for its port would go on with its socket.

mod options;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;

pub use options::{PgBouncerOptions, PoolMode};

use crate::account::Account;
use crate::environment::Environment;
use crate::error::Error;
use crate::home::Home;
use crate::instance::{Instance, Manners};
use crate::launch::{Launch, on_free_port};
use crate::postgres::{Postgres, USER};
use crate::program::{Program, Wanted};
use crate::url::percent_encoded;

const PRODUCT: &str = "PgBouncer";
const HOST: &str = "127.0.0.1";
/// The database of its own where `SHOW` commands are understood.
const ADMIN: &str = "pgbouncer";
/// Users to run as when we are root, which it refuses.
const ACCOUNTS: [&str; 4] = ["pgbouncer", "postgres", "nobody", "daemon"];
/// It waits for transactions under way; a session that is kept open is cut off after this.
const SHUT_DOWN_LIMIT: Duration = Duration::from_secs(5);
/// There is nothing that it could lose, and what the gentle signals mean changed with 1.23.
const MANNERS: Manners = Manners {
    product: PRODUCT,
    drop_signal: Signal::SIGKILL,
    outside: |_| Vec::new(),
    sweep: |_, _| {},
};

const PROGRAM: Wanted = Wanted {
    product: PRODUCT,
    names: &["pgbouncer"],
    variable: "PGSURGE_PGBOUNCER_BIN",
    install: "run scripts/install-deps, or install PgBouncer: apt-get install pgbouncer (Debian, \
        Ubuntu), dnf install pgbouncer (Fedora, RHEL), apk add pgbouncer (Alpine), \
        brew install pgbouncer (macOS); if it is installed, set PGSURGE_PGBOUNCER_BIN to the \
        folder that has pgbouncer",
    version: |printed| printed.lines().next()?.strip_prefix("PgBouncer ")?.split(' ').next(),
};

/// A PgBouncer of our own, stopped and removed on drop.
#[derive(Debug)]
pub struct PgBouncer {
    instance: Arc<Instance>,
    home: Home,
    program: Program,
    port: u16,
    database: String,
    password: Option<String>,
    start_timeout: Duration,
}

impl PgBouncer {
    /// Starts a new one in front of `server` and waits until it accepts connections. Every
    /// database of the server can be reached through it, as the server's superuser and with the
    /// server's password.
    ///
    /// # Errors
    /// When PgBouncer is not installed, or it doesn't start; the error shows the end of its log.
    pub fn start(
        environment: &Environment,
        server: &Postgres,
        options: &PgBouncerOptions,
    ) -> Result<PgBouncer, Error> {
        let account = Account::choose(PRODUCT, &ACCOUNTS)?;
        let program = PROGRAM.find(environment, options.bin_dir.as_deref())?;
        let configuration = options.configuration(server)?;
        let base_dir = options.base_dir.as_deref();
        let (instance, home) = Instance::settle(MANNERS, environment, base_dir, account)?;
        home.write_private(&home.data_dir.join("users.txt"), options::users(server).as_bytes())?;
        let mut bouncer = PgBouncer {
            instance,
            home,
            program,
            port: 0,
            database: server.database().to_owned(),
            password: server.password().map(str::to_owned),
            start_timeout: options.start_timeout,
        };
        let is_port_taken = |log: &str| log.contains("Address already in use");
        bouncer.port = on_free_port(is_port_taken, |port| {
            let text = format!("{configuration}listen_port = {port}\n");
            bouncer.home.write_private(&bouncer.file(), text.as_bytes())?;
            bouncer.launch(port)
        })?;
        Ok(bouncer)
    }

    fn file(&self) -> std::path::PathBuf {
        self.home.data_dir.join("pgbouncer.ini")
    }

    fn launch(&self, port: u16) -> Result<(), Error> {
        let mut command = self.home.command(&self.program.path)?;
        command.arg(self.file());
        raise_open_files(&mut command);
        let (instance, home) = (&*self.instance, &self.home);
        let launch = Launch { product: PRODUCT, instance, home, limit: self.start_timeout };
        // By its own words: whoever else might have the port would take a connection as well.
        let position = home.log_length();
        let listening = format!("listening on {HOST}:{port}");
        launch.start(command, || {
            let log = home.log_tail(position);
            log.contains(&listening) && log.contains("process up")
        })
    }

    /// The address that it listens on: `127.0.0.1`.
    pub fn host(&self) -> &str {
        HOST
    }

    /// The TCP port, which stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where to connect to reach the server's own database, password included: not for logs.
    pub fn url(&self) -> String {
        self.url_of(&self.database)
    }

    /// Where to connect for its `SHOW` commands, which take the simple protocol only.
    pub fn admin_url(&self) -> String {
        self.url_of(ADMIN)
    }

    fn url_of(&self, database: &str) -> String {
        let password = self.password.as_ref().map(|it| format!(":{}", percent_encoded(it)));
        let password = password.unwrap_or_default();
        let database = percent_encoded(database);
        format!("postgresql://{USER}{password}@{HOST}:{}/{database}", self.port)
    }

    /// The process id; of the last one, while it is down.
    pub fn pid(&self) -> u32 {
        self.instance.pid()
    }

    /// The folder of its configuration.
    pub fn data_dir(&self) -> &Path {
        &self.home.data_dir
    }

    /// Its log.
    pub fn log_path(&self) -> &Path {
        &self.home.log_path
    }

    /// Its version, such as `1.18.0`.
    pub fn version(&self) -> &str {
        &self.program.version
    }

    /// Stops it and removes it; dropping it does the same.
    pub fn stop(self) {
        drop(self);
    }

    /// Kills it, as a crash would: every connection through it is cut.
    pub fn kill(&mut self) {
        self.instance.kill();
    }

    /// Shuts it down as an administrator would: transactions under way end first.
    pub fn shut_down(&mut self) {
        self.instance.end(Signal::SIGINT, SHUT_DOWN_LIMIT);
    }

    /// Starts it again, on the same port, and waits until it accepts connections. A running one is
    /// shut down first.
    ///
    /// # Errors
    /// When it doesn't start, for example because someone else took the port meanwhile.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.shut_down();
        self.launch(self.port)
    }

    /// Stops it in its tracks: connections stay, nothing answers.
    pub fn pause(&self) {
        self.instance.freeze();
    }

    /// Lets a paused one go on.
    pub fn resume(&self) {
        self.instance.thaw();
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.instance.remove();
    }
}

/// Each connection of a client takes a file, and it does not raise its limit by itself.
fn raise_open_files(command: &mut std::process::Command) {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use std::os::unix::process::CommandExt;
    let raise = || {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        // What can't be raised stays: it says in its log what it can't hold.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
        Ok(())
    };
    // SAFETY: runs between fork and exec, where only async-signal-safe functions are allowed;
    // getrlimit and setrlimit are system calls, and nothing here allocates or takes a lock.
    unsafe { command.pre_exec(raise) };
}
