//! One load thread: its clients, its share of the schedule, its books, and the loop that turns.
//!
//! A worker shares nothing with other workers while load runs. It is generic over the poller, so
//! the same code runs on io_uring, on epoll, and in virtual time. The parts: `connecting` opens
//! and loses connections, `attending` lets users come and go, `dispatching` gives what is due to who is free, `acting` carries actions from wish
//! to end, `ending` closes the books.

mod acting;
mod attending;
mod connecting;
mod dispatching;
mod ending;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod virtual_time;

use crate::action_log::ActionLog;
use crate::backend::{Answered, Backend, Connection};
use crate::client::{Client, State};
use crate::pace::{Lane, Ramp, Schedule};
use crate::player::Player;
use crate::poller::{Happened, Inbox, Poller};
use crate::recorder::{Batch, Recorder};
use crate::settings::{Control, Load, Shape};
use model::catalog::Catalog;
use model::failure::Failure;
use model::random::{Generator, generator};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::sync::mpsc::{SyncSender, TrySendError};

pub(crate) type RequestOf<B> = <<B as Backend>::Connection as Connection>::Request;
pub(crate) type AnswerOf<B> = <<B as Backend>::Connection as Connection>::Answer;

/// The longest wait: how soon a request to stop is seen.
const LONGEST_WAIT_NS: u64 = 50_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// What a worker is made from, besides its poller.
pub(crate) struct Parts<'a, B, P> {
    pub(crate) thread: usize,
    pub(crate) backend: &'a B,
    pub(crate) load: &'a Load,
    pub(crate) control: &'a Control,
    pub(crate) catalog: &'a Catalog,
    pub(crate) lane: Lane,
    /// The number of each client among all users.
    pub(crate) ranks: Vec<u64>,
    pub(crate) players: Vec<P>,
    pub(crate) outbox: SyncSender<Batch>,
}

/// Moments of a run, ns since its origin.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    begin: u64,
    measuring: u64,
    end: u64,
    next_tick: u64,
    interval: u64,
    /// When a request to stop was seen.
    stopped: Option<u64>,
}

/// See the module.
pub(crate) struct Worker<'a, B: Backend, P, Q> {
    thread: usize,
    backend: &'a B,
    load: &'a Load,
    control: &'a Control,
    outbox: SyncSender<Batch>,
    pub(crate) poller: Q,
    clients: Vec<Client<B::Connection>>,
    players: Vec<P>,
    request: RequestOf<B>,
    answered: Vec<Answered>,
    inbox: Inbox,
    schedule: Option<Schedule>,
    ramp: Option<Ramp>,
    /// How many actions of the measured time all clients together may still begin; none where
    /// only time ends the run.
    actions_left: Option<u64>,
    generator: Generator,
    idle: VecDeque<usize>,
    /// Clients whose request leaves with the next wait.
    unsent: Vec<usize>,
    timers: BinaryHeap<Reverse<(u64, usize, u64)>>,
    timer_count: u64,
    to_open: VecDeque<usize>,
    opening: usize,
    busy: usize,
    /// Set while load runs; connections alone are opened before.
    running: bool,
    times: Times,
    recorder: Recorder,
    first_failure: Option<Failure>,
}

impl<'a, B, P, Q> Worker<'a, B, P, Q>
where
    B: Backend,
    P: Player<Request = RequestOf<B>, Answer = AnswerOf<B>>,
    Q: Poller,
{
    pub(crate) fn new(parts: Parts<'a, B, P>, poller: Q) -> Self {
        let seed = parts.load.seed;
        let schedule = match &parts.load.shape {
            Shape::Closed { .. } => None,
            Shape::Open { curve, arrivals, .. } => {
                let arrivals_rng = generator(seed, "arrivals", parts.lane.first);
                Some(Schedule::new(curve.clone(), parts.lane, *arrivals, arrivals_rng))
            }
        };
        let ramp = match &parts.load.shape {
            Shape::Closed { users: Some(users), .. } => Some(Ramp::new(users.clone(), parts.ranks)),
            _ => None,
        };
        let mut clients: Vec<_> =
            parts.players.iter().map(|_| Client::new(parts.backend.connection())).collect();
        // Where connections are not there from the start, one shows whether there is a server.
        let early = if ramp.is_some() || parts.load.reconnect { 1 } else { clients.len() };
        for (number, client) in clients.iter_mut().enumerate() {
            client.is_wanted = ramp.is_none();
            client.first_try_done = number >= early;
            client.actions_left = parts.load.actions_per_client.unwrap_or(u64::MAX);
        }
        let actions_left = parts.load.actions_per_client.map(|each| each * clients.len() as u64);
        let mut recorder = Recorder::new(parts.catalog);
        recorder.log = parts.load.noted_share.map(|share| {
            let log_rng = generator(seed, "action-log", parts.lane.first);
            Box::new(ActionLog::new(share, log_rng, parts.lane.first as u32))
        });
        Worker {
            thread: parts.thread,
            backend: parts.backend,
            load: parts.load,
            control: parts.control,
            outbox: parts.outbox,
            inbox: Inbox::new(poller.inbox_bytes()),
            poller,
            to_open: (0..early.min(clients.len())).collect(),
            clients,
            players: parts.players,
            request: Default::default(),
            answered: Vec::new(),
            schedule,
            ramp,
            actions_left,
            generator: generator(seed, "timing", parts.lane.first),
            idle: VecDeque::new(),
            unsent: Vec::new(),
            timers: BinaryHeap::new(),
            timer_count: 0,
            opening: 0,
            busy: 0,
            running: false,
            times: Times::default(),
            recorder,
            first_failure: None,
        }
    }

    /// Opens all connections; each has worked or failed once afterwards. How many work, and the
    /// first failure.
    ///
    /// # Errors
    /// The poller failed.
    pub(crate) fn open(&mut self) -> io::Result<(usize, Option<Failure>)> {
        let mut turn_began = self.poller.now_ns();
        // Far away: before the load begins, everything counts as early.
        self.times.measuring = u64::MAX;
        self.times.next_tick = u64::MAX;
        while !self.control.is_stopping() && self.clients.iter().any(|c| !c.first_try_done) {
            let now = self.poller.now_ns();
            self.fire_timers(now);
            self.open_some(now);
            self.turn(&mut turn_began)?;
        }
        let usable = self.clients.iter().filter(|client| client.is_usable()).count();
        Ok((usable, self.first_failure.clone()))
    }

    /// Runs the load, which begins at `begin_ns`, until it is over and its grace has passed.
    ///
    /// # Errors
    /// The poller failed.
    pub(crate) fn run(&mut self, begin_ns: u64) -> io::Result<()> {
        let mut turn_began = self.poller.now_ns();
        // An action that began early would belong to no phase.
        self.times.next_tick = begin_ns;
        while self.poller.now_ns() < begin_ns {
            self.turn(&mut turn_began)?;
        }
        self.begin(begin_ns);
        loop {
            let now = self.poller.now_ns();
            if self.control.is_stopping() && self.times.stopped.is_none() {
                self.times.stopped = Some(now);
                self.recorder.ends_at(now);
            }
            // Before anything begins: it belongs to the interval that begins now.
            while now >= self.times.next_tick {
                self.tick(now);
            }
            self.fire_timers(now);
            self.attend(now);
            self.open_some(now);
            self.dispatch(now);
            if self.is_over(now) {
                return Ok(());
            }
            self.turn(&mut turn_began)?;
        }
    }

    fn begin(&mut self, begin_ns: u64) {
        let warm_up = self.load.warm_up.as_nanos() as u64;
        let measuring = begin_ns + warm_up;
        // Intervals are whole seconds counted from where measuring begins, so that none of them
        // lies in both phases; the first may be shorter.
        let first = match warm_up % SECOND_NS {
            0 => SECOND_NS,
            rest => rest,
        };
        self.times = Times {
            begin: begin_ns,
            measuring,
            end: measuring + self.load.duration.as_nanos() as u64,
            next_tick: begin_ns + first,
            interval: 0,
            stopped: None,
        };
        self.recorder.ends_at(self.times.end);
        if let Some(log) = &mut self.recorder.log {
            log.measuring_ns = measuring;
        }
        self.running = true;
        let now = self.poller.now_ns().max(begin_ns);
        self.recorder.begin(now, self.poller.own_time());
        self.attend_from(begin_ns);
    }

    /// One turn of the loop: sends what is queued, waits, and handles all that happened.
    fn turn(&mut self, turn_began: &mut u64) -> io::Result<()> {
        let now = self.poller.now_ns();
        let until = self.wait_until(now);
        if Q::SENDS_AT_WAIT {
            self.stamp_unsent(now);
        }
        let turn_us = now.saturating_sub(*turn_began) / 1000;
        self.recorder.turn.record_us(turn_us);
        self.recorder.stood_still(turn_us);
        self.poller.wait(until)?;
        let mut at = self.poller.now_ns();
        // No wait is longer than `LONGEST_WAIT_NS`: whoever sleeps on was not let run.
        self.recorder.stood_still(at.saturating_sub(until.max(now)) / 1000);
        *turn_began = at;
        let mut is_first = true;
        while let Some((client, happened)) = self.poller.next(&mut self.inbox) {
            if !Q::SENDS_AT_WAIT && !is_first {
                at = self.poller.now_ns();
            }
            is_first = false;
            match happened {
                Happened::Connected => self.handshake(client),
                Happened::Received => self.received(client, at),
                Happened::Closed(error) => self.socket_closed(client, &error, at),
            }
            self.dispatch(at);
        }
        Ok(())
    }

    fn wait_until(&mut self, now: u64) -> u64 {
        let mut until = self.times.next_tick.min(now + LONGEST_WAIT_NS);
        if let Some(Reverse((at, ..))) = self.timers.peek() {
            until = until.min(*at);
        }
        if self.running
            && !self.idle.is_empty()
            && let Some(due) = self.due_ns()
        {
            until = until.min(due);
        }
        until.min(self.next_change_ns().unwrap_or(u64::MAX))
    }

    /// Over: nothing may begin any more and nothing is under way, or patience has run out.
    fn is_over(&self, now: u64) -> bool {
        if self.control.is_stopping_now() {
            return true;
        }
        if self.actions_left == Some(0) && self.busy == 0 {
            return true;
        }
        let ended = self.times.stopped.unwrap_or(u64::MAX).min(self.times.end);
        if now < ended {
            return false;
        }
        let nothing_left = self.busy == 0 && (self.times.stopped.is_some() || !self.is_behind(now));
        nothing_left || now >= ended.saturating_add(self.load.grace.as_nanos() as u64)
    }

    /// Hands the interval's books on; keeps them for the next one when the way is blocked.
    fn tick(&mut self, now: u64) {
        let mut batch =
            self.recorder.take(self.thread, self.times.interval, now, self.poller.own_time());
        batch.behind_ns = self.behind_ns(now);
        match self.outbox.try_send(batch) {
            Ok(()) => {}
            Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) => {
                self.recorder.put_back(batch);
            }
        }
        self.times.interval += 1;
        self.times.next_tick += SECOND_NS;
    }

    fn set_timer(&mut self, client: usize, at_ns: u64) {
        self.timer_count += 1;
        self.clients[client].timer = self.timer_count;
        self.timers.push(Reverse((at_ns, client, self.timer_count)));
    }

    fn fire_timers(&mut self, now: u64) {
        while let Some(&Reverse((at, client, timer))) = self.timers.peek() {
            if at > now {
                return;
            }
            self.timers.pop();
            if self.clients[client].timer != timer {
                continue;
            }
            match self.clients[client].state {
                State::Thinking => self.thought(client, at, now),
                State::Closed => self.paused(client, now),
                State::Connecting | State::Opening => self.connect_timed_out(client, now),
                State::Idle | State::Due | State::Busy => {}
            }
        }
    }
}
