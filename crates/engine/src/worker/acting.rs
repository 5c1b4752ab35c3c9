//! How a worker carries actions from wish to end.
//!
//! Four moments make all latencies: intended (from the pace), free (a connection is there), sent,
//! answered. They are kept per action and subtracted once, at the end.

use super::{AnswerOf, RequestOf, Worker};
use crate::action_log::Outcome;
use crate::backend::{Backend, Connection};
use crate::client::{Current, State};
use crate::player::{Last, Moment, Next, Player};
use crate::poller::{Earlier, Poller};
use crate::settings::Shape;
use model::catalog::Bound;
use model::failure::Failure;
use model::sample::Phase;
use rand::RngExt as _;
use std::time::Duration;

/// Why a player is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Begin,
    Answer,
    Retry,
}

impl<B, P, Q> Worker<'_, B, P, Q>
where
    B: Backend,
    P: Player<Request = RequestOf<B>, Answer = AnswerOf<B>>,
    Q: Poller,
{
    /// True while actions may begin.
    pub(super) fn may_begin(&self, now: u64) -> bool {
        self.running && now < self.times.end && self.times.stopped.is_none()
    }

    /// A usable client has nothing to do since `at`: queue it, let it think, or begin at once.
    pub(super) fn release(&mut self, client: usize, at: u64) {
        if self.after_action(client, at) {
            self.start(client, at);
        }
    }

    /// The action that was wished for begins, once it has the connection that it may need.
    pub(super) fn start(&mut self, client: usize, at: u64) {
        match self.load.reconnect {
            true => self.connect_for_action(client, at),
            false => self.carry_on(client, Step::Begin, at),
        }
    }

    /// What comes after an action: true when the next one is wished for.
    fn after_action(&mut self, client: usize, at: u64) -> bool {
        let this = &mut self.clients[client];
        if !this.is_wanted {
            self.leave(client, at);
            return false;
        }
        if this.actions_left == 0 {
            return false;
        }
        if self.schedule.is_some() {
            if !std::mem::replace(&mut this.is_queued, true) {
                self.idle.push_back(client);
            }
            return false;
        }
        if !self.may_begin(at) {
            return false;
        }
        let think_ns = self.think_ns();
        if think_ns > 0 {
            self.clients[client].enter(State::Thinking);
            self.set_timer(client, at + think_ns);
            return false;
        }
        self.wish(client, at, at);
        true
    }

    /// The think time is over; `at` is when it should have ended.
    pub(super) fn thought(&mut self, client: usize, at: u64, now: u64) {
        if self.may_begin(now) {
            self.wish(client, at, now);
            self.start(client, now);
        } else {
            self.clients[client].enter(State::Idle);
        }
    }

    fn think_ns(&mut self) -> u64 {
        let Shape::Closed { think_min, think_max, .. } = self.load.shape else { return 0 };
        if think_max <= think_min {
            return think_min.as_nanos() as u64;
        }
        let spread = (think_max - think_min).as_nanos() as f64;
        think_min.as_nanos() as u64 + (spread * self.generator.random::<f64>()) as u64
    }

    /// Whether an action that took so long was slower than the user allows.
    #[inline]
    fn is_late(&self, response_ns: u64) -> bool {
        self.load.latency_limit.is_some_and(|limit| u128::from(response_ns) > limit.as_nanos())
    }

    pub(super) fn draw(&mut self, client: usize, intended: u64, now: u64) -> (u16, Phase, u32) {
        let phase = self.phase_at(intended);
        let elapsed = Duration::from_nanos(now.saturating_sub(self.times.begin));
        let moment = Moment { elapsed, measured: phase == Phase::Measured };
        let wish = self.players[client].wish(moment);
        if let Some(left) = &mut self.actions_left
            && phase == Phase::Measured
        {
            *left = left.saturating_sub(1);
            let own = &mut self.clients[client].actions_left;
            *own = own.saturating_sub(1);
        }
        (wish.action, phase, wish.statements.max(1))
    }

    /// The client's player wishes for its next action, which is under way from here on.
    pub(super) fn wish(&mut self, client: usize, intended: u64, now: u64) -> u32 {
        let (action, phase, statements) = self.draw(client, intended, now);
        self.recorder.action(phase, action).counts.scheduled += 1;
        self.recorder.population(now, 0, 1);
        self.busy += 1;
        let this = &mut self.clients[client];
        let (intended_ns, free_ns) = (intended, this.free_since_ns);
        this.enter(State::Busy);
        this.is_booked = false;
        this.current =
            Some(Current { action, phase, intended_ns, free_ns, first_sent_ns: None, tries: 1 });
        statements
    }

    /// Asks the player until it sends, or its action is over and the next one has to wait.
    pub(super) fn carry_on(&mut self, client: usize, mut step: Step, at: u64) {
        loop {
            let last = match step {
                Step::Begin => Last::Begin,
                Step::Answer => Last::Answer(&self.clients[client].answer),
                Step::Retry => Last::Retry,
            };
            match self.players[client].next(last, &mut self.request) {
                Next::Send => return self.send(client, at),
                Next::Failed(failure) if self.may_retry(client, &failure) => {
                    step = Step::Retry;
                    continue;
                }
                Next::Failed(failure) => self.end_action(client, Some(&failure), at),
                Next::Succeeded => self.end_action(client, None, at),
            }
            if !self.after_action(client, at) {
                return;
            }
            if self.load.reconnect {
                return self.connect_for_action(client, at);
            }
            step = Step::Begin;
        }
    }

    fn send(&mut self, client: usize, at: u64) {
        let this = &mut self.clients[client];
        if let Err(failure) = this.connection.send(&mut self.request, &mut this.out) {
            return self.gone(client, &failure, at);
        }
        if Q::SENDS_AT_WAIT {
            self.unsent.push(client);
        } else {
            let now = self.poller.now_ns();
            self.stamp(client, now);
        }
        self.poller.send(client, &mut self.clients[client].out, Earlier::Answered);
    }

    /// All requests queued since the last wait leave now.
    pub(super) fn stamp_unsent(&mut self, now: u64) {
        let mut unsent = std::mem::take(&mut self.unsent);
        unsent.drain(..).for_each(|client| self.stamp(client, now));
        self.unsent = unsent;
    }

    /// The request of `client` is sent at `now`.
    #[inline]
    fn stamp(&mut self, client: usize, now: u64) {
        let this = &mut self.clients[client];
        this.statement_from_ns = now;
        let Some(current) = &mut this.current else { return };
        if current.first_sent_ns.is_none() {
            current.first_sent_ns = Some(now);
            let ready = current.intended_ns.max(current.free_ns);
            let sample = self.recorder.action(current.phase, current.action);
            sample.wait.record_us((ready - current.intended_ns) / 1000);
            sample.lateness.record_us(now.saturating_sub(ready) / 1000);
        }
    }

    /// Books the statements that were answered by bytes that came at `at`.
    pub(super) fn record_statements(&mut self, client: usize, at: u64) {
        let this = &mut self.clients[client];
        let phase = this.current.map_or(Phase::WarmUp, |current| current.phase);
        for done in self.answered.drain(..) {
            let us = at.saturating_sub(this.statement_from_ns) / 1000;
            this.is_booked |= done.failure.is_some();
            self.recorder.statement(phase, &done, us, at);
            match self.recorder.bound(done.statement) {
                None => {}
                Some(Bound::Begin) => this.transaction_from_ns = Some(this.statement_from_ns),
                Some(Bound::End) => {
                    if let Some(from_ns) = this.transaction_from_ns.take() {
                        let us = at.saturating_sub(from_ns) / 1000;
                        self.recorder.transaction(phase, us);
                    }
                }
            }
            this.statement_from_ns = at;
        }
    }

    fn may_retry(&mut self, client: usize, failure: &Failure) -> bool {
        let Some(current) = &mut self.clients[client].current else { return false };
        if !failure.class.is_retryable() || current.tries >= self.load.max_tries {
            return false;
        }
        current.tries += 1;
        let (phase, action) = (current.phase, current.action);
        self.recorder.action(phase, action).counts.retries += 1;
        self.book(client, phase, failure);
        self.clients[client].is_booked = false;
        true
    }

    /// The action is over; the client is idle.
    fn end_action(&mut self, client: usize, failure: Option<&Failure>, at: u64) {
        self.busy -= 1;
        self.recorder.population(at, 0, -1);
        let this = &mut self.clients[client];
        this.enter(State::Idle);
        this.free_since_ns = at;
        let opened_ns = this.connect_began_ns;
        let Some(current) = this.current.take() else { return };
        self.recorder.ended(&current, at);
        let is_late = failure.is_none() && self.is_late(at.saturating_sub(current.intended_ns));
        if self.load.reconnect {
            self.hang_up(client, at);
        }
        if let Some(log) = &mut self.recorder.log {
            let outcome = if failure.is_none() { Outcome::Succeeded } else { Outcome::Failed };
            log.note(client, &current, outcome, at);
        }
        let sample = self.recorder.action(current.phase, current.action);
        let Some(failure) = failure else {
            sample.counts.succeeded += 1;
            sample.counts.late += u64::from(is_late);
            // Only now has the connection proved its worth: see `pause`.
            self.clients[client].failures_in_row = 0;
            self.recorder.succeeded(current.phase, at);
            return self.recorder.outages.succeeded_on(opened_ns, at);
        };
        sample.counts.failed += 1;
        self.book(client, current.phase, failure);
    }

    /// Books why a try failed, unless a statement of it did so; a rollback may have come since.
    fn book(&mut self, client: usize, phase: Phase, failure: &Failure) {
        if !self.clients[client].is_booked {
            self.recorder.failure(phase, failure);
        }
    }
}
