//! What one run of load is: how many clients, when they start, how long, how patient.
//!
//! Resolved and checked elsewhere; the engine takes it as it is.

use crate::pace::{Arrivals, Curve, Users};
use crate::poller::PollerChoice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// What a slot of an open loop's schedule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// One action, however many statements it sends.
    Actions,
    /// One statement: an action of k statements takes k slots and starts at the first.
    Statements,
}

/// When actions are meant to start.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Each client starts its next action when the one before has ended and a think time has
    /// passed, drawn evenly from the range.
    Closed {
        /// Shortest think time.
        think_min: Duration,
        /// Longest think time.
        think_max: Duration,
        /// How many clients are active over warm-up and measured time, each connected as long
        /// as it is; none when all are, always.
        users: Option<Arc<Users>>,
    },
    /// Actions start by a schedule, whatever the server does.
    Open {
        /// The rate over warm-up and measured time.
        curve: Arc<Curve>,
        /// How the gaps are made.
        arrivals: Arrivals,
        /// What a slot is.
        unit: Unit,
        /// An action later than this is skipped.
        max_backlog: Duration,
    },
}

/// One run.
#[derive(Clone, Debug)]
pub struct Load {
    /// Connections, at least 1.
    pub clients: u32,
    /// Load threads, at least 1 and at most `clients`.
    pub threads: u32,
    /// How bytes are moved.
    pub poller: PollerChoice,
    /// When actions are meant to start.
    pub shape: Shape,
    /// Recorded and kept apart, before the measured time.
    pub warm_up: Duration,
    /// The measured time.
    pub duration: Duration,
    /// How long in-flight actions may take after it.
    pub grace: Duration,
    /// Tries per action, at least 1.
    pub max_tries: u32,
    /// Each client ends after so many actions of the measured time, at least 1; then the run
    /// may end before its duration. None: the duration alone decides.
    pub actions_per_client: Option<u64>,
    /// A succeeded action that took longer than this counts as late, and an action of a schedule
    /// that is later than this before it is sent is skipped.
    pub latency_limit: Option<Duration>,
    /// The share of actions, above 0 and up to 1, that the observer is told one by one; none for
    /// none of them.
    pub noted_share: Option<f64>,
    /// Every action gets a connection of its own, opened when it is due.
    pub reconnect: bool,
    /// How long a connect with handshake and preparation may take.
    pub connect_timeout: Duration,
    /// The seed of arrivals, think times and reconnect jitter.
    pub seed: u64,
}

impl Load {
    /// How many clients are to be connected at `at_s` seconds from the start of the warm-up.
    pub(crate) fn users_at(&self, at_s: f64) -> u64 {
        match &self.shape {
            Shape::Closed { users: Some(users), .. } => users.at(at_s),
            _ => u64::from(self.clients),
        }
    }
}

/// How another thread ends a run.
#[derive(Debug, Default)]
pub struct Control(AtomicU8);

impl Control {
    /// Lets a next run begin after one that was stopped.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Begins no further action; those in flight get their grace.
    pub fn stop(&self) {
        self.0.fetch_max(1, Ordering::Relaxed);
    }

    /// Ends at once; what is in flight is unfinished.
    pub fn stop_now(&self) {
        self.0.store(2, Ordering::Relaxed);
    }

    /// True after `stop` or `stop_now`.
    #[inline]
    pub fn is_stopping(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= 1
    }

    /// True after `stop_now`.
    #[inline]
    pub fn is_stopping_now(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= 2
    }
}
