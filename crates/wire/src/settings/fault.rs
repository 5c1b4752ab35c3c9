//! Where each value came from, and what is wrong with it.
//!
//! All faults are collected before any is reported, so that a user mends a file once. No text in
//! here quotes a password, or a piece of a connection string that might be one.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The program, under the name that its user knows: a flag, a key of a settings file.
    Given(String),
    /// A URL or `key=value` string, by the name of the flag or variable that holds it.
    Connection(String),
    /// A section of a service file.
    Service {
        /// The section.
        name: String,
        /// The file.
        file: PathBuf,
    },
    /// A variable of the environment.
    Environment(&'static str),
    /// A line of a password file.
    PasswordFile(PathBuf),
    /// Nobody: libpq's default.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Given(label) | Source::Connection(label) => f.write_str(label),
            Source::Service { name, file } => {
                write!(f, "service \"{name}\" of {}", file.display())
            }
            Source::Environment(variable) => f.write_str(variable),
            Source::PasswordFile(path) => write!(f, "{}", path.display()),
            Source::Default => f.write_str("default"),
        }
    }
}

/// One resolved parameter and who set it; a password shows as `***`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// libpq's name of the parameter.
    pub parameter: &'static str,
    /// Its value, fit to be shown.
    pub value: String,
    /// Who set it.
    pub source: Source,
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{source_label}{message}{}", expectation(.expected))]
pub struct Fault {
    /// libpq's name of the parameter, or the unknown one that was used.
    pub parameter: String,
    /// Who set it.
    pub place: Source,
    /// What is wrong.
    pub message: String,
    /// What would be right, when that can be said in a few words.
    pub expected: Option<String>,
    source_label: String,
}

impl Fault {
    pub(super) fn new(parameter: &str, place: &Source, message: impl Into<String>) -> Fault {
        let source_label = match place {
            Source::Default => String::new(),
            place => format!("{place}: "),
        };
        Fault {
            parameter: parameter.to_owned(),
            place: place.clone(),
            message: message.into(),
            expected: None,
            source_label,
        }
    }

    pub(super) fn expected(mut self, what: impl Into<String>) -> Fault {
        self.expected = Some(what.into());
        self
    }
}

fn expectation(expected: &Option<String>) -> String {
    expected.as_ref().map(|it| format!("; expected {it}")).unwrap_or_default()
}

/// Everything that is wrong with the settings, in the order it was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", .0.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Faults(pub Vec<Fault>);

/// Something odd that does not stop anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// libpq's name of the parameter.
    pub parameter: &'static str,
    /// What is odd and what follows from it.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
