//! What can go wrong with a connection, in words a user can act on.
//!
//! `Display` tells the whole chain in one line, so `source()` is empty on purpose: a caller that
//! prints both would say everything twice. [`Error::hint`] says what to do.

use std::borrow::Cow;
use std::io;

use crate::frame::FrameError;
use crate::server_error::OwnedServerError;
use crate::tls::TlsError;
use crate::value::DecodeError;

/// A connection's failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Connecting failed; `cause` says how far it came.
    #[error("cannot connect to {address} as \"{user}\": {cause}")]
    Connect {
        /// Host and port, or the socket's folder.
        address: String,
        /// The role.
        user: String,
        /// What went wrong.
        cause: Box<Error>,
    },
    /// The operating system refused something.
    #[error("{doing}: {}", io_words(.cause))]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The system's answer.
        cause: io::Error,
    },
    /// The server answered with an error.
    #[error("{0}")]
    Server(Box<OwnedServerError>),
    /// Bytes that are not PostgreSQL's protocol, or not at this moment.
    #[error("the server broke the protocol: {0}")]
    Protocol(Cow<'static, str>),
    /// A message longer than allowed.
    #[error("the server announced a message of {bytes} bytes, more than the limit of {max_bytes}")]
    FrameTooLong {
        /// Announced, header included.
        bytes: usize,
        /// Allowed at this moment.
        max_bytes: usize,
    },
    /// No encryption, or not the one asked for.
    #[error("{0}")]
    Tls(TlsError),
    /// The server speaks no TLS, and `sslmode` insists.
    #[error("the server does not support TLS, but sslmode={mode} requires it")]
    TlsRefused {
        /// The mode's name.
        mode: &'static str,
    },
    /// Logging in is impossible with what we have.
    #[error("{message}")]
    Authentication {
        /// What is missing or wrong.
        message: Cow<'static, str>,
        /// What to do about it.
        hint: Option<&'static str>,
    },
    /// The deadline passed.
    #[error("timed out while {during}")]
    Timeout {
        /// What was being waited for.
        during: &'static str,
    },
    /// Another thread ended the call.
    #[error("stopped while {during}")]
    Stopped {
        /// What was being waited for.
        during: &'static str,
    },
    /// The server closed the connection.
    #[error("the server closed the connection while {during}")]
    Closed {
        /// Where in the conversation.
        during: &'static str,
    },
    /// The connection was given up before.
    #[error("the connection is of no use any more: {since}")]
    Unusable {
        /// What happened to it.
        since: &'static str,
    },
    /// A statement returned another number of rows than the caller can use.
    #[error("a statement returned {rows} rows instead of one")]
    NotOneRow {
        /// How many.
        rows: usize,
    },
    /// A request that can't be put into a message.
    #[error("{0}")]
    Frame(#[from] FrameError),
    /// A value that is not what it was read as.
    #[error("{0}")]
    Decode(#[from] DecodeError),
    /// The caller's mistake: a call that makes no sense now.
    #[error("{0}")]
    Misuse(&'static str),
}

impl Error {
    pub(crate) fn protocol(text: impl Into<Cow<'static, str>>) -> Error {
        Error::Protocol(text.into())
    }

    /// The innermost error, without the frame that says which connection it was.
    pub fn root(&self) -> &Error {
        match self {
            Error::Connect { cause, .. } => cause.root(),
            other => other,
        }
    }

    /// The server's error, if it is one.
    pub fn server(&self) -> Option<&OwnedServerError> {
        match self.root() {
            Error::Server(error) => Some(error),
            _ => None,
        }
    }

    /// The SQLSTATE, where the server gave one.
    pub fn code(&self) -> Option<&str> {
        self.server().map(|error| error.code.as_str()).filter(|code| !code.is_empty())
    }

    /// Whether the deadline passed.
    pub fn is_timeout(&self) -> bool {
        matches!(self.root(), Error::Timeout { .. })
    }

    /// What to do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self.root() {
            Error::Server(error) => error.advice(),
            Error::Authentication { hint, .. } => hint.map(str::to_owned),
            Error::Tls(error) => error.hint().map(|hint| hint.to_string()),
            Error::TlsRefused { .. } => {
                Some("turn ssl on in the server, or set sslmode=prefer".to_owned())
            }
            Error::Io { cause, .. } => io_hint(cause.kind()).map(str::to_owned),
            Error::Timeout { .. } => {
                Some("is the server overloaded, stopped, or behind a firewall?".to_owned())
            }
            Error::FrameTooLong { .. } | Error::Protocol(_) => {
                Some("is it a PostgreSQL server that listens there?".to_owned())
            }
            _ => None,
        }
    }
}

/// The kind where the standard library has a name for it, which needs no number behind it.
fn io_words(cause: &io::Error) -> String {
    let kind = cause.kind().to_string();
    // An error of ours, or one that the standard library knows by its number only.
    let has_no_name = cause.raw_os_error().is_none() || kind.starts_with("uncategorized");
    if has_no_name { cause.to_string() } else { kind }
}

fn io_hint(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::ConnectionRefused => {
            Some("is the server running there, and does it listen on that address?")
        }
        io::ErrorKind::NotFound => Some("is the server running, and is its socket in that folder?"),
        io::ErrorKind::PermissionDenied => Some("may this user open the server's socket?"),
        _ => None,
    }
}
