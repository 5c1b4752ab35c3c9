//! A connection pooler between us and the server: whether there is one, what it does, and what
//! that changes for a run.
//!
//! Nothing here asks what the pooler is called: what counts is how it behaves. Only where it turns
//! out to be a PgBouncer that lets us see its console, its own numbers are read.

mod console;
mod probe;
mod settle;
mod timeout;

pub use console::{Console, console_of};
pub use settle::{Refusal, protocol, room};
pub use timeout::{hands_on_timeout, statement_timeout};

use std::sync::Arc;
use wire::blocking::Client;
use wire::settings::Settings;
use wire::tls::Tls;

/// For how long a connection keeps its connection to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As long as it lives.
    Session,
    /// Until its transaction ends.
    Transaction,
    /// Until its statement ends: there are no transactions.
    Statement,
}

impl Mode {
    /// The word for it, as PgBouncer's `pool_mode` has it.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Session => "session",
            Mode::Transaction => "transaction",
            Mode::Statement => "statement",
        }
    }
}

/// A pooler, as it was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pooler {
    /// True when it gave itself away as a PgBouncer.
    pub is_pgbouncer: bool,
    /// How it pools; none where that could not be told.
    pub mode: Option<Mode>,
    /// Whether a named prepared statement is there in every transaction; none where that could not
    /// be told.
    pub keeps_prepared: Option<bool>,
    /// What its console says, where it lets us see it.
    pub console: Option<Console>,
}

impl Pooler {
    /// The pooler that `client` goes through; none where it talks to the server itself.
    pub fn detect(
        client: &mut Client,
        settings: &Settings,
        tls: Option<&Arc<Tls>>,
    ) -> Option<Pooler> {
        let told = client.process_id();
        // A pooler can only make that number up, for it has many servers' or none at login.
        if told.is_none_or(|told| probe::process(client).is_ok_and(|real| real == told)) {
            return None;
        }
        let (is_pgbouncer, console) = console::look(settings, tls);
        let mut pooler = Pooler { is_pgbouncer, console, ..Pooler::default() };
        // Two connections: what one of them finds of the other's tells how they share.
        let Ok(mut other) = probe::connect(settings, tls) else { return Some(pooler) };
        pooler.mode = probe::mode(client, &mut other);
        pooler.keeps_prepared = match pooler.mode {
            Some(Mode::Session) => Some(true),
            _ => probe::keeps_prepared(client, &mut other),
        };
        if pooler.mode == Some(Mode::Transaction) && !probe::takes_transactions(other) {
            pooler.mode = Some(Mode::Statement);
        }
        Some(pooler)
    }

    /// In words: `PgBouncer 1.18.0, transaction pooling`.
    pub fn name(&self) -> String {
        let version = self.console.as_ref().map(|it| format!(" {}", it.version));
        let kind = if self.is_pgbouncer { "PgBouncer" } else { "a connection pooler" };
        let mode = self.mode.map(|it| format!(", {} pooling", it.name()));
        format!("{kind}{}{}", version.unwrap_or_default(), mode.unwrap_or_default())
    }
}
