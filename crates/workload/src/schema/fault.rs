//! Why a table can't be used, column by column.

use std::fmt;

/// One reason why a table does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The table, as it is named in SQL.
    pub table: String,
    /// The reason.
    pub problem: Problem,
}

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A view, a sequence …
    NotATable,
    /// The tables belong together, and others of them are there.
    Missing,
    /// It holds no row, and has to.
    Empty,
    /// A column that statements name is not there.
    NoColumn {
        /// The column.
        column: String,
    },
    /// Our value can't be assigned to it.
    Type {
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// Our value's type.
        value: String,
    },
    /// Our texts are longer than it allows.
    TooShort {
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// What we write.
        max_chars: u32,
    },
    /// The server computes it, and refuses values.
    Generated {
        /// The column.
        column: String,
    },
    /// A column that we don't write needs a value.
    Required {
        /// The column.
        column: String,
    },
    /// No unique index on exactly these columns.
    NotUnique {
        /// The columns.
        columns: String,
    },
    /// The user may not do what statements do.
    NotAllowed {
        /// The privilege.
        privilege: &'static str,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = &self.table;
        match &self.problem {
            Problem::NotATable => write!(f, "{table} is not a table"),
            Problem::Missing => {
                write!(f, "table {table} is missing, while others of its set exist")
            }
            Problem::Empty => write!(f, "table {table} is empty"),
            Problem::NoColumn { column } => write!(f, "table {table} has no column \"{column}\""),
            Problem::Type { column, found, value } => {
                write!(f, "column {table}.{column} is {found}, which does not take our {value}")
            }
            Problem::TooShort { column, found, max_chars } => {
                write!(f, "column {table}.{column} is {found}, we write {max_chars} characters")
            }
            Problem::Generated { column } => {
                write!(f, "column {table}.{column} is always generated, and we write it")
            }
            Problem::Required { column } => {
                write!(
                    f,
                    "column {table}.{column} is NOT NULL without a default, and unknown to us"
                )
            }
            Problem::NotUnique { columns } => {
                write!(f, "table {table} has no unique index on ({columns})")
            }
            Problem::NotAllowed { privilege } => {
                write!(f, "no permission to {privilege} on table {table}")
            }
        }
    }
}
