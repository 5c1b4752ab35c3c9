//! Why something did not work: a class, the server's code, one message.
//!
//! Errors are counted by class and SQLSTATE, never kept one by one: a run that fails a million
//! times takes as much memory as one that fails once.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What kind of failure it was, as a reader tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Nobody listens there.
    ConnectRefused,
    /// No answer to a connect in time.
    ConnectTimedOut,
    /// 53300: the server's slots are taken.
    TooManyConnections,
    /// 28xxx, or an authentication that we can't do.
    Authentication,
    /// A connection that worked went away.
    ConnectionLost,
    /// 57P01, 57P02, 57P03: shutting down, crashed, starting up.
    ServerShuttingDown,
    /// 40001.
    Serialization,
    /// 40P01.
    Deadlock,
    /// 55P03.
    LockTimeout,
    /// 57014.
    StatementTimeout,
    /// 25006: a standby, or a database that is set to read only.
    ReadOnly,
    /// 23xxx.
    Constraint,
    /// The answer did not follow the protocol, or TLS failed.
    Protocol,
    /// The answer was not what the workload's rules allow.
    Unexpected,
    /// Any other.
    Other,
}

impl ErrorClass {
    /// The class of a server's SQLSTATE.
    pub fn of_sqlstate(code: &[u8; 5]) -> ErrorClass {
        match code {
            b"53300" => ErrorClass::TooManyConnections,
            b"57P01" | b"57P02" | b"57P03" => ErrorClass::ServerShuttingDown,
            b"40001" => ErrorClass::Serialization,
            b"40P01" => ErrorClass::Deadlock,
            b"55P03" => ErrorClass::LockTimeout,
            b"57014" => ErrorClass::StatementTimeout,
            b"25006" => ErrorClass::ReadOnly,
            [b'2', b'8', ..] => ErrorClass::Authentication,
            [b'2', b'3', ..] => ErrorClass::Constraint,
            _ => ErrorClass::Other,
        }
    }

    /// True when the same transaction, tried again, may well succeed (40001, 40P01).
    pub fn is_retryable(self) -> bool {
        matches!(self, ErrorClass::Serialization | ErrorClass::Deadlock)
    }

    /// The name in results, messages and thresholds.
    pub fn name(self) -> &'static str {
        match self {
            ErrorClass::ConnectRefused => "connect_refused",
            ErrorClass::ConnectTimedOut => "connect_timed_out",
            ErrorClass::TooManyConnections => "too_many_connections",
            ErrorClass::Authentication => "authentication",
            ErrorClass::ConnectionLost => "connection_lost",
            ErrorClass::ServerShuttingDown => "server_shutting_down",
            ErrorClass::Serialization => "serialization",
            ErrorClass::Deadlock => "deadlock",
            ErrorClass::LockTimeout => "lock_timeout",
            ErrorClass::StatementTimeout => "statement_timeout",
            ErrorClass::ReadOnly => "read_only",
            ErrorClass::Constraint => "constraint",
            ErrorClass::Protocol => "protocol",
            ErrorClass::Unexpected => "unexpected",
            ErrorClass::Other => "other",
        }
    }
}

/// One failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind it was.
    pub class: ErrorClass,
    /// The server's SQLSTATE, where a server spoke.
    pub sqlstate: Option<[u8; 5]>,
    /// The server's or the system's words; no secret in it.
    pub message: String,
}

impl Failure {
    /// A failure that no server named.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Failure {
        Failure { class, sqlstate: None, message: message.into() }
    }

    /// What a server said; the class follows from the code.
    pub fn server(code: [u8; 5], message: impl Into<String>) -> Failure {
        let class = ErrorClass::of_sqlstate(&code);
        Failure { class, sqlstate: Some(code), message: message.into() }
    }

    /// The SQLSTATE as text.
    pub fn sqlstate_text(&self) -> Option<&str> {
        self.sqlstate.as_ref().and_then(|code| std::str::from_utf8(code).ok())
    }
}

/// Failures by class and SQLSTATE, each with the first message seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureTally {
    seen: BTreeMap<Key, (u64, String)>,
}

/// Class and SQLSTATE.
type Key = (ErrorClass, Option<[u8; 5]>);

/// More codes than PostgreSQL has: a server that invents codes can't grow our memory.
const MAX_KEYS: usize = 300;

/// Characters of a sample message.
const MAX_SAMPLE: usize = 400;

impl FailureTally {
    /// Counts one failure; keeps the message if it is the first of its kind.
    pub fn count(&mut self, failure: &Failure) {
        self.add(failure.class, failure.sqlstate, 1, &failure.message);
    }

    /// Counts `count` failures of a kind; a sample is kept where there was none.
    pub fn count_many(&mut self, failure: &Failure, count: u64) {
        self.add(failure.class, failure.sqlstate, count, &failure.message);
        let seen = self.seen.get_mut(&(failure.class, failure.sqlstate));
        if let Some((_, sample)) = seen.filter(|(_, sample)| sample.is_empty()) {
            *sample = failure.message.chars().take(MAX_SAMPLE).collect();
        }
    }

    /// Adds all that `other` counted.
    pub fn merge(&mut self, other: &FailureTally) {
        for (&(class, sqlstate), (count, sample)) in &other.seen {
            self.add(class, sqlstate, *count, sample);
        }
    }

    /// Class, SQLSTATE, count and sample message, ordered by class.
    pub fn iter(&self) -> impl Iterator<Item = (ErrorClass, Option<&str>, u64, &str)> {
        self.seen.iter().map(|((class, code), (count, sample))| {
            let code = code.as_ref().and_then(|code| std::str::from_utf8(code).ok());
            (*class, code, *count, sample.as_str())
        })
    }

    /// How many failures of `class` were counted.
    pub fn count_of(&self, class: ErrorClass) -> u64 {
        self.iter().filter(|row| row.0 == class).map(|row| row.2).sum()
    }

    /// The message of a class and SQLSTATE, where one is kept.
    pub fn sample_of(&self, class: ErrorClass, sqlstate: Option<[u8; 5]>) -> Option<&str> {
        self.seen.get(&(class, sqlstate)).map(|(_, sample)| sample.as_str())
    }

    /// Whether failures of a class and SQLSTATE were counted.
    pub fn has(&self, class: ErrorClass, sqlstate: Option<&str>) -> bool {
        self.iter().any(|row| (row.0, row.1) == (class, sqlstate))
    }

    /// How many failures were counted.
    pub fn total(&self) -> u64 {
        self.seen.values().map(|(count, _)| count).sum()
    }

    fn add(&mut self, class: ErrorClass, code: Option<[u8; 5]>, count: u64, sample: &str) {
        let full = self.seen.len() >= MAX_KEYS && !self.seen.contains_key(&(class, code));
        let key = if full { (ErrorClass::Other, None) } else { (class, code) };
        let entry =
            self.seen.entry(key).or_insert_with(|| (0, sample.chars().take(MAX_SAMPLE).collect()));
        entry.0 += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_failures_of_one_kind_are_one_row_with_the_first_message() {
        let mut tally = FailureTally::default();
        (0..1_000_000)
            .for_each(|i| tally.add(ErrorClass::Other, Some(*b"XX000"), 1, &i.to_string()));
        assert_eq!(
            tally.iter().collect::<Vec<_>>(),
            [(ErrorClass::Other, Some("XX000"), 1_000_000, "0")]
        );
    }

    #[test]
    fn invented_codes_do_not_grow_the_tally() {
        let mut tally = FailureTally::default();
        for i in 0..10_000_u32 {
            let code: [u8; 5] = format!("{i:05}").into_bytes().try_into().unwrap();
            tally.count(&Failure {
                class: ErrorClass::Other,
                sqlstate: Some(code),
                message: String::new(),
            });
        }
        assert_eq!(tally.total(), 10_000);
        assert!(tally.iter().count() <= MAX_KEYS + 1);
    }

    #[test]
    fn only_serialization_failures_and_deadlocks_are_tried_again() {
        assert!(ErrorClass::of_sqlstate(b"40001").is_retryable());
        assert!(ErrorClass::of_sqlstate(b"40P01").is_retryable());
        assert!(!ErrorClass::of_sqlstate(b"57014").is_retryable());
    }
}
