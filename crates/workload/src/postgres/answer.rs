//! What the server answered to one round trip: replies, rows, the first failure.
//!
//! Values are copied out of the network's buffer into one buffer that is kept from step to step;
//! reading them decodes in place, from the binary format or from text alike.

use super::timestamp;
use model::failure::Failure;
use wire::TransactionStatus;
use wire::value::{Decode, DecodeError, Jsonb, TimestampUs};

/// The answer to one [`Request`](super::Request).
#[derive(Debug, Default)]
pub struct Answer {
    binary: bool,
    bytes: Vec<u8>,
    cells: Vec<Cell>,
    /// Where each row's cells end.
    rows: Vec<u32>,
    replies: Vec<Done>,
    failure: Option<Box<Failure>>,
    status: TransactionStatus,
    process_id: Option<i32>,
}

/// One value's place in the bytes; NULL has no length.
#[derive(Clone, Copy, Debug)]
struct Cell {
    start: u32,
    length: i32,
}

/// One finished call.
#[derive(Clone, Copy, Debug)]
struct Done {
    affected: u64,
    /// Where its rows end.
    rows: u32,
}

impl Answer {
    /// The first error of the round trip. In the extended and the prepared protocol the calls
    /// before it are undone with it unless an explicit transaction was open; those after it were
    /// not run in any protocol.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_deref()
    }

    /// The number of the server's process, as it was told when the connection was opened; what a
    /// pooler tells is a number of its own.
    pub fn process_id(&self) -> Option<i32> {
        self.process_id
    }

    /// Whether a transaction is open, working or failed.
    pub fn in_transaction(&self) -> bool {
        self.status != TransactionStatus::Idle
    }

    /// Whether the open transaction has failed, so that only a rollback helps.
    pub fn in_failed_transaction(&self) -> bool {
        self.status == TransactionStatus::Failed
    }

    /// The reply to a call by its index in the request (transaction control counts too); none when
    /// it failed or was not run.
    pub fn reply(&self, index: usize) -> Option<Reply<'_>> {
        let done = self.replies.get(index)?;
        let first_row = index.checked_sub(1).map_or(0, |before| self.replies[before].rows);
        Some(Reply {
            answer: self,
            first_row: first_row as usize,
            last_row: done.rows as usize,
            affected: done.affected,
        })
    }

    /// How many calls were answered without an error.
    pub fn replies(&self) -> usize {
        self.replies.len()
    }

    /// Forgets everything and keeps the memory; `binary` says how the values to come are written.
    pub fn clear(&mut self, binary: bool) {
        self.binary = binary;
        self.bytes.clear();
        self.cells.clear();
        self.rows.clear();
        self.replies.clear();
        self.failure = None;
        self.status = TransactionStatus::Idle;
    }

    /// Becomes the same as `other` and keeps the memory.
    pub(crate) fn copy_from(&mut self, other: &Answer) {
        self.binary = other.binary;
        self.bytes.clone_from(&other.bytes);
        self.cells.clone_from(&other.cells);
        self.rows.clone_from(&other.rows);
        self.replies.clone_from(&other.replies);
        self.failure.clone_from(&other.failure);
        self.status = other.status;
    }

    /// Adds a row to the reply that is being received.
    #[inline]
    pub fn push_row<'v>(&mut self, values: impl Iterator<Item = Option<&'v [u8]>>) {
        for value in values {
            // A message is far smaller than 4 GiB; an answer of more would be cut off here, and
            // its rows read as NULL rather than as other bytes.
            let start = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
            let length = value.and_then(|value| i32::try_from(value.len()).ok()).unwrap_or(-1);
            self.cells.push(Cell { start, length });
            self.bytes.extend_from_slice(value.unwrap_or_default());
        }
        self.rows.push(u32::try_from(self.cells.len()).unwrap_or(u32::MAX));
    }

    /// Ends the reply that is being received.
    #[inline]
    pub fn complete(&mut self, affected: u64) {
        let rows = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.replies.push(Done { affected, rows });
    }

    /// Ends the round trip's work with an error.
    pub fn fail(&mut self, failure: Box<Failure>) {
        self.failure.get_or_insert(failure);
    }

    /// Who answers on this connection. It stays until another connection is told.
    pub fn set_process_id(&mut self, process_id: Option<i32>) {
        self.process_id = process_id;
    }

    /// Where the session stands now.
    #[inline]
    pub fn set_status(&mut self, status: TransactionStatus) {
        self.status = status;
    }
}

/// The reply to one call.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    answer: &'a Answer,
    first_row: usize,
    last_row: usize,
    affected: u64,
}

impl<'a> Reply<'a> {
    /// Rows returned or changed, as the server counted them.
    pub fn affected(&self) -> u64 {
        self.affected
    }

    /// How many rows came back.
    pub fn rows(&self) -> usize {
        self.last_row - self.first_row
    }

    /// One row, from 0.
    pub fn row(&self, index: usize) -> Option<Row<'a>> {
        let row = self.first_row.checked_add(index).filter(|row| *row < self.last_row)?;
        let end = self.answer.rows[row] as usize;
        let start = row.checked_sub(1).map_or(0, |before| self.answer.rows[before] as usize);
        Some(Row { answer: self.answer, cells: &self.answer.cells[start..end] })
    }

    /// Every row, in order.
    pub fn iter(self) -> impl Iterator<Item = Row<'a>> {
        (0..self.rows()).filter_map(move |index| self.row(index))
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    answer: &'a Answer,
    cells: &'a [Cell],
}

impl<'a> Row<'a> {
    /// How many columns.
    pub fn columns(&self) -> usize {
        self.cells.len()
    }

    /// Whether a column is NULL; one that isn't there is too.
    pub fn is_null(&self, column: usize) -> bool {
        self.bytes(column).ok().flatten().is_none()
    }

    /// `int2` or `int4`.
    pub fn int4(&self, column: usize) -> Result<i32, DecodeError> {
        self.value(column)
    }

    /// `int2`, `int4` or `int8`.
    pub fn int8(&self, column: usize) -> Result<i64, DecodeError> {
        self.value(column)
    }

    /// `float4` or `float8`.
    pub fn float8(&self, column: usize) -> Result<f64, DecodeError> {
        self.value(column)
    }

    /// `bool`.
    pub fn bool(&self, column: usize) -> Result<bool, DecodeError> {
        self.value(column)
    }

    /// `text`, `varchar`.
    pub fn text(&self, column: usize) -> Result<&'a str, DecodeError> {
        self.value(column)
    }

    /// The text of a `jsonb`.
    pub fn jsonb(&self, column: usize) -> Result<&'a str, DecodeError> {
        self.value::<Jsonb<'a>>(column).map(|json| json.0)
    }

    /// `timestamp` or `timestamptz` in microseconds since 1970.
    pub fn timestamp_us(&self, column: usize) -> Result<i64, DecodeError> {
        if self.answer.binary {
            return self.value::<TimestampUs>(column).map(|timestamp| timestamp.0);
        }
        let value: &str = self.value(column)?;
        timestamp::read(value)
            .ok_or(DecodeError::Malformed { expected: "timestamp", bytes: value.len() })
    }

    /// Any type that can be decoded; NULL is an error unless it is an `Option`.
    #[inline]
    pub fn value<T: Decode<'a>>(&self, column: usize) -> Result<T, DecodeError> {
        let bytes = self.bytes(column)?;
        let value = match self.answer.binary {
            true => T::from_nullable_binary(bytes),
            false => T::from_nullable_text(bytes),
        };
        value.map_err(|cause| DecodeError::Column { index: column, cause: Box::new(cause) })
    }

    #[inline]
    fn bytes(&self, column: usize) -> Result<Option<&'a [u8]>, DecodeError> {
        let cell = self
            .cells
            .get(column)
            .ok_or(DecodeError::NoSuchColumn { index: column, columns: self.cells.len() })?;
        let range = usize::try_from(cell.length)
            .ok()
            .map(|length| cell.start as usize..cell.start as usize + length);
        Ok(range.and_then(|range| self.answer.bytes.get(range)))
    }
}
