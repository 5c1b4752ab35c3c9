//! The seam to whatever is under load: open a connection as a state machine, send a request,
//! feed bytes, classify errors.
//!
//! A connection here owns no socket. The engine owns the socket and moves the bytes, so the same
//! backend runs on io_uring, on epoll, and in virtual time in the tests.

use bytes::BytesMut;
use model::failure::Failure;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where a backend's connections go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// TCP, name already resolved.
    Tcp(SocketAddr),
    /// A Unix socket's path.
    Unix(PathBuf),
}

/// Makes connections to one target.
pub trait Backend: Sync {
    /// One connection's protocol state.
    type Connection: Connection;

    /// Where to connect to.
    fn address(&self) -> &Address;

    /// The state of a connection that has not begun.
    fn connection(&self) -> Self::Connection;
}

/// How far a conversation has come after some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More bytes must come.
    Pending,
    /// The connection is usable, or the request is wholly answered: the next may be sent.
    Ready,
}

/// One statement's answer, as the recorder needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The statement's number in the catalogue.
    pub statement: u16,
    /// Rows returned or changed.
    pub rows: u64,
    /// Why it failed, if it did. Boxed: failures are rare, answers are not.
    pub failure: Option<Box<Failure>>,
}

/// One connection's protocol: bytes in, bytes out, no IO.
pub trait Connection {
    /// What a player asks: one round trip, made of statements. Reused from step to step.
    type Request: Default;
    /// What the player is told: the rows. Reused from step to step.
    type Answer: Default;

    /// Appends the first bytes of the conversation. `receive` then goes on until `Ready`
    /// (handshake, authentication and preparation included).
    fn start(&mut self, out: &mut BytesMut);

    /// Appends the bytes of `request`, which is left empty for the next step. `out` is empty.
    fn send(&mut self, request: &mut Self::Request, out: &mut BytesMut) -> Result<(), Failure>;

    /// Takes bytes that arrived. Appends to `out` what the protocol itself must say, adds rows
    /// to `answer` (cleared by the connection when the first answer of a request comes), and
    /// pushes each finished statement to `answered`.
    ///
    /// # Errors
    /// The connection can't be used any more.
    fn receive(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        answer: &mut Self::Answer,
        answered: &mut Vec<Answered>,
    ) -> Result<Progress, Failure>;

    /// What it means that the other side closed the connection now.
    fn closed(&mut self) -> Failure;

    /// Appends a polite goodbye.
    fn terminate(&mut self, out: &mut BytesMut);
}
