//! One call's parameters, given in order and by type.
//!
//! Each is written as Bind carries it: its length, then PostgreSQL's binary format.

use super::request::Request;
use super::statement::Type;
use wire::value::Oid;

/// Microseconds between Unix's epoch (1970) and PostgreSQL's (2000).
const EPOCH_OFFSET_US: i64 = 946_684_800_000_000;

/// Writes a value after its length.
#[inline]
pub(super) fn put_measured(values: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = values.len();
    values.extend_from_slice(&[0; 4]);
    write(values);
    let length = values.len() - start - 4;
    // A value of 2 GiB: the encoder refuses a message of that size whatever stands here.
    let length = i32::try_from(length).unwrap_or(i32::MIN);
    values[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// A call whose parameters are being given. Each must have the type that the statement declares,
/// or be [`Call::null`]; the connection refuses anything else.
pub struct Call<'r> {
    request: &'r mut Request,
}

impl<'r> Call<'r> {
    pub(super) fn of(request: &'r mut Request) -> Call<'r> {
        Call { request }
    }

    /// Ends the call; the same as dropping it.
    pub fn end(self) {}

    /// NULL of whatever type is declared.
    #[inline]
    pub fn null(self) -> Self {
        self.request.put_null();
        self
    }

    /// `bool`.
    #[inline]
    pub fn bool(self, value: bool) -> Self {
        self.put(Type::Bool, &[u8::from(value)])
    }

    /// `int2`.
    #[inline]
    pub fn int2(self, value: i16) -> Self {
        self.put(Type::Int2, &value.to_be_bytes())
    }

    /// `int4`.
    #[inline]
    pub fn int4(self, value: i32) -> Self {
        self.put(Type::Int4, &value.to_be_bytes())
    }

    /// `int8`.
    #[inline]
    pub fn int8(self, value: i64) -> Self {
        self.put(Type::Int8, &value.to_be_bytes())
    }

    /// `float8`.
    #[inline]
    pub fn float8(self, value: f64) -> Self {
        self.put(Type::Float8, &value.to_be_bytes())
    }

    /// `text`.
    #[inline]
    pub fn text(self, value: &str) -> Self {
        self.put(Type::Text, value.as_bytes())
    }

    /// `jsonb`, from its text.
    #[inline]
    pub fn jsonb(self, value: &str) -> Self {
        self.request.put(Type::Jsonb, |out| {
            out.push(JSONB_VERSION);
            out.extend_from_slice(value.as_bytes());
        });
        self
    }

    /// `timestamp`, in microseconds since 1970.
    #[inline]
    pub fn timestamp_us(self, value: i64) -> Self {
        self.put(Type::Timestamp, &value.saturating_sub(EPOCH_OFFSET_US).to_be_bytes())
    }

    /// `timestamptz`, in microseconds since 1970.
    #[inline]
    pub fn timestamptz_us(self, value: i64) -> Self {
        self.put(Type::Timestamptz, &value.saturating_sub(EPOCH_OFFSET_US).to_be_bytes())
    }

    /// `bool[]`.
    pub fn bool_array(self, values: impl IntoIterator<Item = bool>) -> Self {
        self.array(Type::BoolArray, values, |value, out| out.push(u8::from(value)))
    }

    /// `int4[]`.
    pub fn int4_array(self, values: impl IntoIterator<Item = i32>) -> Self {
        self.array(Type::Int4Array, values, |value, out| out.extend(value.to_be_bytes()))
    }

    /// `int8[]`.
    pub fn int8_array(self, values: impl IntoIterator<Item = i64>) -> Self {
        self.array(Type::Int8Array, values, |value, out| out.extend(value.to_be_bytes()))
    }

    /// `float8[]`.
    pub fn float8_array(self, values: impl IntoIterator<Item = f64>) -> Self {
        self.array(Type::Float8Array, values, |value, out| out.extend(value.to_be_bytes()))
    }

    /// `text[]`.
    pub fn text_array<T: AsRef<str>>(self, values: impl IntoIterator<Item = T>) -> Self {
        self.array(Type::TextArray, values, |value, out| {
            out.extend_from_slice(value.as_ref().as_bytes());
        })
    }

    /// `jsonb[]`, from their texts.
    pub fn jsonb_array<T: AsRef<str>>(self, values: impl IntoIterator<Item = T>) -> Self {
        self.array(Type::JsonbArray, values, |value, out| {
            out.push(JSONB_VERSION);
            out.extend_from_slice(value.as_ref().as_bytes());
        })
    }

    /// `timestamp[]`, in microseconds since 1970.
    pub fn timestamp_us_array(self, values: impl IntoIterator<Item = i64>) -> Self {
        self.array(Type::TimestampArray, values, |value, out| {
            out.extend(value.saturating_sub(EPOCH_OFFSET_US).to_be_bytes());
        })
    }

    #[inline]
    fn put(self, kind: Type, bytes: &[u8]) -> Self {
        self.request.put(kind, |out| out.extend_from_slice(bytes));
        self
    }

    fn array<T>(
        self,
        kind: Type,
        values: impl IntoIterator<Item = T>,
        mut write: impl FnMut(T, &mut Vec<u8>),
    ) -> Self {
        let element = kind.element().map_or(0, Type::oid);
        self.request.put(kind, |out| {
            let head = put_array_head(out, element);
            let mut count = 0_i32;
            for value in values {
                put_measured(out, |out| write(value, out));
                count = count.saturating_add(1);
            }
            finish_array_head(out, head, count);
        });
        self
    }
}

/// The version byte that every binary `jsonb` begins with; there has only ever been 1.
pub(super) const JSONB_VERSION: u8 = 1;

/// One dimension, no NULLs, the element type, a size to be filled in, lower bound 1.
fn put_array_head(out: &mut Vec<u8>, element: Oid) -> usize {
    let head = out.len();
    out.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0]);
    out.extend_from_slice(&element.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 1]);
    head
}

/// Fills the size in; an empty array has no dimension, and so no size and no bound.
fn finish_array_head(out: &mut Vec<u8>, head: usize, count: i32) {
    if count == 0 {
        out[head + 3] = 0;
        out.truncate(head + 12);
    } else {
        out[head + 12..head + 16].copy_from_slice(&count.to_be_bytes());
    }
}
