//! A throwaway Redis (or Valkey) server.
//!
//! Keeps an append-only file, so a killed server comes back with its data, as a small production
//! server would; it takes no snapshots, whose forks would disturb what is measured.

mod find;
mod options;
mod ping;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;

pub use options::RedisOptions;

use crate::account::Account;
use crate::environment::Environment;
use crate::error::Error;
use crate::home::Home;
use crate::instance::{Instance, Manners};
use crate::launch::{Launch, on_free_port};
use crate::program::Program;
use crate::url::percent_encoded;

const PRODUCT: &str = "Redis";
const HOST: &str = "127.0.0.1";
/// Users to run as when we are root. Redis would run as root; nothing needs it to.
const ACCOUNTS: [&str; 5] = ["redis", "valkey", "nobody", "daemon", "postgres"];
/// Writing out the append-only file takes a while on a slow disk.
const SHUT_DOWN_LIMIT: Duration = Duration::from_secs(60);
/// All that it has is in its folder.
const MANNERS: Manners = Manners {
    product: PRODUCT,
    drop_signal: Signal::SIGTERM,
    outside: |_| Vec::new(),
    sweep: |_, _| {},
};

/// A Redis server of our own, stopped and removed on drop.
#[derive(Debug)]
pub struct Redis {
    instance: Arc<Instance>,
    home: Home,
    program: Program,
    port: u16,
    password: Option<ping::Password>,
    start_timeout: Duration,
}

impl Redis {
    /// Starts a new server and waits until it answers.
    ///
    /// # Errors
    /// When neither Redis nor Valkey is installed, or it doesn't start; the error shows the end
    /// of its log.
    pub fn start(environment: &Environment, options: &RedisOptions) -> Result<Redis, Error> {
        let account = Account::choose(PRODUCT, &ACCOUNTS)?;
        let program = find::program(environment, options.bin_dir.as_deref())?;
        let base_dir = options.base_dir.as_deref();
        let (instance, home) = Instance::settle(MANNERS, environment, base_dir, account)?;
        let configuration = options::configuration(options, &home)?;
        home.write_private(&home.data_dir.join("redis.conf"), configuration.as_bytes())?;
        let password = options.password.clone().map(ping::Password);
        let start_timeout = options.start_timeout;
        let mut server = Redis { instance, home, program, port: 0, password, start_timeout };
        let is_port_taken = |log: &str| log.contains("Address already in use");
        server.port = on_free_port(is_port_taken, |port| server.launch(port))?;
        Ok(server)
    }

    fn launch(&self, port: u16) -> Result<(), Error> {
        let mut command = self.home.command(&self.program.path)?;
        command.arg(self.home.data_dir.join("redis.conf")).args(["--port", &port.to_string()]);
        let (instance, home) = (&*self.instance, &self.home);
        let launch = Launch { product: PRODUCT, instance, home, limit: self.start_timeout };
        // Over the private socket: whoever else might have the port can't answer there.
        let socket = self.home.socket_dir.join(ping::SOCKET);
        launch.start(command, || ping::answers(&socket, self.password.as_ref()))
    }

    /// The address that the server listens on: `127.0.0.1`.
    pub fn host(&self) -> &str {
        HOST
    }

    /// The TCP port, which stays the same over restarts.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The password that clients need, where one was asked for.
    pub fn password(&self) -> Option<&str> {
        self.password.as_ref().map(|password| password.0.as_str())
    }

    /// Where to connect, password included: not for logs.
    pub fn url(&self) -> String {
        let password = self.password().map(|password| format!(":{}@", percent_encoded(password)));
        format!("redis://{}{HOST}:{}/0", password.unwrap_or_default(), self.port)
    }

    /// The process id of the server; of the last one, while the server is down.
    pub fn pid(&self) -> u32 {
        self.instance.pid()
    }

    /// The folder of the data.
    pub fn data_dir(&self) -> &Path {
        &self.home.data_dir
    }

    /// The server's log.
    pub fn log_path(&self) -> &Path {
        &self.home.log_path
    }

    /// The server's version, such as `7.0.15`.
    pub fn version(&self) -> &str {
        &self.program.version
    }

    /// Stops the server and removes it; dropping it does the same.
    pub fn stop(self) {
        drop(self);
    }

    /// Kills the server, as a crash would. [`Redis::restart`] brings it back with the data that a
    /// crash leaves.
    pub fn kill(&mut self) {
        self.instance.kill();
    }

    /// Shuts the server down as an administrator would.
    pub fn shut_down(&mut self) {
        self.instance.end(Signal::SIGTERM, SHUT_DOWN_LIMIT);
    }

    /// Starts the server again, on the same port and data, and waits until it answers. A running
    /// server is shut down first.
    ///
    /// # Errors
    /// When it doesn't start, for example because someone else took the port meanwhile.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.shut_down();
        self.launch(self.port)
    }

    /// Stops the server in its tracks: connections stay, nothing answers.
    pub fn pause(&self) {
        self.instance.freeze();
    }

    /// Lets a paused server go on.
    pub fn resume(&self) {
        self.instance.thaw();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.instance.remove();
    }
}
