//! Parameters of a statement by value, for calls that need not be fast.

use crate::frame::Bind;
use crate::value::{Oid, oid};

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)] // each is the type of its name
pub enum Param<'a> {
    Null,
    Bool(bool),
    Int2(i16),
    Int4(i32),
    Int8(i64),
    Float8(f64),
    Text(&'a str),
    Bytea(&'a [u8]),
    Jsonb(&'a str),
    /// Microseconds since 1970.
    TimestampUs(i64),
    /// Microseconds since 1970.
    TimestamptzUs(i64),
    Int4Array(&'a [i32]),
    Int8Array(&'a [i64]),
    TextArray(&'a [&'a str]),
    JsonbArray(&'a [&'a str]),
}

impl Param<'_> {
    pub(super) fn oid(&self) -> Oid {
        match self {
            Param::Null => oid::UNSPECIFIED,
            // Never unspecified: the server could take its bytes for another type's binary format.
            Param::Text(_) => oid::TEXT,
            Param::Bool(_) => oid::BOOL,
            Param::Int2(_) => oid::INT2,
            Param::Int4(_) => oid::INT4,
            Param::Int8(_) => oid::INT8,
            Param::Float8(_) => oid::FLOAT8,
            Param::Bytea(_) => oid::BYTEA,
            Param::Jsonb(_) => oid::JSONB,
            Param::TimestampUs(_) => oid::TIMESTAMP,
            Param::TimestamptzUs(_) => oid::TIMESTAMPTZ,
            Param::Int4Array(_) => oid::INT4_ARRAY,
            Param::Int8Array(_) => oid::INT8_ARRAY,
            Param::TextArray(_) => oid::TEXT_ARRAY,
            Param::JsonbArray(_) => oid::JSONB_ARRAY,
        }
    }

    pub(super) fn bind<'b>(&self, bind: Bind<'b>) -> Bind<'b> {
        match *self {
            Param::Null => bind.null(),
            Param::Bool(value) => bind.bool(value),
            Param::Int2(value) => bind.int2(value),
            Param::Int4(value) => bind.int4(value),
            Param::Int8(value) => bind.int8(value),
            Param::Float8(value) => bind.float8(value),
            Param::Text(value) => bind.text(value),
            Param::Bytea(value) => bind.bytea(value),
            Param::Jsonb(value) => bind.jsonb(value),
            Param::TimestampUs(value) | Param::TimestamptzUs(value) => bind.timestamp_us(value),
            Param::Int4Array(values) => bind.int4_array(values.iter().copied()),
            Param::Int8Array(values) => bind.int8_array(values.iter().copied()),
            Param::TextArray(values) => bind.text_array(values),
            Param::JsonbArray(values) => bind.jsonb_array(values),
        }
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Param<'a> {
        Param::Text(value)
    }
}

impl From<i32> for Param<'_> {
    fn from(value: i32) -> Self {
        Param::Int4(value)
    }
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Param::Int8(value)
    }
}

impl From<f64> for Param<'_> {
    fn from(value: f64) -> Self {
        Param::Float8(value)
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Param::Bool(value)
    }
}
