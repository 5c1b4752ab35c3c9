//! Values of results, read from their bytes without copying them.
//!
//! Results come in binary (what [`crate::frame::Bind`] asks for) or as text (what the simple
//! protocol sends): a type that implements [`Decode`] reads both. Writing parameters is the
//! other direction, and lives in [`crate::frame`].

mod array;
pub mod oid;
mod scalar;

pub use array::{Array, ArrayElements};
pub use oid::Oid;
pub use scalar::{Jsonb, TimestampUs};

/// A value that is not what it was read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes don't make a value of this type.
    #[error("cannot read {bytes} bytes as {expected}")]
    Malformed {
        /// What was expected.
        expected: &'static str,
        /// How long the value is.
        bytes: usize,
    },
    /// NULL where a value was expected.
    #[error("unexpected NULL")]
    Null,
    /// The row has fewer columns.
    #[error("no column {index} in a row of {columns}")]
    NoSuchColumn {
        /// The column asked for, from 0.
        index: usize,
        /// The columns there are.
        columns: usize,
    },
    /// The result has no column of this name.
    #[error("no column \"{name}\"")]
    NoSuchName {
        /// The name asked for.
        name: String,
    },
    /// One of the above, in this column.
    #[error("column {index}: {cause}")]
    Column {
        /// The column, from 0.
        index: usize,
        /// What is wrong with it.
        cause: Box<DecodeError>,
    },
}

impl DecodeError {
    pub(crate) fn at(self, index: usize) -> DecodeError {
        DecodeError::Column { index, cause: Box::new(self) }
    }
}

/// A type that a result's column can be read as.
pub trait Decode<'a>: Sized {
    /// Reads the binary format.
    fn from_binary(bytes: &'a [u8]) -> Result<Self, DecodeError>;

    /// Reads the text format.
    fn from_text(bytes: &'a [u8]) -> Result<Self, DecodeError>;

    /// Reads the binary format or NULL.
    #[inline]
    fn from_nullable_binary(bytes: Option<&'a [u8]>) -> Result<Self, DecodeError> {
        Self::from_binary(bytes.ok_or(DecodeError::Null)?)
    }

    /// Reads the text format or NULL.
    #[inline]
    fn from_nullable_text(bytes: Option<&'a [u8]>) -> Result<Self, DecodeError> {
        Self::from_text(bytes.ok_or(DecodeError::Null)?)
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Option<T> {
    #[inline]
    fn from_binary(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        T::from_binary(bytes).map(Some)
    }

    fn from_text(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        T::from_text(bytes).map(Some)
    }

    #[inline]
    fn from_nullable_binary(bytes: Option<&'a [u8]>) -> Result<Self, DecodeError> {
        bytes.map(T::from_binary).transpose()
    }

    fn from_nullable_text(bytes: Option<&'a [u8]>) -> Result<Self, DecodeError> {
        bytes.map(T::from_text).transpose()
    }
}

pub(crate) fn malformed(expected: &'static str, bytes: &[u8]) -> DecodeError {
    DecodeError::Malformed { expected, bytes: bytes.len() }
}

#[cfg(test)]
mod tests;
