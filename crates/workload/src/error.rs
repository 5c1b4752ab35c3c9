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
    /// What is on the server is not what the settings say of it.
    #[error("{text}")]
    Contradicted {
        /// In what way.
        text: String,
        /// What to do about it.
        hint: String,
    },
    /// Another run has what this one needs.
    #[error("{text}")]
    Occupied {
        /// Which run, and what.
        text: String,
        /// What to do about it.
        hint: String,
    },
    /// The server's name leads nowhere.
    #[error("cannot look up the host \"{name}\": {cause}")]
    Lookup {
        /// The name.
        name: String,
        /// The resolver's words.
        cause: String,
    },
    /// More commits were never answered than anybody can remember.
    #[error(
        "{games} more games than can be followed were left with a commit that was never answered"
    )]
    NotFollowed {
        /// Those that were not followed.
        games: u64,
    },
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
            Error::Settings(_) => {
                Some("`pgsurge load --help` and docs/settings.md say what fits".to_owned())
            }
            Error::Contradicted { hint, .. } | Error::Occupied { hint, .. } => Some(hint.clone()),
            Error::Lookup { .. } => Some("is the name right? see getent hosts NAME".to_owned()),
            Error::Unexpected { .. } => None,
            Error::NotFollowed { .. } => Some(
                "connect without a pooler: then a read-back settles what became of a commit"
                    .to_owned(),
            ),
        }
    }

    /// Whether other settings mend it: neither the server nor the way to it is at fault.
    pub fn is_of_usage(&self) -> bool {
        matches!(self, Error::Settings(_) | Error::Contradicted { .. })
    }

    /// What is on the server contradicts the settings, and what to do about it.
    pub(crate) fn contradicted(text: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::Contradicted { text: text.into(), hint: hint.into() }
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
