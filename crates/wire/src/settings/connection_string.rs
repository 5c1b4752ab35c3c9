//! Tells the two kinds of connection string apart; each has its own file.

use super::{key_value, url};

/// What is wrong with a connection string; never quotes what might be a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) message: String,
    pub(super) expected: Option<&'static str>,
}

impl Malformed {
    pub(super) fn new(message: impl Into<String>) -> Malformed {
        Malformed { message: message.into(), expected: None }
    }

    pub(super) fn expected(mut self, what: &'static str) -> Malformed {
        self.expected = Some(what);
        self
    }
}

/// The parameters of a connection string, in its order, names unchecked. A later one of the same
/// name replaces an earlier one.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, Malformed> {
    match url::without_scheme(text) {
        Some(rest) => url::parse(rest),
        None if text.contains("://") && !text.contains('=') => {
            Err(Malformed::new("the URL's scheme is not PostgreSQL's")
                .expected("postgresql://user@host:port/database"))
        }
        None => key_value::parse(text),
    }
}
