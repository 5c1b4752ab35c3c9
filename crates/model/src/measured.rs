//! What the engine hands over: each interval while it runs, and everything at the end.
//!
//! These are facts, not judgements: whether they are good is for `analyze` to say, how they look
//! for `report`.

use crate::event::Event;
use crate::failure::FailureTally;
use crate::histogram::Histogram;
use crate::sample::{ActionCounts, ActionSample, ConnectionSample, Phase, StatementSample};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// How long load threads that had work waited for a processor: others had it. What came for them
/// meanwhile lay unread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunQueueWait {
    /// Of all load threads together, µs.
    pub wait_us: u64,
    /// Of the thread that waited longest, interval by interval, µs.
    pub longest_thread_us: u64,
    /// How often they came to run: each time ends one wait, be it short.
    pub runs: u64,
}

impl RunQueueWait {
    /// Adds one thread's part of an interval.
    pub fn add_thread(&mut self, wait_us: u64, runs: u64) {
        self.wait_us += wait_us;
        self.longest_thread_us = self.longest_thread_us.max(wait_us);
        self.runs += runs;
    }
}

/// Adds another interval.
impl AddAssign for RunQueueWait {
    fn add_assign(&mut self, other: RunQueueWait) {
        // A damaged record may say anything.
        self.wait_us = self.wait_us.saturating_add(other.wait_us);
        self.longest_thread_us = self.longest_thread_us.saturating_add(other.longest_thread_us);
        self.runs = self.runs.saturating_add(other.runs);
    }
}

/// When a load thread's loop stood still although it was to run: in a turn, or past the end of a
/// wait. The process was stopped, the machine was, or others had the processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standstill {
    /// All of them, µs.
    pub total_us: u64,
    /// The longest, µs.
    pub longest_us: u64,
    /// The sum of their squares, µs²: what falls due evenly waits for half of the one it falls into,
    /// so half of this by the time is the mean delay.
    pub squares_us2: u64,
}

impl Standstill {
    /// Adds one.
    pub fn add(&mut self, us: u64) {
        *self += Standstill { total_us: us, longest_us: us, squares_us2: us.saturating_mul(us) };
    }
}

/// Adds those of another thread or interval.
impl AddAssign for Standstill {
    fn add_assign(&mut self, other: Standstill) {
        self.total_us = self.total_us.saturating_add(other.total_us);
        self.longest_us = self.longest_us.max(other.longest_us);
        self.squares_us2 = self.squares_us2.saturating_add(other.squares_us2);
    }
}

/// What our own threads did: the evidence for or against the generator being the limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GeneratorSample {
    /// CPU time of all load threads, µs.
    pub cpu_us: u64,
    /// Of the busiest thread: its CPU time in this interval, µs.
    pub busiest_thread_cpu_us: u64,
    /// How long single turns of the event loops took, work between two waits, µs.
    pub turn: Histogram,
    /// When the loops stood still; none where nobody counted.
    pub standstill: Option<Standstill>,
    /// How long they waited for a processor; none where the system does not tell.
    pub run_queue: Option<RunQueueWait>,
}

/// One second of a run, all threads merged. An interval belongs to the phase in which it lies;
/// an action that began in the warm-up and ended later is counted with the warm-up in the totals.
#[derive(Clone, Debug)]
pub struct Interval {
    /// Seconds from the start of the warm-up to the interval's start.
    pub start_s: f64,
    /// How long it was; the last one may be shorter.
    pub length_s: f64,
    /// Where its start lies.
    pub phase: Phase,
    /// True after the schedule's end, while in-flight actions get their grace.
    pub grace: bool,
    /// Slots of the schedule that fell due in it (actions, or statements where those are paced);
    /// none in a closed loop.
    pub offered: Option<f64>,
    /// How far behind the schedule the oldest waiting action is, seconds; none in a closed loop.
    pub behind_s: Option<f64>,
    /// Per action, in the catalogue's order; none where nothing happened.
    pub actions: Vec<Option<ActionSample>>,
    /// Per statement, in the catalogue's order; none where nothing happened.
    pub statements: Vec<Option<StatementSample>>,
    /// Connections.
    pub connections: ConnectionSample,
    /// Failures of this interval.
    pub failures: FailureTally,
    /// Our own threads.
    pub generator: GeneratorSample,
    /// Usable connections at its end.
    pub connected: u64,
    /// Most connections that had an action in flight at once.
    pub in_use_max: u64,
    /// Mean over time of connections without an action in flight.
    pub idle_mean: f64,
}

impl Interval {
    /// All actions in one sample.
    pub fn all_actions(&self) -> ActionSample {
        let mut all = ActionSample::default();
        self.actions.iter().flatten().for_each(|sample| all += sample);
        all
    }

    /// Counts over all actions.
    pub fn counts(&self) -> ActionCounts {
        let mut counts = ActionCounts::default();
        self.actions.iter().flatten().for_each(|sample| counts += sample.counts);
        counts
    }

    /// Whether a success was to be expected in it. `users`: how many connections there should be at
    /// least; none where each action brings its own.
    pub fn work_was_due(&self, users: Option<u64>) -> bool {
        let counts = self.counts();
        let behind = self.behind_s.is_some_and(|behind| behind > 0.0);
        // In a closed loop, users without a connection would ask if they could.
        let lacking = self.offered.is_none() && users.is_some_and(|users| self.connected < users);
        // What began in this second may end in the next; what is older should have ended.
        let waiting = self.in_use_max > counts.scheduled;
        counts.finished() > 0 || waiting || behind || lacking
    }

    /// Statements answered, transaction control included.
    pub fn statements_answered(&self) -> u64 {
        self.statements.iter().flatten().map(|sample| sample.count).sum()
    }
}

/// One of the slowest statements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowStatement {
    /// Its number in the catalogue.
    pub statement: u16,
    /// Seconds since measuring began, when it was answered.
    pub when_s: f64,
    /// Its service time.
    pub service_ms: f64,
}

/// Everything that the engine counted.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Length of the measured window: its plan, or shorter when interrupted.
    pub elapsed_s: f64,
    /// Length of the warm-up that really ran.
    pub warm_up_s: f64,
    /// Per action, measured window (by intended start), in the catalogue's order.
    pub actions: Vec<ActionSample>,
    /// The same for the warm-up.
    pub warm_up_actions: Vec<ActionSample>,
    /// Per statement, measured window, in the catalogue's order.
    pub statements: Vec<StatementSample>,
    /// Of the succeeded actions of the measured window: those that ended after it, in the grace.
    /// They count, but not as throughput: a backlog that drains late was not achieved in time.
    pub late_succeeded: u64,
    /// The same of answered statements, in the catalogue's order; empty where there are none.
    pub late_statements: Vec<u64>,
    /// Per statement: executions of the whole session (warm-up and retries included), and of
    /// those the failed.
    pub session_statements: Vec<(u64, u64)>,
    /// Explicit transactions of the measured window: BEGIN sent to COMMIT or ROLLBACK answered.
    pub transactions: Histogram,
    /// Connections, whole session.
    pub connections: ConnectionSample,
    /// Connections of the measured window (attempts by the time they began).
    pub measured_connections: ConnectionSample,
    /// Failures of the measured window.
    pub failures: FailureTally,
    /// Failures before the measured window (first connects and warm-up).
    pub early_failures: FailureTally,
    /// Slots that the schedule offered in the measured window; none in a closed loop.
    pub offered: Option<f64>,
    /// Seconds of the measured window with work due.
    pub seconds_due: u64,
    /// Of those: with at least one success.
    pub seconds_available: u64,
    /// First lost connection to the first success after it, the longest outage; none without one.
    pub time_to_recover_s: Option<f64>,
    /// True when an outage was still open at the end.
    pub still_down: bool,
    /// The 20 slowest statements of the measured window, slowest first.
    pub slowest: Vec<SlowStatement>,
    /// Our own threads, over the measured window.
    pub generator: GeneratorSample,
    /// Number of load threads.
    pub threads: u32,
    /// The poller that ran, and why another did not.
    pub poller: String,
    /// What else happened, in order.
    pub events: Vec<Event>,
    /// Most connections with an action in flight at once, measured window.
    pub in_use_max: u64,
    /// Mean number of connections without an action in flight, measured window.
    pub idle_mean: f64,
    /// True when the user ended the run before its time.
    pub interrupted: bool,
}

impl Measured {
    /// All actions of the measured window in one sample.
    pub fn all_actions(&self) -> ActionSample {
        let mut all = ActionSample::default();
        self.actions.iter().for_each(|sample| all += sample);
        all
    }

    /// True when every action of both phases met exactly one end.
    pub fn adds_up(&self) -> bool {
        self.actions.iter().chain(&self.warm_up_actions).all(|sample| sample.counts.adds_up())
    }
}
