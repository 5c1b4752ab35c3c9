//! Why a load test came to nothing, in words a user can act on.

use crate::exit_code::ExitCode;
use crate::pooler::Refusal;
use model::failure::{ErrorClass, Failure};
use std::io;
use std::path::PathBuf;

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
    #[error("reading the server's settings: {0}")]
    Server(wire::Error),
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
    #[error("cannot write {}: {cause}", path.display())]
    Output {
        /// Which.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
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

    /// Writing a file failed.
    pub fn output(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> LoadError {
        move |cause| LoadError::Output { path: path.into(), cause }
    }

    /// The SQLSTATE, where a server gave one that the text does not hold.
    pub fn code(&self) -> Option<&str> {
        match self {
            LoadError::Connect(cause) | LoadError::Server(cause) => cause.code(),
            LoadError::Workload { cause, .. } => cause.code(),
            _ => None,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            LoadError::Start(cause) => cause.hint(),
            LoadError::Connect(cause) | LoadError::Server(cause) => cause.hint(),
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
            LoadError::Output { .. } => Some("name another place with --output".to_owned()),
            LoadError::Engine(_) | LoadError::Interrupted => None,
        }
    }

    /// How the program ends.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            LoadError::Start(_)
            | LoadError::Connect(_)
            | LoadError::Server(_)
            | LoadError::TooFewSlots { .. }
            | LoadError::Pooler(_)
            | LoadError::Unreachable(_)
            | LoadError::Workload { .. } => ExitCode::Unreachable,
            LoadError::Tls(_) => ExitCode::Usage,
            LoadError::Engine(_) | LoadError::Output { .. } => ExitCode::Internal,
            LoadError::Interrupted => ExitCode::Interrupted,
        }
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
