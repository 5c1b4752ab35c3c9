//! What happened to one operation in one interval, mergeable.
//!
//! The same shape serves an interval of one thread (`u32` counters) and the totals of a run
//! (`u64`): counters merge in one place, the `AddAssign`s below.

use crate::histogram::Histogram;
use hdrhistogram::Counter;
use std::ops::AddAssign;

/// Which part of a run an operation's intended start belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Recorded and kept apart.
    WarmUp,
    /// What the result speaks of.
    Measured,
}

/// How many actions met which end. `scheduled = succeeded + failed + skipped + unfinished`, and
/// `unknown` is an of-which of `failed`, `late` of `succeeded`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionCounts {
    /// Given to the engine by the pace.
    pub scheduled: u64,
    /// Answered as the workload wants it.
    pub succeeded: u64,
    /// Of the succeeded: took longer than the latency limit; 0 where there is none.
    pub late: u64,
    /// Answered with an error, or the connection went away.
    pub failed: u64,
    /// Of the failed: a commit was sent and never answered, it may or may not have happened.
    pub unknown: u64,
    /// Hopelessly late, never sent.
    pub skipped: u64,
    /// No answer when the run ended.
    pub unfinished: u64,
    /// Further tries after a serialization failure or a deadlock.
    pub retries: u64,
}

impl ActionCounts {
    /// True when every scheduled action met exactly one end.
    pub fn adds_up(&self) -> bool {
        self.scheduled == self.succeeded + self.failed + self.skipped + self.unfinished
            && self.unknown <= self.failed
            && self.late <= self.succeeded
    }

    /// Actions that ended with an answer or a failure.
    pub fn finished(&self) -> u64 {
        self.succeeded + self.failed
    }

    /// Those that met an end.
    pub fn ended(&self) -> u64 {
        self.finished() + self.skipped + self.unfinished
    }

    /// In the order of the fields.
    pub fn to_array(self) -> [u64; 8] {
        let ActionCounts {
            scheduled,
            succeeded,
            late,
            failed,
            unknown,
            skipped,
            unfinished,
            retries,
        } = self;
        [scheduled, succeeded, late, failed, unknown, skipped, unfinished, retries]
    }

    /// What [`ActionCounts::to_array`] gave.
    pub fn of_array(counts: [u64; 8]) -> ActionCounts {
        let [scheduled, succeeded, late, failed, unknown, skipped, unfinished, retries] = counts;
        ActionCounts { scheduled, succeeded, late, failed, unknown, skipped, unfinished, retries }
    }
}

impl AddAssign for ActionCounts {
    fn add_assign(&mut self, other: ActionCounts) {
        self.scheduled += other.scheduled;
        self.succeeded += other.succeeded;
        self.late += other.late;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.skipped += other.skipped;
        self.unfinished += other.unfinished;
        self.retries += other.retries;
    }
}

/// Counts and latencies of one action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActionSample<C: Counter = u64> {
    /// How many met which end.
    pub counts: ActionCounts,
    /// Intended start to last byte, of the finished.
    pub response: Histogram<C>,
    /// Sent to last byte, of the finished.
    pub service: Histogram<C>,
    /// Intended start to a connection being free, of all that were sent.
    pub wait: Histogram<C>,
    /// The later of those two to sent, of all that were sent: our own delay.
    pub lateness: Histogram<C>,
}

impl<C: Counter, D: Counter> AddAssign<&ActionSample<D>> for ActionSample<C> {
    fn add_assign(&mut self, other: &ActionSample<D>) {
        self.counts += other.counts;
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.wait.merge(&other.wait);
        self.lateness.merge(&other.lateness);
    }
}

impl<C: Counter> ActionSample<C> {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.counts = ActionCounts::default();
        for histogram in [&mut self.response, &mut self.service, &mut self.wait, &mut self.lateness]
        {
            histogram.clear();
        }
    }
}

/// Counts and latencies of one statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatementSample<C: Counter = u64> {
    /// Answered, with or without an error.
    pub count: u64,
    /// Of those: answered with an error.
    pub failed: u64,
    /// Rows returned or changed.
    pub rows: u64,
    /// Sent (or the previous answer of the same round trip, if later) to answered.
    pub service: Histogram<C>,
}

impl<C: Counter, D: Counter> AddAssign<&StatementSample<D>> for StatementSample<C> {
    fn add_assign(&mut self, other: &StatementSample<D>) {
        self.count += other.count;
        self.failed += other.failed;
        self.rows += other.rows;
        self.service.merge(&other.service);
    }
}

impl<C: Counter> StatementSample<C> {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        (self.count, self.failed, self.rows) = (0, 0, 0);
        self.service.clear();
    }
}

/// What became of connections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectionSample<C: Counter = u64> {
    /// Connects begun.
    pub attempted: u64,
    /// Of those: never became usable.
    pub failed: u64,
    /// Usable connections that went away.
    pub lost: u64,
    /// Connections usable again after one was lost.
    pub reconnected: u64,
    /// Connect begun to usable (handshake, authentication and preparation included).
    pub connect: Histogram<C>,
}

impl<C: Counter, D: Counter> AddAssign<&ConnectionSample<D>> for ConnectionSample<C> {
    fn add_assign(&mut self, other: &ConnectionSample<D>) {
        self.attempted += other.attempted;
        self.failed += other.failed;
        self.lost += other.lost;
        self.reconnected += other.reconnected;
        self.connect.merge(&other.connect);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn action(ends: &[(u8, u64)]) -> ActionSample<u32> {
        let mut sample = ActionSample::default();
        for &(end, us) in ends {
            sample.counts.scheduled += 1;
            match end % 4 {
                0 => sample.counts.succeeded += 1,
                1 => sample.counts.failed += 1,
                2 => sample.counts.skipped += 1,
                _ => sample.counts.unfinished += 1,
            }
            sample.response.record_us(us);
            sample.lateness.record_us(us / 7);
        }
        sample
    }

    proptest! {
        #[test]
        fn samples_merged_in_any_grouping_equal_one_sample_of_everything(
            groups in prop::collection::vec(
                prop::collection::vec((any::<u8>(), 0..10_000_000_u64), 0..30), 1..6),
            cut in 0..6_usize,
        ) {
            let whole: Vec<_> = groups.iter().flatten().copied().collect();
            let mut expected = ActionSample::<u64>::default();
            expected += &action(&whole);
            let (mut left, mut right) = (ActionSample::<u64>::default(), ActionSample::<u64>::default());
            for (i, group) in groups.iter().enumerate() {
                *(if i < cut { &mut left } else { &mut right }) += &action(group);
            }
            left += &right;
            prop_assert_eq!(left, expected);
        }

        #[test]
        fn counts_that_lost_one_do_not_add_up(ends in prop::collection::vec((any::<u8>(), 0..9_u64), 1..30)) {
            let mut counts = action(&ends).counts;
            prop_assert!(counts.adds_up());
            counts.scheduled += 1;
            prop_assert!(!counts.adds_up());
        }
    }
}
