//! Why a saved result can't be read, in words a user can act on.

use crate::error::io_words;
use model::run_result::RecordError;
use report::json::ReadError;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is nothing to render.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It is a folder, a pipe or a device.
    #[error("cannot read {}: it is no ordinary file", .0.display())]
    NoFile(PathBuf),
    /// The system does not give it.
    #[error("cannot read {}: {}", path.display(), io_words(cause))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// It holds no result.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: ReadError,
    },
    /// It begins as a record, and is none that can be read.
    #[error("cannot read {}: {cause}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: RecordError,
    },
    /// A result of a kind that is not rendered here.
    #[error("cannot render {}: it is a result of the kind \"{kind}\"", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it says of itself.
        kind: String,
    },
}

impl SavedError {
    /// Reading `path` failed.
    pub fn io(path: &Path) -> impl Fn(io::Error) -> SavedError {
        move |cause| SavedError::Io { path: path.to_owned(), cause }
    }

    /// What was read from `path` is no result.
    pub fn reading(path: &Path) -> impl Fn(ReadError) -> SavedError {
        move |cause| SavedError::Read { path: path.to_owned(), cause }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            SavedError::NoFile(_) => "name the JSON file of a result, or a run's OUTPUT.partial",
            SavedError::Io { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
                "without --output results are in the folder pgsurge-results"
            }
            SavedError::Io { .. } => return None,
            SavedError::Read { cause, .. } => cause.hint()?,
            SavedError::Record { cause: RecordError::NoHeader, .. } => {
                "the run was killed before its load began: there is nothing to render"
            }
            SavedError::Record { .. } => "use the version of pgsurge that wrote it, or a newer one",
            SavedError::Kind { .. } => "name the result of a single run, or use a newer pgsurge",
        };
        Some(text.to_owned())
    }
}
