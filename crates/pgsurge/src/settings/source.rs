//! Who set a value: shown by `--print-plan`, and the place of a fault.

use std::fmt;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The command line, by the flag with its dashes.
    Flag(String),
    /// A variable of the environment.
    Environment(String),
    /// A line of the settings file.
    File {
        /// The file, as the user named it.
        file: String,
        /// The line, from 1; 0 for the file as a whole.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The keys that lead there, joined by dots; empty for the file as a whole.
        path: String,
    },
    /// Nobody.
    Default,
    /// It follows from something else, in words.
    Derived(String),
}

impl Source {
    /// Whether somebody asked for it, rather than nobody.
    pub fn is_given(&self) -> bool {
        matches!(self, Source::Flag(_) | Source::Environment(_) | Source::File { .. })
    }

    /// Whether it was typed for this very run.
    pub fn is_flag(&self) -> bool {
        matches!(self, Source::Flag(_))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(name) | Source::Environment(name) => f.write_str(name),
            Source::File { file, line: 0, .. } => f.write_str(file),
            Source::File { file, line, column, path } if path.is_empty() => {
                write!(f, "{file}:{line}:{column}")
            }
            Source::File { file, line, column, path } => {
                write!(f, "{file}:{line}:{column}: {path}")
            }
            Source::Default => f.write_str("default"),
            Source::Derived(words) => f.write_str(words),
        }
    }
}
