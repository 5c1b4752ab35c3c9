//! A process of its own that owns servers, for the tests that end owners.
//!
//! It is this test binary once more, told by the environment what to do.

#![allow(
    clippy::print_stdout,
    reason = "the owner's output is how it tells the test what it holds"
)]

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use nix::sys::signal::{SigHandler, Signal, kill};
use nix::unistd::{Pid, Uid, User};
use servers::{PgBouncer, PgBouncerOptions, Postgres, PostgresOptions, Redis, RedisOptions};

use crate::base::{Base, small};
use crate::environment;

const ROLE: &str = "SERVERS_TEST_ROLE";
const BASE: &str = "SERVERS_TEST_BASE";

/// A running owner; ended with the test.
pub struct Owner {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    _input: ChildStdin,
    /// The binary, where it had to be copied.
    _copy: Option<tempfile::TempDir>,
}

/// What an owner says about a server of its.
pub struct Held {
    pub pid: u32,
    pub port: u16,
    pub url: String,
}

impl Owner {
    /// Starts an owner as the user that we are.
    pub fn start(role: &str, base: &Base) -> Owner {
        let program = std::env::current_exe().unwrap();
        Owner::spawn(Command::new(program), None, role, base)
    }

    /// Starts an owner as `nohup` would: it is to ignore SIGHUP.
    pub fn start_ignoring_hangups(role: &str, base: &Base) -> Owner {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]);
        command.arg(std::env::current_exe().unwrap());
        Owner::spawn(command, None, role, base)
    }

    /// Starts an owner as a user that is not root.
    pub fn start_unprivileged(role: &str, base: &Base) -> Owner {
        if !Uid::effective().is_root() {
            return Owner::start(role, base);
        }
        // The build folder may be closed to others.
        let folder = tempfile::tempdir().unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let copy = folder.path().join("owner");
        std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        let user = ["nobody", "postgres"].iter().find_map(|n| User::from_name(n).unwrap()).unwrap();
        let mut command = Command::new(copy);
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw()).current_dir("/");
        Owner::spawn(command, Some(folder), role, base)
    }

    fn spawn(
        mut command: Command,
        copy: Option<tempfile::TempDir>,
        role: &str,
        base: &Base,
    ) -> Owner {
        // What a shell starts in the background ignores SIGINT, and so would what we start.
        let heed = || {
            for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
                // SAFETY: no handler of ours is replaced, and this is safe between fork and exec.
                unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) }?;
            }
            Ok(())
        };
        // SAFETY: only sets how signals are taken, which is safe between fork and exec.
        unsafe { command.pre_exec(heed) };
        command.args(["--exact", "owner::owns_servers_as_told", "--ignored", "--nocapture"]);
        command.env(ROLE, role).env(BASE, base.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Owner { child, output: BufReader::new(output), _input: input, _copy: copy }
    }

    /// Waits until it tells of a server.
    pub fn held(&mut self) -> Held {
        let line = self.line_with("HELD ");
        let mut words = line.split(' ').map(str::to_owned);
        let mut next = || words.next().expect("three words");
        let (pid, port) = (next().parse().unwrap(), next().parse().unwrap());
        Held { pid, port, url: next() }
    }

    /// Waits for a line with this word, and returns what follows it.
    pub fn line_with(&mut self, word: &str) -> String {
        let mut seen = String::new();
        loop {
            let start = seen.len();
            let read = self.output.read_line(&mut seen).unwrap();
            assert!(read > 0, "the owner ended without {word:?}: {seen}");
            if let Some((_, rest)) = seen[start..].split_once(word) {
                return rest.trim_end().to_owned();
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Kills it as the out-of-memory killer would.
    pub fn kill(mut self) {
        self.signal(Signal::SIGKILL);
        self.wait();
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "not a test: other tests run it as a process of its own"]
fn owns_servers_as_told() {
    let role = std::env::var(ROLE).expect("other tests start this one and say what to do");
    let base = std::env::var(BASE).map(PathBuf::from).unwrap();
    match role.as_str() {
        "postgres" => hold(postgres(base)),
        "paused postgres" => {
            let server = postgres(base);
            server.pause();
            hold(server);
        }
        "postgres and signals" => {
            servers::clean_up_on_signals().unwrap();
            hold(postgres(base));
        }
        "starting and signals" => {
            servers::clean_up_on_signals().unwrap();
            println!("STARTING");
            hold(postgres(base));
        }
        "redis" => hold(redis(base)),
        "redis and signals" => {
            servers::clean_up_on_signals().unwrap();
            hold(redis(base));
        }
        "pgbouncer" => {
            let server = postgres(base.clone());
            let bouncer = pgbouncer(base, &server);
            hold((bouncer, server));
        }
        "servers in statics" => {
            static POSTGRES: OnceLock<Postgres> = OnceLock::new();
            static REDIS: OnceLock<Redis> = OnceLock::new();
            POSTGRES.get_or_init(|| postgres(base.clone()));
            REDIS.get_or_init(|| redis(base));
        }
        "panic" => {
            let _server = redis(base);
            panic!("on purpose");
        }
        other => panic!("no role {other:?}"),
    }
}

/// Keeps a server until our starter is gone or ends us.
fn hold<T>(_server: T) {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn postgres(base: PathBuf) -> Postgres {
    let options = PostgresOptions { base_dir: Some(base), settings: small(), ..Default::default() };
    let server = Postgres::start(&environment(), &options).unwrap();
    println!("HELD {} {} {}", server.pid(), server.port(), server.url());
    server
}

fn pgbouncer(base: PathBuf, server: &Postgres) -> PgBouncer {
    let options = PgBouncerOptions { base_dir: Some(base), ..Default::default() };
    let bouncer = PgBouncer::start(&environment(), server, &options).unwrap();
    println!("HELD {} {} {}", bouncer.pid(), bouncer.port(), bouncer.url());
    bouncer
}

fn redis(base: PathBuf) -> Redis {
    let options = RedisOptions { base_dir: Some(base), ..Default::default() };
    let server = Redis::start(&environment(), &options).unwrap();
    println!("HELD {} {} {}", server.pid(), server.port(), server.url());
    server
}
