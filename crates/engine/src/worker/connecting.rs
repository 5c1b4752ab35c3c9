//! How a worker opens connections, loses them, and tries again.
//!
//! A lost connection is never given up: it comes back after a pause that doubles from 50 ms to
//! 1 s, with jitter, so that a server that restarts is not run over by all clients at once.

use super::{AnswerOf, RequestOf, Worker};
use crate::action_log::Outcome;
use crate::backend::{Backend, Connection, Progress};
use crate::client::State;
use crate::pace::jitter;
use crate::player::{Loss, Player};
use crate::poller::{Earlier, Poller};
use crate::worker::acting::Step;
use model::failure::{ErrorClass, Failure};
use model::sample::Phase;
use std::io;

/// So many connects of one thread are under way at once: a server's accept queue is finite.
const OPENING_AT_ONCE: usize = 32;
const FIRST_PAUSE_NS: u64 = 50_000_000;
const LONGEST_PAUSE_NS: u64 = 1_000_000_000;

impl<B, P, Q> Worker<'_, B, P, Q>
where
    B: Backend,
    P: Player<Request = RequestOf<B>, Answer = AnswerOf<B>>,
    Q: Poller,
{
    /// Begins connects that wait for their turn.
    pub(super) fn open_some(&mut self, now: u64) {
        while self.opening < OPENING_AT_ONCE {
            let Some(client) = self.to_open.pop_front() else { return };
            let is_of_use = match self.clients[client].state {
                State::Due => true,
                State::Closed => !self.running || self.may_begin(now),
                _ => false,
            };
            if is_of_use {
                self.open_one(client, now);
            }
        }
    }

    /// The action that has begun gets a connection of its own, as soon as its turn comes.
    pub(super) fn connect_for_action(&mut self, client: usize, now: u64) {
        self.clients[client].enter(State::Due);
        self.to_open.push_back(client);
        self.open_some(now);
    }

    fn open_one(&mut self, client: usize, now: u64) {
        let connection = self.backend.connection();
        let this = &mut self.clients[client];
        if self.running && !this.is_wanted && this.state != State::Due {
            return;
        }
        this.enter(State::Connecting);
        this.connection = connection;
        this.connect_began_ns = now;
        this.transaction_from_ns = None;
        this.out.clear();
        self.opening += 1;
        let phase = self.phase_at(now);
        self.recorder.phase(phase).connections.attempted += 1;
        self.set_timer(client, now + self.load.connect_timeout.as_nanos() as u64);
        if let Err(error) = self.poller.connect(client, self.backend.address()) {
            self.gone(client, &connect_failure(&error), now);
        }
    }

    pub(super) fn handshake(&mut self, client: usize) {
        let this = &mut self.clients[client];
        this.enter(State::Opening);
        this.connection.start(&mut this.out);
        self.poller.send(client, &mut this.out, Earlier::MayBeInFlight);
    }

    /// Bytes came: the connection makes events of them, the books and the player take those.
    pub(super) fn received(&mut self, client: usize, at: u64) {
        let this = &mut self.clients[client];
        let state = this.state;
        let outcome = this.connection.receive(
            self.inbox.bytes(),
            &mut this.out,
            &mut this.answer,
            &mut self.answered,
        );
        if !this.out.is_empty() {
            self.poller.send(client, &mut this.out, Earlier::MayBeInFlight);
        }
        if !self.answered.is_empty() {
            self.record_statements(client, at);
        }
        match (outcome, state) {
            (Err(failure), _) => self.gone(client, &failure, at),
            (Ok(Progress::Ready), State::Opening) => self.usable(client, at),
            (Ok(Progress::Ready), State::Busy) => self.carry_on(client, Step::Answer, at),
            (Ok(_), _) => {}
        }
    }

    fn usable(&mut self, client: usize, at: u64) {
        self.opening -= 1;
        self.recorder.population(at, 1, 0);
        let phase = self.phase_at(at);
        let this = &mut self.clients[client];
        let connections = &mut self.recorder.phase(phase).connections;
        connections.connect.record_us(at.saturating_sub(this.connect_began_ns) / 1000);
        connections.reconnected += u64::from(std::mem::take(&mut this.was_lost));
        this.first_try_done = true;
        this.free_since_ns = at;
        if let Some(current) = &mut this.current {
            // Only now is there a connection for it: opening it was part of the wait.
            current.free_ns = at;
            this.enter(State::Busy);
            return self.carry_on(client, Step::Begin, at);
        }
        this.enter(State::Idle);
        if self.running {
            self.release(client, at);
        }
    }

    pub(super) fn socket_closed(&mut self, client: usize, error: &io::Error, at: u64) {
        let failure = match self.clients[client].state {
            State::Closed => return,
            State::Connecting => connect_failure(error),
            _ if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.clients[client].connection.closed()
            }
            _ => {
                let message = format!("the connection broke: {}", words(error));
                Failure::new(ErrorClass::ConnectionLost, message)
            }
        };
        self.gone(client, &failure, at);
    }

    pub(super) fn connect_timed_out(&mut self, client: usize, now: u64) {
        let seconds = self.load.connect_timeout.as_secs_f64();
        let message = format!("no usable connection within {seconds} s");
        self.gone(client, &Failure::new(ErrorClass::ConnectTimedOut, message), now);
    }

    /// The connection is of no use any more: its action is lost, and it will be opened again.
    pub(super) fn gone(&mut self, client: usize, failure: &Failure, at: u64) {
        let state = self.clients[client].state;
        if state == State::Closed {
            return;
        }
        self.poller.close(client);
        self.clients[client].enter(State::Closed);
        let phase = self.phase_at(at);
        self.recorder.failure(phase, failure);
        if matches!(state, State::Connecting | State::Opening) {
            self.opening -= 1;
            self.recorder.phase(phase).connections.failed += 1;
            self.first_failure.get_or_insert_with(|| failure.clone());
        } else {
            self.recorder.population(at, -1, 0);
            self.recorder.phase(phase).connections.lost += 1;
            self.recorder.outages.lost(at);
            self.clients[client].was_lost = true;
        }
        self.lose_action(client, state == State::Busy, at);
        self.clients[client].first_try_done = true;
        self.pause(client, at);
    }

    /// The action under way, if there is one, can't be answered any more; without its own
    /// connection it was not even sent.
    fn lose_action(&mut self, client: usize, in_flight: bool, at: u64) {
        let Some(current) = self.clients[client].current.take() else { return };
        self.busy -= 1;
        self.recorder.population(at, 0, -1);
        let loss = self.players[client].lost(in_flight, &self.clients[client].answer);
        self.recorder.ended(&current, at);
        let counts = &mut self.recorder.action(current.phase, current.action).counts;
        counts.failed += 1;
        counts.unknown += u64::from(loss == Loss::Unknown);
        if let Some(log) = &mut self.recorder.log {
            let outcome = if loss == Loss::Unknown { Outcome::Unknown } else { Outcome::Failed };
            log.note(client, &current, outcome, at);
        }
    }

    fn pause(&mut self, client: usize, at: u64) {
        let this = &mut self.clients[client];
        let doubled = FIRST_PAUSE_NS << this.failures_in_row.min(8);
        this.failures_in_row += 1;
        let pause = doubled.min(LONGEST_PAUSE_NS) as f64 * jitter(&mut self.generator);
        self.set_timer(client, at + (pause as u64).min(LONGEST_PAUSE_NS));
    }

    /// The pause after a failure is over.
    pub(super) fn paused(&mut self, client: usize, at: u64) {
        match self.load.reconnect && self.running {
            true if self.clients[client].is_wanted => self.comes(client, at),
            true => {}
            false => self.to_open.push_back(client),
        }
    }

    /// Closes the client's connection politely. What it is about next is the caller's affair.
    pub(super) fn hang_up(&mut self, client: usize, at: u64) {
        let this = &mut self.clients[client];
        this.out.clear();
        this.connection.terminate(&mut this.out);
        self.poller.send(client, &mut this.out, Earlier::Answered);
        self.poller.close(client);
        self.recorder.population(at, -1, 0);
    }

    pub(super) fn phase_at(&self, now: u64) -> Phase {
        if now >= self.times.measuring { Phase::Measured } else { Phase::WarmUp }
    }
}

/// Why a connect did not work, as a class.
fn connect_failure(error: &io::Error) -> Failure {
    let class = match error.kind() {
        // A Unix socket that is not there, or whose queue is full, is nobody listening.
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound | io::ErrorKind::WouldBlock => {
            ErrorClass::ConnectRefused
        }
        io::ErrorKind::TimedOut => ErrorClass::ConnectTimedOut,
        _ => ErrorClass::Other,
    };
    Failure::new(class, words(error))
}

/// The kind where the standard library has a name for it, which needs no number behind it.
fn words(error: &io::Error) -> String {
    let kind = error.kind().to_string();
    // An error of ours, or one that the standard library knows by its number only.
    let has_no_name = error.raw_os_error().is_none() || kind.starts_with("uncategorized");
    if has_no_name { error.to_string() } else { kind }
}
