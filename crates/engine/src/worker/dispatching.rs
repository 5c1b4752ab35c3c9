//! How a worker gives what its schedule says is due to clients that are free, and counts what
//! comes too late. There is no queue: what waits is the distance between the schedule and now.

use super::{AnswerOf, RequestOf, Worker};
use crate::action_log::Outcome;
use crate::backend::Backend;
use crate::client::State;
use crate::player::Player;
use crate::poller::Poller;
use crate::settings::{Shape, Unit};

impl<B, P, Q> Worker<'_, B, P, Q>
where
    B: Backend,
    P: Player<Request = RequestOf<B>, Answer = AnswerOf<B>>,
    Q: Poller,
{
    /// Gives due actions of the schedule to idle clients.
    #[inline]
    pub(super) fn dispatch(&mut self, now: u64) {
        if self.schedule.is_some() && self.running {
            self.dispatch_due(now);
        }
    }

    fn dispatch_due(&mut self, now: u64) {
        while let Some(intended) = self.due_ns() {
            if intended > now || self.times.stopped.is_some() {
                return;
            }
            let Some(client) = self.pop_idle() else { return };
            if now - intended > self.max_backlog_ns() {
                self.skip(client, intended, now);
                if self.clients[client].actions_left > 0 {
                    self.clients[client].is_queued = true;
                    self.idle.push_front(client);
                }
                continue;
            }
            let statements = self.wish(client, intended, now);
            self.take_slots(statements);
            self.start(client, now);
        }
    }

    fn pop_idle(&mut self) -> Option<usize> {
        while let Some(client) = self.idle.pop_front() {
            self.clients[client].is_queued = false;
            if self.clients[client].state == State::Idle {
                return Some(client);
            }
        }
        None
    }

    fn max_backlog_ns(&self) -> u64 {
        match self.load.shape {
            Shape::Closed { .. } => u64::MAX,
            Shape::Open { max_backlog, .. } => {
                let bound = self.load.latency_limit.map_or(max_backlog, |it| it.min(max_backlog));
                bound.as_nanos() as u64
            }
        }
    }

    /// A hopelessly late action: wished for, counted, not sent.
    fn skip(&mut self, client: usize, intended: u64, now: u64) {
        let (action, phase, statements) = self.draw(client, intended, now);
        let counts = &mut self.recorder.action(phase, action).counts;
        counts.scheduled += 1;
        counts.skipped += 1;
        if let Some(log) = &mut self.recorder.log {
            log.note_unsent(client, (action, phase), Outcome::Skipped, intended);
        }
        self.players[client].skip();
        self.take_slots(statements);
    }

    /// The schedule's head that nobody will begin: wished for, and counted as skipped where it is
    /// hopelessly late by now, else as unfinished.
    pub(super) fn give_up(&mut self, client: usize, intended: u64, now: u64) {
        if now - intended > self.max_backlog_ns() {
            return self.skip(client, intended, now);
        }
        let (action, phase, statements) = self.draw(client, intended, now);
        let counts = &mut self.recorder.action(phase, action).counts;
        counts.scheduled += 1;
        counts.unfinished += 1;
        if let Some(log) = &mut self.recorder.log {
            log.note_unsent(client, (action, phase), Outcome::Unfinished, intended);
        }
        self.players[client].skip();
        self.take_slots(statements);
    }

    fn take_slots(&mut self, statements: u32) {
        let Shape::Open { unit, .. } = self.load.shape else { return };
        let slots = if unit == Unit::Statements { statements } else { 1 };
        if let Some(schedule) = &mut self.schedule {
            schedule.take(slots);
        }
    }

    pub(super) fn is_behind(&self, now: u64) -> bool {
        self.due_ns().is_some_and(|due| due <= now)
    }

    /// When the next action of the schedule is due; none when nothing is.
    #[inline]
    pub(super) fn due_ns(&self) -> Option<u64> {
        if self.actions_left == Some(0) {
            return None;
        }
        Some(self.times.begin + self.schedule.as_ref()?.peek_ns()?)
    }

    pub(super) fn behind_ns(&self, now: u64) -> Option<u64> {
        self.schedule.as_ref()?;
        Some(self.due_ns().map_or(0, |due| now.saturating_sub(due)))
    }
}
