//! Requests: each function appends one message to a buffer.
//!
//! They keep no state and know no connection: build a batch of them, end it with [`sync`], and
//! hand the buffer to [`crate::Connection::send`]. Where a request can't be put into a message
//! (a zero byte in a name), the buffer stays as it was.

mod array;
mod bind;
pub mod copy_row;

use bytes::{BufMut, BytesMut};
use postgres_protocol::message::frontend;

pub use bind::Bind;

use crate::value::Oid;

/// A request that can't be put into a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The protocol ends texts by a zero byte.
    #[error("a name or statement contains a zero byte")]
    ZeroByte,
    /// Lengths are 32 bits, counts 16.
    #[error("a request is longer than the protocol can say")]
    TooLong,
    /// Bind was told another number than it was given.
    #[error("a statement of {announced} parameters was given {given}")]
    ParameterCount {
        /// The number announced.
        announced: u16,
        /// The number given.
        given: u16,
    },
    /// The bytes are not whole request messages.
    #[error("the bytes to send are not whole messages")]
    NotFrames,
}

/// What Describe and Close name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A prepared statement.
    Statement(&'a str),
    /// A portal.
    Portal(&'a str),
}

impl<'a> Target<'a> {
    fn parts(self) -> (u8, &'a str) {
        match self {
            Target::Statement(name) => (b'S', name),
            Target::Portal(name) => (b'P', name),
        }
    }
}

/// Runs a fallible writer of postgres-protocol, which leaves half a message when it fails.
fn whole(
    buf: &mut BytesMut,
    write: impl FnOnce(&mut BytesMut) -> std::io::Result<()>,
) -> Result<(), FrameError> {
    let start = buf.len();
    write(buf).map_err(|error| {
        buf.truncate(start);
        match error.to_string().contains("null") {
            true => FrameError::ZeroByte,
            false => FrameError::TooLong,
        }
    })
}

/// Runs SQL by the simple protocol, its own Sync included.
pub fn query(buf: &mut BytesMut, sql: &str) -> Result<(), FrameError> {
    whole(buf, |buf| frontend::query(sql, buf))
}

/// Prepares a statement; missing types are found out by the server.
pub fn parse(
    buf: &mut BytesMut,
    name: &str,
    sql: &str,
    parameters: &[Oid],
) -> Result<(), FrameError> {
    whole(buf, |buf| frontend::parse(name, sql, parameters.iter().copied(), buf))
}

/// Asks for a statement's parameters and columns, or a portal's columns.
pub fn describe(buf: &mut BytesMut, target: Target<'_>) -> Result<(), FrameError> {
    let (kind, name) = target.parts();
    whole(buf, |buf| frontend::describe(kind, name, buf))
}

/// Forgets a statement or portal.
pub fn close(buf: &mut BytesMut, target: Target<'_>) -> Result<(), FrameError> {
    let (kind, name) = target.parts();
    whole(buf, |buf| frontend::close(kind, name, buf))
}

/// Runs the unnamed portal; 0 means all rows.
#[inline]
pub fn execute(buf: &mut BytesMut, max_rows: i32) {
    buf.put_slice(&[b'E', 0, 0, 0, 9, 0]);
    buf.put_i32(max_rows);
}

/// Ends a batch: the server answers Ready after it, and starts afresh there after an error.
#[inline]
pub fn sync(buf: &mut BytesMut) {
    buf.put_slice(&[b'S', 0, 0, 0, 4]);
}

/// Asks for the answers so far without ending the batch.
#[inline]
pub fn flush(buf: &mut BytesMut) {
    buf.put_slice(&[b'H', 0, 0, 0, 4]);
}

/// A piece of COPY data. Begin the COPY by [`query`]: with [`execute`] the server would ignore the
/// Sync that follows, and be waited for in vain.
pub fn copy_data(buf: &mut BytesMut, data: &[u8]) -> Result<(), FrameError> {
    whole(buf, |buf| {
        frontend::CopyData::new(data)?.write(buf);
        Ok(())
    })
}

/// Ends COPY data.
pub fn copy_done(buf: &mut BytesMut) {
    frontend::copy_done(buf);
}

/// Gives COPY up: the server answers with an error that quotes `reason`.
pub fn copy_fail(buf: &mut BytesMut, reason: &str) -> Result<(), FrameError> {
    whole(buf, |buf| frontend::copy_fail(reason, buf))
}

/// Asks to cancel what another connection is doing: the only message of its own connection.
pub fn cancel_request(buf: &mut BytesMut, process_id: i32, secret_key: i32) {
    frontend::cancel_request(process_id, secret_key, buf);
}

/// Says goodbye.
pub fn terminate(buf: &mut BytesMut) {
    frontend::terminate(buf);
}
