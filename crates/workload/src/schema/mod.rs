//! Tables: what a workload needs of them, whether a user's table can give it, and creating and
//! dropping our own.
//!
//! A user's table is only looked at. A table fits if every column that we write takes our value
//! by assignment, and every other is nullable or has a default. What we create carries a [`Mark`]
//! that says which runs need it: a [`Claim`] makes and shares, [`release`] drops what is left.

mod claim;
mod fault;
mod inspect;
mod mark;
mod owned;
mod prepare;
mod release;
mod triggers;

pub use claim::{Claim, statements};
pub use fault::{Fault, Problem};
pub use inspect::{Found, inspect};
pub use mark::Mark;
pub use owned::{Owned, Seen};
pub use prepare::prepare;
pub use release::{How, Release, release, release_schema};
pub use triggers::{Trigger, triggers};

/// What a workload needs of one table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name, without a schema.
    pub name: &'static str,
    /// Every column that is named in a statement.
    pub columns: &'static [Column],
    /// Columns that must be unique together, where a statement relies on it (`ON CONFLICT`).
    pub unique: Option<&'static [&'static str]>,
    /// What is done to it.
    pub privileges: &'static [Privilege],
}

/// A table to be made.
#[derive(Clone, Debug)]
pub struct NewTable {
    /// Its name as SQL writes it, schema included.
    pub name: String,
    /// `CREATE TABLE …`, without `IF NOT EXISTS`: whoever comes first owns it.
    pub sql: String,
}

/// A column that statements name.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// The type of the values that we write, as SQL names it (`int4`, `jsonb`).
    pub value: &'static str,
    /// How long our texts get, in characters; none for types without a length.
    pub max_chars: Option<u32>,
    /// False for a column that is only read: it need not take a value.
    pub written: bool,
}

impl Column {
    /// A column that we write.
    pub const fn written(name: &'static str, value: &'static str) -> Column {
        Column { name, value, max_chars: None, written: true }
    }

    /// A column that we write texts of up to so many characters to.
    pub const fn text(name: &'static str, max_chars: u32) -> Column {
        Column { name, value: "text", max_chars: Some(max_chars), written: true }
    }

    /// A column that we only read or compare.
    pub const fn read(name: &'static str, value: &'static str) -> Column {
        Column { name, value, max_chars: None, written: false }
    }
}

/// What a statement needs to be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// Reading.
    Select,
    /// Adding.
    Insert,
    /// Changing.
    Update,
    /// Removing.
    Delete,
}

impl Privilege {
    /// As SQL names it.
    pub fn name(self) -> &'static str {
        match self {
            Privilege::Select => "SELECT",
            Privilege::Insert => "INSERT",
            Privilege::Update => "UPDATE",
            Privilege::Delete => "DELETE",
        }
    }
}
