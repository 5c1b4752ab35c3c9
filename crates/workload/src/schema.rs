//! Tables: what a workload writes, whether a user's table takes it, and creating what is missing.

use std::fmt;

/// A column of a table that can't take what we write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The table, as it is named in SQL.
    pub table: String,
    /// What is wrong with which column.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {} does not fit: {}", self.table, self.text)
    }
}
