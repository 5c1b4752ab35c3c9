//! One round trip as a player asks it: calls of statements with typed parameters.
//!
//! A request knows no protocol. It keeps every parameter in PostgreSQL's binary format, so that
//! the prepared protocol only copies it; the simple protocol turns it into literals. All buffers
//! are kept from step to step: filling a request allocates nothing once it has been that large.

use super::call::{Call, put_measured};
use super::statement::{BEGIN, COMMIT, FIRST, ROLLBACK, Type};
use std::fmt;

/// One round trip. Without an explicit transaction the extended and the prepared protocol run all
/// its statements in one implicit transaction, the simple protocol each in its own: where several
/// belong together, say [`Request::begin`].
#[derive(Default)]
pub struct Request {
    /// Parameters as Bind carries them: length, bytes.
    values: Vec<u8>,
    /// The type each was given as; none for NULL.
    types: Vec<Option<Type>>,
    calls: Vec<Ends>,
    /// Added to the numbers of statements that are a workload's own.
    shift: u16,
}

/// Where one call's parameters end.
#[derive(Clone, Copy)]
struct Ends {
    statement: u16,
    values: usize,
    types: usize,
}

/// One call, as the encoders read it.
#[derive(Clone, Copy)]
pub(super) struct Called<'a> {
    pub(super) statement: u16,
    pub(super) values: &'a [u8],
    pub(super) types: &'a [Option<Type>],
}

impl Request {
    /// Begins a call of a statement; its parameters follow in order. The call is complete when
    /// the next begins or the request is sent.
    #[inline]
    pub fn call(&mut self, statement: u16) -> Call<'_> {
        let (values, types) = (self.values.len(), self.types.len());
        let shift = if statement < FIRST { 0 } else { self.shift };
        self.calls.push(Ends { statement: statement.saturating_add(shift), values, types });
        Call::of(self)
    }

    /// Begins a transaction.
    pub fn begin(&mut self) {
        self.call(BEGIN).end();
    }

    /// Ends it and keeps what it did.
    pub fn commit(&mut self) {
        self.call(COMMIT).end();
    }

    /// Ends it and undoes what it did.
    pub fn rollback(&mut self) {
        self.call(ROLLBACK).end();
    }

    /// Makes numbers of own statements mean those of one workload in a mix, until it is sent.
    pub(crate) fn shift(&mut self, by: u16) {
        self.shift = by;
    }

    /// How many calls it holds.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The statements called, in order.
    pub fn statements(&self) -> impl Iterator<Item = u16> + '_ {
        self.calls.iter().map(|call| call.statement)
    }

    /// The same by the numbers that the workload itself gives them, in a mix too.
    pub(crate) fn own_statements(&self) -> impl Iterator<Item = u16> + '_ {
        let shift = |it: u16| if it < FIRST { it } else { it - self.shift };
        self.statements().map(shift)
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.values.clear();
        self.types.clear();
        self.calls.clear();
        self.shift = 0;
    }

    /// Each call with its parameters.
    pub(super) fn calls(&self) -> impl Iterator<Item = Called<'_>> {
        let (mut values, mut types) = (0, 0);
        self.calls.iter().map(move |ends| {
            let called = Called {
                statement: ends.statement,
                values: &self.values[values..ends.values],
                types: &self.types[types..ends.types],
            };
            (values, types) = (ends.values, ends.types);
            called
        })
    }

    #[inline]
    pub(super) fn put(&mut self, kind: Type, write: impl FnOnce(&mut Vec<u8>)) {
        put_measured(&mut self.values, write);
        self.put_type(Some(kind));
    }

    #[inline]
    pub(super) fn put_null(&mut self) {
        self.values.extend_from_slice(&(-1_i32).to_be_bytes());
        self.put_type(None);
    }

    #[inline]
    fn put_type(&mut self, kind: Option<Type>) {
        self.types.push(kind);
        let (values, types) = (self.values.len(), self.types.len());
        // `call` pushed it: only a `Call` leads here.
        if let Some(ends) = self.calls.last_mut() {
            (ends.values, ends.types) = (values, types);
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.calls().map(|call| (call.statement, call.types));
        f.debug_list().entries(calls).finish()
    }
}
