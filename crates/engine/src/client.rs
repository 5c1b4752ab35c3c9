//! One connection of the engine, with its states.
//!
//! The states are the specification of a client's life; `Client::enter` asserts that no other
//! step is ever taken. What a client does in each state stands in `worker`.

use crate::backend::Connection;
use bytes::BytesMut;
use model::sample::Phase;

/// Where a client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Has no socket. Entered at the start, when its user has left, and after a failed connect
    /// or a lost connection, until the backoff ends -> Connecting, or Idle where every action
    /// gets a connection of its own.
    Closed,
    /// An action is due that gets a connection of its own, whose turn to be opened has not come
    /// yet -> Connecting.
    Due,
    /// The socket connects -> Opening, or Closed when it fails or takes too long.
    Connecting,
    /// Handshake, authentication, preparation -> Idle, or Busy when an action waits for it, or
    /// Closed.
    Opening,
    /// Usable (or without a socket, where every action gets its own), nothing to do: in an open loop until the schedule gives it an action, in a closed
    /// one until measuring begins or after the end -> Busy, Thinking or Closed.
    Idle,
    /// As Idle, waits for its think time to pass (closed loop) -> Busy, Idle or Closed.
    Thinking,
    /// An action is under way. Answered -> Busy with the next step, Thinking or Idle; lost ->
    /// Closed. Where it has to wait for its own connection -> Due.
    Busy,
}

impl State {
    fn may_become(self, next: State) -> bool {
        use State::{Busy, Closed, Connecting, Due, Idle, Opening, Thinking};
        match self {
            Closed => matches!(next, Connecting | Closed | Idle),
            Due => matches!(next, Connecting),
            Connecting => matches!(next, Opening | Closed),
            Opening => matches!(next, Idle | Busy | Closed),
            Idle => matches!(next, Busy | Thinking | Closed),
            Thinking => matches!(next, Busy | Idle | Closed),
            Busy => matches!(next, Busy | Idle | Thinking | Closed | Due),
        }
    }
}

/// The action that a client is about, with all its times (ns since the run's origin).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Current {
    pub(crate) action: u16,
    pub(crate) phase: Phase,
    pub(crate) intended_ns: u64,
    /// When a connection was free for it; not before `intended_ns` matters.
    pub(crate) free_ns: u64,
    /// When its first request was sent; none before.
    pub(crate) first_sent_ns: Option<u64>,
    pub(crate) tries: u32,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Client<C: Connection> {
    pub(crate) state: State,
    pub(crate) connection: C,
    pub(crate) answer: C::Answer,
    pub(crate) out: BytesMut,
    pub(crate) current: Option<Current>,
    /// When the request under way was sent, or its latest statement answered, whichever is later.
    pub(crate) statement_from_ns: u64,
    /// When the transaction that is open was begun.
    pub(crate) transaction_from_ns: Option<u64>,
    pub(crate) free_since_ns: u64,
    pub(crate) connect_began_ns: u64,
    /// Connects in a row that brought no success.
    pub(crate) failures_in_row: u32,
    /// Its user is there: it is to be connected, and to go on after each action.
    pub(crate) is_wanted: bool,
    /// How many actions of the measured time it may still begin.
    pub(crate) actions_left: u64,
    /// It was usable before and is being opened again.
    pub(crate) was_lost: bool,
    /// Its first connect has worked or failed.
    pub(crate) first_try_done: bool,
    /// It stands in the queue of idle clients (perhaps lost meanwhile).
    pub(crate) is_queued: bool,
    /// A statement of the try under way brought a failure, which is in the books.
    pub(crate) is_booked: bool,
    /// The only timer that counts; older ones are void.
    pub(crate) timer: u64,
}

impl<C: Connection> Client<C> {
    pub(crate) fn new(connection: C) -> Client<C> {
        Client {
            state: State::Closed,
            connection,
            answer: C::Answer::default(),
            out: BytesMut::new(),
            current: None,
            statement_from_ns: 0,
            transaction_from_ns: None,
            free_since_ns: 0,
            connect_began_ns: 0,
            failures_in_row: 0,
            is_wanted: true,
            actions_left: u64::MAX,
            was_lost: false,
            first_try_done: false,
            is_queued: false,
            is_booked: false,
            timer: 0,
        }
    }

    /// Goes on to `next`.
    #[inline]
    pub(crate) fn enter(&mut self, next: State) {
        debug_assert!(self.state.may_become(next), "{:?} -> {next:?}", self.state);
        self.state = next;
    }

    pub(crate) fn is_usable(&self) -> bool {
        matches!(self.state, State::Idle | State::Thinking | State::Busy)
    }
}
