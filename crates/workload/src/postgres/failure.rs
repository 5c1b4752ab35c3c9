//! Errors of the wire and of the server, as failures that a run counts.

use model::failure::{ErrorClass, Failure};
use std::io::ErrorKind;
use wire::value::DecodeError;
use wire::{Error, OwnedServerError, ServerError};

/// What a statement's error means.
pub(super) fn of_statement(error: &ServerError<'_>) -> Failure {
    of_server(&error.to_owned())
}

/// What it means that a connection can't be used, or not any more.
pub(super) fn of_connection(error: &Error) -> Failure {
    let class = match error.root() {
        Error::Server(error) => return of_server(error),
        Error::Io { cause, .. } => of_io(cause.kind()),
        Error::Timeout { .. } => ErrorClass::ConnectTimedOut,
        Error::Closed { .. } => ErrorClass::ConnectionLost,
        Error::Authentication { .. } => ErrorClass::Authentication,
        Error::Frame(_) | Error::Misuse(_) => ErrorClass::Unexpected,
        _ => ErrorClass::Protocol,
    };
    Failure::new(class, error.to_string())
}

/// What an answer that can't be read means: the workload and the tables don't agree.
pub fn of_value(statement: &str, error: &DecodeError) -> Failure {
    Failure::new(ErrorClass::Unexpected, format!("cannot read the answer to {statement}: {error}"))
}

fn of_io(kind: ErrorKind) -> ErrorClass {
    match kind {
        ErrorKind::ConnectionRefused => ErrorClass::ConnectRefused,
        ErrorKind::TimedOut => ErrorClass::ConnectTimedOut,
        _ => ErrorClass::ConnectionLost,
    }
}

fn of_server(error: &OwnedServerError) -> Failure {
    // Anyone may have written the message before the login is done, and it goes to a terminal.
    let message = error.message.replace(char::is_control, " ");
    if error.code.as_str().is_empty() {
        return Failure::new(ErrorClass::Other, message);
    }
    let class = of_pooler(error).unwrap_or_else(|| ErrorClass::of_sqlstate(error.code.bytes()));
    Failure { class, ..Failure::server(*error.code.bytes(), message) }
}

/// PgBouncer has one SQLSTATE for all that it says itself (08P01): only its words tell what it is.
fn of_pooler(error: &OwnedServerError) -> Option<ErrorClass> {
    if error.code.as_str() != "08P01" {
        return None;
    }
    let says = |words: &[&str]| words.iter().any(|it| error.message.starts_with(it));
    if says(&["no more connections allowed", "too many connections", "query_wait_timeout"]) {
        return Some(ErrorClass::TooManyConnections);
    }
    // The server behind it is away, or went away.
    let lost = ["server conn crashed", "server login failed", "pgbouncer cannot connect"];
    says(&lost).then_some(ErrorClass::ConnectionLost)
}
