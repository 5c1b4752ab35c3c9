//! What ends a command early, and how a user reads it.
//!
//! `error:` with what was being done and why it failed, then `hint:` with what to do. A user's
//! mistake never shows a backtrace, and no text carries a password.

use crate::exit_code::ExitCode;
use crate::load::LoadError;
use crate::saved::SavedError;
use crate::settings::Faults;
use std::error::Error as StdError;
use std::path::PathBuf;

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings can't be used.
    #[error(transparent)]
    Settings(#[from] Faults),
    /// A flag makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file of ours could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A load test came to nothing.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A saved result can't be read.
    #[error(transparent)]
    Saved(#[from] SavedError),
    /// Standard output is gone.
    #[error("cannot write to standard output")]
    Output(#[source] std::io::Error),
    /// Something that should never be.
    #[error("{0}; this is a fault of pgsurge")]
    Internal(String),
}

impl Error {
    /// How the program ends.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Error::Settings(_) | Error::Usage(_) | Error::Write { .. } | Error::Saved(_) => {
                ExitCode::Usage
            }
            Error::Load(error) => error.exit_code(),
            Error::Output(_) | Error::Internal(_) => ExitCode::Internal,
        }
    }

    /// What to do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Settings(_) => Some(
                "nothing was started; `pgsurge load --help` and docs/settings.md say what fits"
                    .to_owned(),
            ),
            Error::Internal(_) => {
                Some("please report it with the command and what it printed".to_owned())
            }
            Error::Load(error) => error.hint(),
            Error::Saved(error) => error.hint(),
            _ => None,
        }
    }

    /// The whole message: error, chain of causes, hint.
    pub fn report(&self) -> String {
        let mut text = format!("error: {}", chain(self));
        if let Some(hint) = self.hint() {
            text.push_str(&format!("\nhint: {hint}"));
        }
        text
    }
}

/// What the system says of a file, without the number that it has for it.
pub fn io_words(cause: &std::io::Error) -> String {
    let text = cause.to_string();
    let words = match text.split_once(" (os error ") {
        Some((words, _)) => words,
        None => return text,
    };
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |it| it.to_lowercase().chain(letters).collect())
}

/// An error and its causes, joined by colons; a cause that the text ends in already is not
/// repeated.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.downcast_ref().map_or_else(|| error.to_string(), io_words);
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied() -> Error {
        let source = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        Error::Write { path: "a.json".into(), source }
    }

    #[test]
    fn the_chain_of_causes_follows_what_was_being_done() {
        assert_eq!(denied().report(), "error: cannot write a.json: permission denied");
    }

    #[test]
    fn what_the_system_says_has_no_number_that_only_it_knows() {
        let full = std::io::Error::from_raw_os_error(nix::errno::Errno::ENOSPC as i32);
        assert_eq!(io_words(&full), "no space left on device");
        let error = Error::Write { path: "a.json".into(), source: full };
        assert_eq!(error.report(), "error: cannot write a.json: no space left on device");
    }

    #[test]
    fn a_hint_has_its_own_line() {
        let report = Error::Internal("the sums differ".into()).report();
        let lines: Vec<&str> = report.lines().collect();
        assert_eq!(lines[0], "error: the sums differ; this is a fault of pgsurge");
        assert!(lines[1].starts_with("hint: "));
    }

    #[test]
    fn a_cause_that_is_said_already_is_not_said_again() {
        #[derive(Debug, thiserror::Error)]
        #[error("doing it: {0}")]
        struct Said(#[source] std::fmt::Error);
        let said = Said(std::fmt::Error);
        assert_eq!(chain(&said), said.to_string());
    }
}
