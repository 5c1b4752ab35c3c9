//! The names of what a workload does: its actions and its statements.
//!
//! The load path knows operations by number only; this is where the numbers get their names. A
//! number is an index into the lists below and means nothing outside one run.

use serde::{Deserialize, Serialize};

/// What a statement is, as a result groups it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// Reads rows.
    Select,
    /// Adds rows (an upsert too).
    Insert,
    /// Changes rows.
    Update,
    /// Removes rows.
    Delete,
    /// BEGIN, COMMIT, ROLLBACK: takes no slot of a schedule and no part in the read share.
    Transaction,
    /// Bulk transfer.
    Copy,
    /// Anything else.
    Other,
}

/// One SQL command with a stable name; one text per name and one name per text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementSpec {
    /// The stable name (`game_load`).
    pub name: String,
    /// The exact text that the server sees.
    pub sql: String,
    /// How a result groups it.
    pub kind: Kind,
}

/// What a statement does to an explicit transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Begins one.
    Begin,
    /// Ends it, whichever way.
    End,
}

impl StatementSpec {
    /// What it does to an explicit transaction; none for any other statement.
    pub fn bound(&self) -> Option<Bound> {
        let word = self.sql.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        match (self.kind, word.as_str()) {
            (Kind::Transaction, "BEGIN" | "START") => Some(Bound::Begin),
            (Kind::Transaction, "COMMIT" | "END" | "ROLLBACK" | "ABORT") => Some(Bound::End),
            _ => None,
        }
    }
}

/// All operations of a run, in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Names of actions; a `Wish` names one by its index.
    pub actions: Vec<String>,
    /// Statements; an answer names one by its index.
    pub statements: Vec<StatementSpec>,
}
