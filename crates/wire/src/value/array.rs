//! Arrays in binary, read in place.

use std::marker::PhantomData;

use super::{Decode, DecodeError, Oid, malformed};
use crate::row::split_value;

/// An array of any number of dimensions, as one flat list.
#[derive(Debug, Clone, Copy)]
pub struct Array<'a> {
    element_type: Oid,
    len: usize,
    values: &'a [u8],
}

impl<'a> Array<'a> {
    /// The type of its elements.
    pub fn element_type(&self) -> Oid {
        self.element_type
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Each element as a `T`; one that may be NULL is read as `Option<T>`.
    pub fn elements<T: Decode<'a>>(&self) -> ArrayElements<'a, T> {
        ArrayElements { rest: self.values, element: PhantomData }
    }
}

impl<'a> Decode<'a> for Array<'a> {
    fn from_binary(bytes: &'a [u8]) -> Result<Array<'a>, DecodeError> {
        parse(bytes).ok_or_else(|| malformed("array", bytes))
    }

    fn from_text(bytes: &'a [u8]) -> Result<Array<'a>, DecodeError> {
        Err(malformed("array (only read in binary)", bytes))
    }
}

fn parse(bytes: &[u8]) -> Option<Array<'_>> {
    let (dimensions, rest) = split_int(bytes)?;
    let (_has_nulls, rest) = split_int(rest)?;
    let (element_type, mut rest) = split_int(rest)?;
    let mut len = usize::from(dimensions != 0);
    // PostgreSQL itself stops at 6 dimensions.
    for _ in 0..usize::try_from(dimensions).ok().filter(|count| *count <= 6)? {
        let (size, tail) = split_int(rest)?;
        let (_lower_bound, tail) = split_int(tail)?;
        len = len.checked_mul(usize::try_from(size).ok()?)?;
        rest = tail;
    }
    // A claimed length is believed only when the elements are there.
    let values = rest;
    let mut found = 0;
    while !rest.is_empty() {
        rest = split_value(rest)?.1;
        found += 1;
    }
    let element_type = element_type.cast_unsigned();
    (found == len).then_some(Array { element_type, len, values })
}

fn split_int(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let (int, rest) = bytes.split_first_chunk::<4>()?;
    Some((i32::from_be_bytes(*int), rest))
}

/// The elements of an array.
#[derive(Debug, Clone)]
pub struct ArrayElements<'a, T> {
    rest: &'a [u8],
    element: PhantomData<fn() -> T>,
}

impl<'a, T: Decode<'a>> Iterator for ArrayElements<'a, T> {
    type Item = Result<T, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (value, rest) = split_value(self.rest)?;
        self.rest = rest;
        Some(T::from_nullable_binary(value))
    }
}
