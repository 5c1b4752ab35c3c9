//! What can go wrong in set-up, loading, verification and clean-up, in words a user can act on.

use crate::schema::Fault;
use std::fmt;

/// A workload's failure outside the load itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server could not be reached.
    #[error("{0}")]
    Connect(wire::Error),
    /// The server refused something, or went away.
    #[error("{doing}: {cause}")]
    Server {
        /// What was being done.
        doing: String,
        /// What went wrong.
        cause: wire::Error,
    },
    /// Tables of the user's can't take our rows; every fault of every table.
    #[error("{}", Faults(.0))]
    Unfit(Vec<Fault>),
    /// The workload's own settings make no sense.
    #[error("{0}")]
    Settings(String),
    /// The server's answer is not what the workload's statements can give.
    #[error("{doing}: unexpected answer: {found}")]
    Unexpected {
        /// What was being done.
        doing: String,
        /// What came instead.
        found: String,
    },
}

impl Error {
    /// Gives a wire error the words for what was being done.
    pub fn server(doing: impl Into<String>) -> impl FnOnce(wire::Error) -> Error {
        move |cause| Error::Server { doing: doing.into(), cause }
    }

    /// Gives an answer that can't be read the words for what was being done.
    pub fn unreadable(doing: impl Into<String>) -> impl FnOnce(wire::value::DecodeError) -> Error {
        move |cause| Error::Unexpected { doing: doing.into(), found: cause.to_string() }
    }

    /// What to do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Connect(cause) | Error::Server { cause, .. } => cause.hint(),
            Error::Unfit(_) => Some(
                "change these columns, or name a database without such tables; nothing was changed"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// The SQLSTATE, where the server gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Error::Connect(cause) | Error::Server { cause, .. } => cause.code(),
            _ => None,
        }
    }
}

/// All faults in one line each.
struct Faults<'a>(&'a [Fault]);

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
