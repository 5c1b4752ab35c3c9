//! Why a load test came to nothing, in words a user can act on.

use crate::error::io_words;
use crate::exit_code::ExitCode;
use crate::pooler::Refusal;
use model::failure::{ErrorClass, Failure};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The throwaway server did not start.
    #[error("cannot start a throwaway PostgreSQL: {0}")]
    Start(servers::Error),
    /// The server can't be connected to.
    #[error("{0}")]
    Connect(wire::Error),
    /// The certificate settings are of no use.
    #[error("cannot set TLS up: {0}")]
    Tls(wire::tls::TlsError),
    /// The server answered, but not what we asked.
    #[error("{doing}: {cause}")]
    Server {
        /// What we wanted to know.
        doing: &'static str,
        /// What went wrong.
        cause: wire::Error,
    },
    /// The plan wants more connections than the server gives.
    #[error(
        "the plan needs {needed} connections, and the server has room for {free} \
         (max_connections {max}, {reserved} reserved, {used} in use)"
    )]
    TooFewSlots {
        /// Connections of the load and one for us.
        needed: u64,
        /// What is left.
        free: u64,
        /// The server's setting.
        max: u64,
        /// Kept for superusers and the like.
        reserved: u64,
        /// Taken by others at the moment.
        used: u64,
    },
    /// The plan does not work through the pooler in between.
    #[error(transparent)]
    Pooler(#[from] Refusal),
    /// Set-up failed.
    #[error("cannot {doing}: {cause}")]
    Workload {
        /// What was being done.
        doing: &'static str,
        /// What went wrong.
        cause: workload::Error,
    },
    /// Not one connection of the load became usable.
    #[error("cannot open the connections of the load: {}{}", .0.message, code(.0))]
    Unreachable(Failure),
    /// The load could not begin for a reason of this machine's or of ours.
    #[error("{0}")]
    Engine(engine::Error),
    /// A file of the result can't be written.
    #[error("cannot write {}: {}", path.display(), io_words(cause))]
    Output {
        /// Which.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
        /// The flag that names another place.
        flag: &'static str,
        /// The record that has what was measured, where something was.
        record: Option<PathBuf>,
    },
    /// Another run has the record, and still writes it.
    #[error("{} is being written by another run", .0.display())]
    Busy(PathBuf),
    /// The user ended it before there was anything to save.
    #[error("interrupted before the load began; nothing was measured")]
    Interrupted,
}

fn code(failure: &Failure) -> String {
    failure.sqlstate_text().map_or_else(String::new, |code| format!(" ({code})"))
}

impl LoadError {
    /// Set-up or what follows it failed.
    pub fn workload(doing: &'static str) -> impl FnOnce(workload::Error) -> LoadError {
        move |cause| LoadError::Workload { doing, cause }
    }

    /// The server did not say what we wanted to know.
    pub fn server(doing: &'static str) -> impl FnOnce(wire::Error) -> LoadError {
        move |cause| LoadError::Server { doing, cause }
    }

    /// Writing a file of the result failed.
    pub fn output(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> LoadError {
        LoadError::output_of("--output", path)
    }

    /// Writing the file that `flag` names failed.
    pub fn output_of(
        flag: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> LoadError {
        move |cause| LoadError::Output { path: path.into(), cause, flag, record: None }
    }

    /// The same where `record` has what was measured.
    pub fn recorded(self, record: PathBuf) -> LoadError {
        match self {
            LoadError::Output { path, cause, flag, .. } => {
                LoadError::Output { path, cause, flag, record: Some(record) }
            }
            other => other,
        }
    }

    /// The SQLSTATE, where a server gave one that the text does not hold.
    pub fn code(&self) -> Option<&str> {
        match self {
            LoadError::Connect(cause) | LoadError::Server { cause, .. } => cause.code(),
            LoadError::Workload { cause, .. } => cause.code(),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            LoadError::Start(cause) => cause.hint(),
            LoadError::Connect(cause) | LoadError::Server { cause, .. } => cause.hint(),
            LoadError::Tls(cause) => cause.hint().map(|hint| hint.to_string()),
            LoadError::Workload { cause, .. } => cause.hint(),
            LoadError::TooFewSlots { .. } => Some(
                "use fewer --connections, or raise max_connections (ALTER SYSTEM SET \
                 max_connections = …, then restart the server)"
                    .to_owned(),
            ),
            LoadError::Pooler(refusal) => Some(refusal.hint().to_owned()),
            LoadError::Unreachable(failure) => unreachable_hint(failure.class),
            LoadError::Engine(engine::Error::Poller { .. }) => {
                Some("--poller epoll works everywhere; ulimit -n may be too low".to_owned())
            }
            LoadError::Output { cause, flag, record, .. } => {
                Some(output_hint(cause.kind(), flag, record.as_deref()))
            }
            LoadError::Busy(_) => {
                Some("wait until that run has ended, or name another place".to_owned())
            }
            LoadError::Engine(_) | LoadError::Interrupted => None,
        }
    }

    /// How the program ends.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            LoadError::Start(_)
            | LoadError::Connect(_)
            | LoadError::Server { .. }
            | LoadError::TooFewSlots { .. }
            | LoadError::Pooler(_)
            | LoadError::Unreachable(_) => ExitCode::Unreachable,
            LoadError::Workload { cause, .. } => match cause.is_of_usage() {
                true => ExitCode::Usage,
                false => ExitCode::Unreachable,
            },
            LoadError::Tls(_) | LoadError::Busy(_) => ExitCode::Usage,
            LoadError::Engine(_) | LoadError::Output { .. } => ExitCode::Internal,
            LoadError::Interrupted => ExitCode::Interrupted,
        }
    }
}

/// What helps against a file that can't be written, and what becomes of what was measured.
fn output_hint(kind: ErrorKind, flag: &str, record: Option<&Path>) -> String {
    let room = match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("free space there"),
        ErrorKind::FileTooLarge => Some("raise the limit on the size of files (ulimit -f)"),
        _ => None,
    };
    let renders =
        record.map(|it| format!("`pgsurge report {}` renders what is on record", it.display()));
    match (room, renders) {
        (Some(room), Some(renders)) => format!("{room}, then {renders}"),
        (Some(room), None) => format!("{room}, or name another place with {flag}"),
        (None, Some(renders)) => format!("{renders}; {flag} names another place"),
        (None, None) => format!("name another place with {flag}"),
    }
}

fn unreachable_hint(class: ErrorClass) -> Option<String> {
    let text = match class {
        ErrorClass::ConnectRefused => "is the server running and listening there? see pg_isready",
        ErrorClass::ConnectTimedOut => "is a firewall in between, or the server overloaded?",
        ErrorClass::TooManyConnections => "use fewer --connections, or raise max_connections",
        ErrorClass::Authentication => "set PGPASSWORD, or add the host to ~/.pgpass",
        _ => return None,
    };
    Some(text.to_owned())
}

impl From<engine::Error> for LoadError {
    fn from(error: engine::Error) -> LoadError {
        match error {
            engine::Error::Unreachable(failure) => LoadError::Unreachable(failure),
            engine::Error::Stopped => LoadError::Interrupted,
            other => LoadError::Engine(other),
        }
    }
}
