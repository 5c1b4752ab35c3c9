//! Rows to keep.

use std::sync::Arc;

use crate::error::Error;
use crate::row::{Columns, Row};
use crate::value::{Decode, DecodeError, Oid};

/// A column of an [`OwnedRow`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_oid: Oid,
    /// Whether its values are in binary.
    pub binary: bool,
}

pub(super) fn own_columns(columns: Columns<'_>) -> Arc<[OwnedColumn]> {
    let own = columns.iter().map(|column| OwnedColumn {
        name: column.name.into_owned(),
        type_oid: column.type_oid,
        binary: column.binary,
    });
    own.collect()
}

/// A row that outlives its message. It knows whether its values are text or binary.
#[derive(Debug, Clone)]
pub struct OwnedRow {
    columns: Arc<[OwnedColumn]>,
    values: Box<[Option<Box<[u8]>>]>,
}

impl OwnedRow {
    pub(super) fn new(columns: Arc<[OwnedColumn]>, row: Row<'_>) -> OwnedRow {
        OwnedRow { columns, values: row.iter().map(|value| value.map(Box::from)).collect() }
    }

    /// Its columns.
    pub fn columns(&self) -> &[OwnedColumn] {
        &self.columns
    }

    /// One column's bytes; `None` is NULL, or no such column.
    pub fn bytes(&self, index: usize) -> Option<&[u8]> {
        self.values.get(index)?.as_deref()
    }

    /// One column as a value. NULL is an error unless `T` is an `Option`.
    pub fn value<'a, T: Decode<'a>>(&'a self, index: usize) -> Result<T, DecodeError> {
        let columns = self.values.len();
        let value = self.values.get(index).ok_or(DecodeError::NoSuchColumn { index, columns })?;
        let binary = self.columns.get(index).is_some_and(|column| column.binary);
        match binary {
            true => T::from_nullable_binary(value.as_deref()),
            false => T::from_nullable_text(value.as_deref()),
        }
        .map_err(|cause| cause.at(index))
    }

    /// The column of that name as a value.
    pub fn named<'a, T: Decode<'a>>(&'a self, name: &str) -> Result<T, DecodeError> {
        match self.columns.iter().position(|column| column.name == name) {
            Some(index) => self.value(index),
            None => Err(DecodeError::NoSuchName { name: name.to_owned() }),
        }
    }
}

/// What one statement of a simple query answered.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Its rows, as text.
    pub rows: Vec<OwnedRow>,
    /// The command with its counts (`INSERT 0 5`); empty for an empty statement.
    pub tag: String,
    /// Rows returned or changed.
    pub affected: u64,
}

/// The only row of an answer.
pub(super) fn only(mut rows: Vec<OwnedRow>) -> Result<OwnedRow, Error> {
    match (rows.pop(), rows.len()) {
        (Some(row), 0) => Ok(row),
        (last, before) => Err(Error::NotOneRow { rows: before + usize::from(last.is_some()) }),
    }
}
