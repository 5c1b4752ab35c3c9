//! Rows and their columns, read in place.
//!
//! Both are checked once when they arrive, so that reading them afterwards can't fail on lengths:
//! only on values that are not of the wanted type.

use std::borrow::Cow;

use crate::error::Error;
use crate::value::{Decode, DecodeError, Oid};

/// One row: per column its bytes, or NULL.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    len: u16,
    values: &'a [u8],
}

impl<'a> Row<'a> {
    /// Reads the body of a DataRow message.
    #[inline]
    pub(crate) fn parse(body: &'a [u8]) -> Result<Row<'a>, Error> {
        let [high, low, values @ ..] = body else { return Err(malformed()) };
        let row = Row { len: u16::from_be_bytes([*high, *low]), values };
        let mut rest = values;
        for _ in 0..row.len {
            rest = split_value(rest).ok_or_else(malformed)?.1;
        }
        if rest.is_empty() { Ok(row) } else { Err(malformed()) }
    }

    /// How many columns.
    #[inline]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether there are no columns.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Every column's bytes, in order; `None` is NULL.
    #[inline]
    pub fn iter(&self) -> Values<'a> {
        Values { rest: self.values }
    }

    /// One column's bytes; `None` is NULL, or no such column.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.iter().nth(index).flatten()
    }

    /// One column of a binary result as a value. NULL is an error unless `T` is an `Option`.
    #[inline]
    pub fn value<T: Decode<'a>>(&self, index: usize) -> Result<T, DecodeError> {
        T::from_nullable_binary(self.checked(index)?).map_err(|error| error.at(index))
    }

    /// One column of a text result as a value. NULL is an error unless `T` is an `Option`.
    pub fn text_value<T: Decode<'a>>(&self, index: usize) -> Result<T, DecodeError> {
        T::from_nullable_text(self.checked(index)?).map_err(|error| error.at(index))
    }

    fn checked(&self, index: usize) -> Result<Option<&'a [u8]>, DecodeError> {
        self.iter().nth(index).ok_or(DecodeError::NoSuchColumn { index, columns: self.len() })
    }
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The columns of one row.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Values<'a> {
    type Item = Option<&'a [u8]>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (value, rest) = split_value(self.rest)?;
        self.rest = rest;
        Some(value)
    }
}

/// The first value and what follows it; nothing when the bytes are short or a length is senseless.
#[inline]
pub(crate) fn split_value(bytes: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    match i32::from_be_bytes(*length) {
        -1 => Some((None, rest)),
        length => {
            let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Some((Some(value), rest))
        }
    }
}

fn malformed() -> Error {
    Error::protocol("a row whose columns don't fill it")
}

/// The columns of a result.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    len: u16,
    fields: &'a [u8],
}

/// One column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// The table it comes from, or 0.
    pub table: Oid,
    /// Its type.
    pub type_oid: Oid,
    /// Whether its values arrive in binary.
    pub binary: bool,
}

impl<'a> Columns<'a> {
    /// Reads the body of a RowDescription message.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Columns<'a>, Error> {
        let short = || Error::protocol("a row description that ends early");
        let [high, low, fields @ ..] = body else { return Err(short()) };
        let columns = Columns { len: u16::from_be_bytes([*high, *low]), fields };
        let mut rest = fields;
        for _ in 0..columns.len {
            rest = split_column(rest).ok_or_else(short)?.1;
        }
        if rest.is_empty() { Ok(columns) } else { Err(short()) }
    }

    /// How many.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Each column, in order.
    pub fn iter(&self) -> impl Iterator<Item = Column<'a>> + 'a {
        let mut rest = self.fields;
        std::iter::from_fn(move || {
            let (column, tail) = split_column(rest)?;
            rest = tail;
            Some(column)
        })
    }
}

fn split_column(bytes: &[u8]) -> Option<(Column<'_>, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let (name, rest) = (&bytes[..end], &bytes[end + 1..]);
    // table oid, column number, type oid, type size, type modifier, format
    let (fixed, rest) = rest.split_first_chunk::<18>()?;
    let oid_at =
        |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
    let column = Column {
        name: String::from_utf8_lossy(name),
        table: oid_at(0),
        type_oid: oid_at(6),
        binary: fixed[17] == 1,
    };
    Some((column, rest))
}
