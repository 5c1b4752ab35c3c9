//! Errors and notices as the server words them.
//!
//! [`ServerError`] borrows the message and reads a field only when asked, because a load test may
//! see many thousand of them; [`OwnedServerError`] is for keeping.

use std::borrow::Cow;
use std::fmt;

use crate::error::Error;

/// Five characters that class an error.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SqlState([u8; 5]);

impl SqlState {
    /// The state of these characters; anything but five printable ASCII characters is no state.
    pub fn new(text: &[u8]) -> SqlState {
        match <[u8; 5]>::try_from(text) {
            Ok(bytes) if bytes.iter().all(u8::is_ascii_graphic) => SqlState(bytes),
            _ => SqlState::default(),
        }
    }

    /// The characters, or nothing when the server sent no state.
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in, and the default is all zeros.
        std::str::from_utf8(&self.0).unwrap_or("").trim_end_matches('\0')
    }

    /// The five bytes, to match on.
    pub fn bytes(&self) -> &[u8; 5] {
        &self.0
    }

    /// The first two characters: the class of the error.
    pub fn class(&self) -> &[u8] {
        &self.0[..2]
    }
}

impl fmt::Debug for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error or notice in the message that brought it.
#[derive(Clone, Copy)]
pub struct ServerError<'a> {
    fields: &'a [u8],
}

impl<'a> ServerError<'a> {
    /// Checks that the body is a list of fields.
    pub(crate) fn parse(body: &'a [u8]) -> Result<ServerError<'a>, Error> {
        let mut rest = body;
        loop {
            match rest {
                [0] => return Ok(ServerError { fields: body }),
                [kind, tail @ ..] if *kind != 0 => {
                    let end = tail.iter().position(|byte| *byte == 0);
                    let end = end.ok_or_else(|| malformed("a field without end"))?;
                    rest = &tail[end + 1..];
                }
                _ => return Err(malformed("no end of its fields")),
            }
        }
    }

    /// One field by its letter, as the protocol's documentation lists them.
    pub fn field(&self, kind: u8) -> Option<&'a [u8]> {
        let mut rest = self.fields;
        while let [found, tail @ ..] = rest {
            let end = tail.iter().position(|byte| *byte == 0)?;
            if *found == kind {
                return Some(&tail[..end]);
            }
            rest = &tail[end + 1..];
        }
        None
    }

    fn text(&self, kind: u8) -> Option<Cow<'a, str>> {
        self.field(kind).map(String::from_utf8_lossy)
    }

    /// `ERROR`, `FATAL`, `PANIC`, `WARNING`, `NOTICE` …, never translated.
    pub fn severity(&self) -> Cow<'a, str> {
        self.text(b'V').or_else(|| self.text(b'S')).unwrap_or_default()
    }

    /// Whether the server ends the connection with it.
    pub fn is_fatal(&self) -> bool {
        matches!(&*self.severity(), "FATAL" | "PANIC")
    }

    /// The SQLSTATE.
    pub fn code(&self) -> SqlState {
        self.field(b'C').map(SqlState::new).unwrap_or_default()
    }

    /// The one-line message.
    pub fn message(&self) -> Cow<'a, str> {
        self.text(b'M').unwrap_or_default()
    }

    /// More about it.
    pub fn detail(&self) -> Option<Cow<'a, str>> {
        self.text(b'D')
    }

    /// The server's advice.
    pub fn hint(&self) -> Option<Cow<'a, str>> {
        self.text(b'H')
    }

    /// A copy that outlives the message.
    pub fn to_owned(&self) -> OwnedServerError {
        let own = |kind| self.text(kind).map(Cow::into_owned);
        OwnedServerError {
            severity: self.severity().into_owned(),
            code: self.code(),
            message: self.message().into_owned(),
            detail: own(b'D'),
            hint: own(b'H'),
            context: own(b'W'),
            position: own(b'P').and_then(|text| text.parse().ok()),
            schema: own(b's'),
            table: own(b't'),
            column: own(b'c'),
            constraint: own(b'n'),
        }
    }
}

fn malformed(what: &'static str) -> Error {
    Error::protocol(format!("an error or notice with {what}"))
}

impl fmt::Display for ServerError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_error(f, &self.message(), self.code())
    }
}

impl fmt::Debug for ServerError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.severity())
    }
}

/// An error or notice to keep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnedServerError {
    /// `ERROR`, `FATAL`, `PANIC`, `WARNING`, `NOTICE` …
    pub severity: String,
    /// The SQLSTATE.
    pub code: SqlState,
    /// The one-line message.
    pub message: String,
    /// More about it.
    pub detail: Option<String>,
    /// The server's advice.
    pub hint: Option<String>,
    /// Where in functions, triggers or COPY lines it happened.
    pub context: Option<String>,
    /// The character of the statement, from 1.
    pub position: Option<u32>,
    /// The schema that a constraint or column belongs to.
    pub schema: Option<String>,
    /// The table.
    pub table: Option<String>,
    /// The column.
    pub column: Option<String>,
    /// The constraint.
    pub constraint: Option<String>,
}

impl OwnedServerError {
    /// Whether the server ends the connection with it.
    pub fn is_fatal(&self) -> bool {
        matches!(self.severity.as_str(), "FATAL" | "PANIC")
    }

    /// What to do: ours where the cause lies outside SQL, else the server's own hint.
    pub(crate) fn advice(&self) -> Option<String> {
        let ours = match self.code.as_str() {
            "28P01" => "set PGPASSWORD, or add the host to ~/.pgpass",
            "28000" => "is the user right, and does the server's pg_hba.conf admit it from here?",
            "3D000" => "create the database, or name another one",
            "25006" => {
                "this server takes no writes (a standby, or default_transaction_read_only is on): \
                 name the primary"
            }
            "53300" => "use fewer connections, or raise max_connections in the server",
            "57P03" => "the server is starting up or shutting down: try again in a moment",
            // PgBouncer's words: a server takes every parameter that it has.
            "08P01" if self.message.starts_with("unsupported startup parameter") => {
                "a pooler refuses it: leave it away (PGOPTIONS, the URL's options), or add it to \
                 its ignore_startup_parameters"
            }
            _ => return self.hint.clone(),
        };
        Some(self.hint.as_deref().unwrap_or(ours).to_owned())
    }
}

impl fmt::Display for OwnedServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_error(f, &self.message, self.code)
    }
}

/// Message and SQLSTATE. Control characters are shown as spaces: until TLS and login are done
/// anyone may have written the message, and it goes to a terminal.
fn write_error(f: &mut fmt::Formatter<'_>, message: &str, code: SqlState) -> fmt::Result {
    for part in message.split(char::is_control).filter(|part| !part.is_empty()).enumerate() {
        let (index, text) = part;
        write!(f, "{}{text}", if index == 0 { "" } else { " " })?;
    }
    if code.as_str().is_empty() { Ok(()) } else { write!(f, " ({code})") }
}
