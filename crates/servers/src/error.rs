//! Why a throwaway server could not be had, and what to do about it.
//!
//! The text says what was being done and the cause; [`Error::hint`] says what to try. A server
//! that fails to start speaks in its log, so its last lines are part of the error.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A failure to find, start or talk to a throwaway server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server's programs are not installed, or none of them works.
    #[error("no working {product} was found{}", list(tried))]
    NotFound {
        /// PostgreSQL, Redis or PgBouncer.
        product: &'static str,
        /// Each place that was looked at, with what was wrong there.
        tried: Vec<String>,
        /// How to install it.
        install: &'static str,
    },
    /// We are root, the server refuses root, and there is nobody else to run it as.
    #[error("could not find an unprivileged user to run {product} as (tried {})", tried.join(", "))]
    NoUser {
        /// PostgreSQL, Redis or PgBouncer.
        product: &'static str,
        /// The user names that were looked up.
        tried: Vec<&'static str>,
    },
    /// No folder on a disk to put a server into.
    #[error("could not find a folder for a throwaway server{}", list(tried))]
    NoPlace {
        /// Each folder that was looked at, with what was wrong with it.
        tried: Vec<String>,
    },
    /// An option that can't be met.
    #[error("could not use the option {option}: {reason}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system said no.
    #[error("could not {doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What came back.
        source: io::Error,
    },
    /// A program that prepares a server failed.
    #[error("{program} failed ({status}){}", tail(output))]
    Program {
        /// Its path.
        program: PathBuf,
        /// Its exit code or signal.
        status: String,
        /// The last lines that it wrote.
        output: String,
    },
    /// The server ended instead of starting.
    #[error("{product} ended while it was starting ({status}){}", tail(log))]
    Ended {
        /// PostgreSQL, Redis or PgBouncer.
        product: &'static str,
        /// Its exit code or signal.
        status: String,
        /// The last lines of its log.
        log: String,
    },
    /// The server did not do as told in time.
    #[error("{product} did not {what} within {} s{}", within.as_secs(), tail(log))]
    TimedOut {
        /// PostgreSQL, Redis or PgBouncer.
        product: &'static str,
        /// What was waited for.
        what: &'static str,
        /// How long.
        within: Duration,
        /// The last lines of its log.
        log: String,
    },
    /// The server answered a statement or command with an error.
    #[error("could not {doing}: {message}{}", sqlstate(code))]
    Answer {
        /// What was being done.
        doing: String,
        /// The server's message.
        message: String,
        /// The SQLSTATE; empty where there is none.
        code: String,
    },
    /// The server was stopped by [`crate::stop_all`] (a signal, the end of the process).
    #[error("the throwaway {product} server has been stopped")]
    Stopped {
        /// PostgreSQL, Redis or PgBouncer.
        product: &'static str,
    },
}

impl Error {
    /// What the user can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::NotFound { install, .. } => Some((*install).to_owned()),
            Error::NoUser { .. } => {
                Some("create a user named postgres, or start as a user that is not root".to_owned())
            }
            Error::NoPlace { .. } => Some("set TMPDIR to a folder on a disk".to_owned()),
            Error::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("free some space, or set TMPDIR to a folder on a larger disk".to_owned())
            }
            _ => None,
        }
    }

    /// Wraps an error of the operating system; meant for `map_err`.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let doing = doing.into();
        move |source| Error::Io { doing, source }
    }
}

/// The last lines of a log, as an error shows them.
pub(crate) fn last_lines(text: &str) -> String {
    /// Enough for PostgreSQL's FATAL with its DETAIL and HINT, and what led there.
    const LINES: usize = 12;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

fn list(tried: &[String]) -> String {
    tried.iter().map(|place| format!("\n  {place}")).collect()
}

fn tail(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(":\n{text}") }
}

fn sqlstate(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!(" (SQLSTATE {code})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let log: String = (0..100).map(|n| format!("line {n}\n\n")).collect();
        let shown = last_lines(&log);
        assert!(shown.starts_with("line 88\n") && shown.ends_with("line 99"), "{shown}");
    }

    #[test]
    fn an_answer_shows_its_sqlstate() {
        let doing = "create the database x".to_owned();
        let error = Error::Answer { doing, message: "no".to_owned(), code: "42P04".to_owned() };
        assert_eq!(error.to_string(), "could not create the database x: no (SQLSTATE 42P04)");
    }
}
