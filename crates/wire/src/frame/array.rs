//! Array parameters of Bind: one dimension, any number of elements, `None` for NULL.
//!
//! They take iterators, so that a batch of rows becomes columns (`unnest`) without a list between.

use bytes::{BufMut, BytesMut};

use super::Bind;
use super::bind::measured;
use crate::value::{Oid, TimestampUs, oid};

impl<'b> Bind<'b> {
    /// `bool[]`.
    pub fn bool_array(self, values: impl IntoIterator<Item = bool>) -> Bind<'b> {
        self.array(oid::BOOL, values, |value, buf| buf.put_u8(u8::from(value)))
    }

    /// `int2[]`.
    pub fn int2_array(self, values: impl IntoIterator<Item = i16>) -> Bind<'b> {
        self.array(oid::INT2, values, |value, buf| buf.put_i16(value))
    }

    /// `int4[]`.
    pub fn int4_array(self, values: impl IntoIterator<Item = i32>) -> Bind<'b> {
        self.array(oid::INT4, values, |value, buf| buf.put_i32(value))
    }

    /// `int8[]`.
    pub fn int8_array(self, values: impl IntoIterator<Item = i64>) -> Bind<'b> {
        self.array(oid::INT8, values, |value, buf| buf.put_i64(value))
    }

    /// `float8[]`.
    pub fn float8_array(self, values: impl IntoIterator<Item = f64>) -> Bind<'b> {
        self.array(oid::FLOAT8, values, |value, buf| buf.put_f64(value))
    }

    /// `text[]`.
    pub fn text_array<T: AsRef<str>>(self, values: impl IntoIterator<Item = T>) -> Bind<'b> {
        self.array(oid::TEXT, values, |value, buf| buf.put_slice(value.as_ref().as_bytes()))
    }

    /// `text[]` in which elements may be NULL.
    pub fn nullable_text_array<T: AsRef<str>>(
        self,
        values: impl IntoIterator<Item = Option<T>>,
    ) -> Bind<'b> {
        self.nullable_array(oid::TEXT, values, |value, buf| {
            buf.put_slice(value.as_ref().as_bytes());
        })
    }

    /// `jsonb[]`, from their texts.
    pub fn jsonb_array<T: AsRef<[u8]>>(self, values: impl IntoIterator<Item = T>) -> Bind<'b> {
        self.array(oid::JSONB, values, |value, buf| {
            buf.put_u8(1);
            buf.put_slice(value.as_ref());
        })
    }

    /// `timestamp[]`, in microseconds since 1970.
    pub fn timestamp_us_array(self, values: impl IntoIterator<Item = i64>) -> Bind<'b> {
        self.array(oid::TIMESTAMP, values, |value, buf| buf.put_i64(TimestampUs(value).to_wire()))
    }

    /// `timestamptz[]`, in microseconds since 1970.
    pub fn timestamptz_us_array(self, values: impl IntoIterator<Item = i64>) -> Bind<'b> {
        self.array(oid::TIMESTAMPTZ, values, |value, buf| {
            buf.put_i64(TimestampUs(value).to_wire());
        })
    }

    fn array<T>(
        self,
        element: Oid,
        values: impl IntoIterator<Item = T>,
        write: impl FnMut(T, &mut BytesMut),
    ) -> Bind<'b> {
        self.nullable_array(element, values.into_iter().map(Some), write)
    }

    fn nullable_array<T>(
        mut self,
        element: Oid,
        values: impl IntoIterator<Item = Option<T>>,
        mut write: impl FnMut(T, &mut BytesMut),
    ) -> Bind<'b> {
        let mut fault = None;
        self = self.measured(|buf| {
            let start = buf.len();
            buf.put_slice(&[0; 4 + 4]);
            buf.put_u32(element);
            // Size and lower bound; an empty array has no dimension, and so neither of them.
            buf.put_slice(&[0, 0, 0, 0, 0, 0, 0, 1]);
            let (mut len, mut has_nulls) = (0i32, false);
            for value in values {
                len = len.saturating_add(1);
                match value {
                    Some(value) => {
                        fault = measured(buf, |buf| write(value, buf)).err().or(fault.take());
                    }
                    None => {
                        has_nulls = true;
                        buf.put_i32(-1);
                    }
                }
            }
            match len {
                0 => buf.truncate(start + 12),
                len => {
                    buf[start + 3] = 1;
                    buf[start + 7] = u8::from(has_nulls);
                    buf[start + 12..start + 16].copy_from_slice(&len.to_be_bytes());
                }
            }
        });
        self.fail(fault)
    }
}
