//! What the process finds around it: environment, machine, user, clock, terminal.
//!
//! Read once, at the start, and handed on as a value: nothing further in reads the environment, so
//! a plan is a pure function of what was typed, what is on file, and this.

use crate::registry::Registry;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{User, geteuid};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::IsTerminal;
use time::OffsetDateTime;

/// What a process finds around it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The workloads that can be named.
    pub registry: Registry,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// Cores that this process may use.
    pub cores: u32,
    /// Files and sockets that this process may have open, after raising its limit.
    pub open_files: u64,
    /// The user's name, where there is one.
    pub os_user: Option<String>,
    /// The time, UTC.
    pub now: OffsetDateTime,
    /// A number that nobody can foresee, for a seed that nobody gave.
    pub random: u64,
    /// Whether messages go to a terminal.
    pub terminal: bool,
    /// Whether the report goes to a terminal.
    pub report_terminal: bool,
    /// Columns of the terminal, where there is one.
    pub columns: Option<usize>,
}

impl Surroundings {
    /// Those of this process, with the workloads of `registry`.
    pub fn of_this_process(registry: Registry) -> Surroundings {
        let text = |it: std::ffi::OsString| it.to_string_lossy().into_owned();
        Surroundings {
            registry,
            environment: std::env::vars_os().map(|(k, v)| (text(k), text(v))).collect(),
            cores: std::thread::available_parallelism()
                .map_or(1, |it| u32::try_from(it.get()).unwrap_or(u32::MAX)),
            open_files: raise_open_files(),
            os_user: User::from_uid(geteuid()).ok().flatten().map(|it| it.name),
            now: OffsetDateTime::now_utc(),
            // The standard library keys every map with fresh randomness of the system's.
            random: RandomState::new().hash_one(std::process::id()),
            terminal: std::io::stderr().is_terminal(),
            report_terminal: std::io::stdout().is_terminal(),
            columns: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        }
    }

    /// How a report on standard output is to look. `NO_COLOR` is <https://no-color.org>.
    pub fn report_style(&self) -> report::terminal::Style {
        let colour = self.report_terminal && self.variable("NO_COLOR").is_none();
        let width = self.columns.filter(|_| self.report_terminal).unwrap_or(100);
        report::terminal::Style { colour, width }
    }

    /// A variable that is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|it| !it.is_empty())
    }
}

/// Raises the limit of open files as far as this process may, and returns it. The usual soft limit
/// is for programs that use `select`; each connection of a load takes a file of its own.
fn raise_open_files() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return u64::MAX };
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(_) => soft,
    }
}
