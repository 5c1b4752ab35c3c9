//! Where bytes move: sockets and the clock behind one completion-shaped seam.
//!
//! A poller connects, sends, receives and waits for many clients of one thread. It knows no
//! protocol. `io_uring` is the fast one, `epoll` works everywhere; the tests bring one that runs
//! in virtual time.

mod clock;
mod epoll;
mod socket;
mod uring;

pub use clock::{OwnTime, Queued};
pub use epoll::Epoll;
pub use uring::Uring;

use crate::backend::Address;
use bytes::BytesMut;
use std::io;

/// Bytes that arrived for one client. One per loop, reused.
#[derive(Debug)]
pub struct Inbox {
    pub(crate) buffer: Box<[u8]>,
    pub(crate) length: usize,
}

impl Inbox {
    /// An inbox that takes up to `capacity` bytes at once.
    pub fn new(capacity: usize) -> Inbox {
        Inbox { buffer: vec![0; capacity].into_boxed_slice(), length: 0 }
    }

    /// What arrived.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// Puts `bytes` in, as far as they fit; how many did.
    pub fn fill(&mut self, bytes: &[u8]) -> usize {
        self.length = bytes.len().min(self.buffer.len());
        self.buffer[..self.length].copy_from_slice(&bytes[..self.length]);
        self.length
    }
}

/// What happened to a client's socket.
#[derive(Debug)]
pub enum Happened {
    /// The connect succeeded.
    Connected,
    /// Bytes stand in the inbox.
    Received,
    /// The socket is of no use any more; an orderly end is `UnexpectedEof`.
    Closed(io::Error),
}

/// Whether bytes may be in flight from an earlier send on the same client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// All that was sent before has been answered, so it has left our buffers.
    Answered,
    /// Something sent before may still be on its way out.
    MayBeInFlight,
}

/// Sockets and time for the clients of one thread.
pub trait Poller {
    /// True when `send` takes effect at the next `wait` only: then that is when bytes are sent.
    const SENDS_AT_WAIT: bool;

    /// ns since the run's origin.
    fn now_ns(&self) -> u64;

    /// What this thread did with its time so far: for once an interval, not for every turn.
    fn own_time(&self) -> OwnTime;

    /// How many bytes an inbox must take.
    fn inbox_bytes(&self) -> usize;

    /// Begins to connect `client`, which has no socket.
    ///
    /// # Errors
    /// The socket can't be made, or the target refuses at once.
    fn connect(&mut self, client: usize, address: &Address) -> io::Result<()>;

    /// Sends all of `bytes` and leaves it empty. A failure shows as [`Happened::Closed`].
    fn send(&mut self, client: usize, bytes: &mut BytesMut, earlier: Earlier);

    /// Closes the socket of `client`, if it has one. Nothing more happens to it.
    fn close(&mut self, client: usize);

    /// Waits until something happened or the clock reaches `until_ns`.
    ///
    /// # Errors
    /// The system's poller itself failed: the thread can't go on.
    fn wait(&mut self, until_ns: u64) -> io::Result<()>;

    /// The next of what happened by the last wait.
    fn next(&mut self, inbox: &mut Inbox) -> Option<(usize, Happened)>;
}

/// Which poller a run asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollerChoice {
    /// io_uring where the system allows it, else epoll.
    Auto,
    /// io_uring or nothing.
    IoUring,
    /// epoll.
    Epoll,
}

/// Which poller will run, with the reason where it is not the one preferred.
///
/// # Errors
/// io_uring was demanded and the system refuses it.
pub fn choose(choice: PollerChoice) -> io::Result<(bool, String)> {
    if choice == PollerChoice::Epoll {
        return Ok((false, "epoll".to_owned()));
    }
    match Uring::probe() {
        Ok(()) => Ok((true, "io_uring".to_owned())),
        Err(error) if choice == PollerChoice::IoUring => Err(error),
        Err(error) => Ok((false, format!("epoll (io_uring is not available: {error})"))),
    }
}
