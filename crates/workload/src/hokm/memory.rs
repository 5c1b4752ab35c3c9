//! What one client remembers for the verification and the metrics, in bounded memory.
//!
//! Only acknowledged things are counted. Ended games fold into a count and a checksum; a game
//! whose events may still be expired waits in a queue of bounded length.

use super::doubt::GivenUp;
use super::keys::{Fold, GameKey};
use model::verification::Check;
use std::collections::VecDeque;
use std::time::Duration;

/// Comparisons made while the run went on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub checked: u64,
    /// How many were not as they must be.
    pub violations: u64,
    /// The first of those, in words.
    pub sample: Option<String>,
}

impl Tally {
    /// Counts a comparison that held.
    pub fn hold(&mut self) {
        self.checked += 1;
    }

    /// Counts one that did not.
    pub fn violate(&mut self, sample: impl FnOnce() -> String) {
        self.checked += 1;
        self.add_violation(sample);
    }

    /// Counts a violation of something that was counted as checked already.
    pub fn add_violation(&mut self, sample: impl FnOnce() -> String) {
        self.violations += 1;
        self.sample.get_or_insert_with(sample);
    }

    /// Counts a comparison.
    pub fn expect(&mut self, holds: bool, sample: impl FnOnce() -> String) {
        if holds { self.hold() } else { self.violate(sample) }
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Tally) {
        self.checked += other.checked;
        self.violations += other.violations;
        if self.sample.is_none() {
            self.sample.clone_from(&other.sample);
        }
    }

    /// The check of this name that it makes.
    pub fn into_check(self, name: &str) -> Check {
        let Tally { checked, violations, sample } = self;
        Check { name: name.to_owned(), checked, violations, sample }
    }
}

/// An ended game whose events may be expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub game: GameKey,
    /// The events that are still stored.
    pub left: Fold,
    /// When it ended.
    pub at: Duration,
    /// An expiry of it was sent and never answered: some of `left` may be gone.
    pub is_uncertain: bool,
}

/// What happened in the measured window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Games created.
    pub games_started: u64,
    /// Games that a side won.
    pub games_completed: u64,
    /// Games that a player left for good.
    pub games_abandoned: u64,
    /// Completed games whose beginning was seen too.
    pub timed_games: u64,
    /// How long those took together, in seconds.
    pub timed_games_s: f64,
    /// Actions of users that succeeded.
    pub actions: u64,
}

/// Everything that one client remembers.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Events of ended games that must be stored: acknowledged, and not reported as expired.
    pub ended_events: Fold,
    /// Events acknowledged in all.
    pub events: u64,
    /// Games of tables whose rows exist, created in this run.
    pub games_created: u64,
    /// Rooms of lobbies whose rows exist.
    pub rooms_created: u64,
    /// Games of tables that ended by being won.
    pub games_finished: u64,
    /// Games of tables that were abandoned.
    pub games_abandoned: u64,
    /// Rooms of lobbies that were closed.
    pub rooms_closed: u64,
    /// Hands won in finished and abandoned games.
    pub hands_won: u64,
    /// Players who sat down.
    pub members: u64,
    /// Sessions opened.
    pub sessions_opened: u64,
    /// Sessions that the server reported as expired.
    pub sessions_expired: u64,
    /// Sessions that an unanswered expiry may have taken.
    pub sessions_expired_unknown: u64,
    /// Events that the server reported as expired.
    pub events_expired: u64,
    /// Events of preloaded games that the server reported as expired.
    pub history_expired: Fold,
    /// Transactions rolled back on purpose.
    pub rollbacks: u64,
    /// Reads and changes whose answers were compared with what was acknowledged before.
    pub answers: Tally,
    /// Looks after a rollback for what it left.
    pub rollback_looks: Tally,
    /// Expired rows compared with what should have been expired.
    pub expiry: Tally,
    /// Ended games that wait to be expired.
    pub queue: VecDeque<Ended>,
    /// Games that nobody goes on with, for a commit may still change them: one for each that was
    /// never answered and that nothing could settle, as many as are followed.
    pub given_up: Vec<GivenUp>,
    /// The measured window.
    pub measured: Measured,
}

/// Ended games beyond this are never expired by this client: the queue must not grow with a run.
const LONGEST_QUEUE: usize = 64;

impl Memory {
    /// Remembers an ended game; its events may be expired when it is their turn.
    pub fn remember_ended(&mut self, game: GameKey, events: Fold, at: Duration) {
        self.ended_events = self.ended_events.plus(events);
        if self.queue.len() < LONGEST_QUEUE {
            self.queue.push_back(Ended { game, left: events, at, is_uncertain: false });
        }
    }

    /// The next ended game whose events are old enough to be expired.
    pub fn take_expirable(&mut self, now: Duration, after: Duration) -> Option<Ended> {
        let is_old = |ended: &Ended| ended.at.saturating_add(after) <= now;
        if self.queue.front().is_some_and(is_old) { self.queue.pop_front() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_of_ended_games_is_bounded_and_the_fold_is_not() {
        let mut memory = Memory::default();
        for number in 0..1_000 {
            let game = GameKey::Table { table: 0, number };
            let events = Fold::of_range(game.code(), 0, 3);
            memory.remember_ended(game, events, Duration::from_secs(number.into()));
        }
        assert_eq!((memory.queue.len(), memory.ended_events.count), (LONGEST_QUEUE, 3_000));
    }

    #[test]
    fn only_old_games_are_expirable() {
        let mut memory = Memory::default();
        let game = GameKey::Table { table: 0, number: 0 };
        memory.remember_ended(game, Fold::default(), Duration::from_secs(5));
        let after = Duration::from_secs(10);
        assert_eq!(memory.take_expirable(Duration::from_secs(14), after), None);
        assert!(memory.take_expirable(Duration::from_secs(15), after).is_some());
    }
}
