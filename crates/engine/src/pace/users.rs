//! How many users are active over time: straight lines from one number to the next.
//!
//! Users are numbered; of `n` active users these are the first `n`, so who comes last leaves
//! first. The number is the line's value, rounded. Pure, as the rest of pacing: a [`Ramp`] says
//! who of one thread comes and goes next, and when; it opens and closes nothing.

use std::sync::Arc;
use std::time::Duration;

/// A stretch of time in which the number of users goes in a straight line; one of no length
/// jumps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UserStage {
    /// How long.
    pub duration: Duration,
    /// Users at its end; at its start as many as at the end of the one before, first none.
    pub target: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    start_s: f64,
    length_s: f64,
    from: f64,
    to: f64,
}

/// The number of active users over the whole run, warm-up included.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Users {
    lines: Vec<Line>,
}

impl Users {
    /// The stages one after another; afterwards the last number stays.
    pub fn new(stages: &[UserStage]) -> Users {
        let (mut lines, mut start_s, mut from) = (Vec::new(), 0.0, 0.0);
        for stage in stages {
            let (length_s, to) = (stage.duration.as_secs_f64(), f64::from(stage.target));
            lines.push(Line { start_s, length_s, from, to });
            (start_s, from) = (start_s + length_s, to);
        }
        Users { lines }
    }

    /// How many there are at `at_s` seconds from the start.
    pub fn at(&self, at_s: f64) -> u64 {
        let index = self.lines.partition_point(|line| line.start_s <= at_s);
        let Some(line) = index.checked_sub(1).and_then(|i| self.lines.get(i)) else { return 0 };
        let share = if line.length_s > 0.0 { (at_s - line.start_s) / line.length_s } else { 1.0 };
        (line.from + (line.to - line.from) * share.min(1.0)).round() as u64
    }
}

/// One user of a thread comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The thread's client of this number becomes active.
    Comes(usize),
    /// It leaves after its current action.
    Goes(usize),
}

/// Who of one thread comes and goes, in order of time.
#[derive(Clone, Debug)]
pub(crate) struct Ramp {
    users: Arc<Users>,
    /// The number among all users of each client of the thread, rising.
    ranks: Vec<u64>,
    /// The thread's first so many clients are active.
    active: usize,
    line: usize,
}

impl Ramp {
    /// The ramp of the thread whose clients are the users `ranks` of all.
    pub(crate) fn new(users: Arc<Users>, ranks: Vec<u64>) -> Ramp {
        Ramp { users, ranks, active: 0, line: 0 }
    }

    /// The next change and its time, ns from the start of the run.
    pub(crate) fn peek(&mut self) -> Option<(u64, Change)> {
        while let Some(line) = self.users.lines.get(self.line) {
            // User k is there while the line is at k + 1/2 or above. Lines are a path without
            // gaps, so on a rising one users only come and on a falling one they only go.
            let (client, change) = if line.to > line.from {
                (Some(self.active), Change::Comes as fn(usize) -> Change)
            } else {
                (self.active.checked_sub(1), Change::Goes as fn(usize) -> Change)
            };
            let crossing = client.and_then(|client| {
                let level = *self.ranks.get(client)? as f64 + 0.5;
                let crosses = line.from.min(line.to) <= level && level < line.from.max(line.to);
                crosses.then(|| {
                    let share = (level - line.from) / (line.to - line.from);
                    let at_s = line.start_s + line.length_s * share;
                    ((at_s * 1e9).round() as u64, change(client))
                })
            });
            if crossing.is_some() {
                return crossing;
            }
            self.line += 1;
        }
        None
    }

    /// Takes the next change, which is then done.
    pub(crate) fn take(&mut self, change: Change) {
        self.active = match change {
            Change::Comes(client) => client + 1,
            Change::Goes(client) => client,
        };
    }
}

/// The numbers of users dealt to threads of these sizes, one after another in turn, so that
/// every thread has its share of any first `n`.
pub(crate) fn ranks(sizes: &[usize]) -> Vec<Vec<u64>> {
    let mut ranks: Vec<Vec<u64>> = sizes.iter().map(|_| Vec::new()).collect();
    let mut next = 0;
    for turn in 0..sizes.iter().copied().max().unwrap_or(0) {
        for (own, _) in ranks.iter_mut().zip(sizes).filter(|(_, size)| turn < **size) {
            own.push(next);
            next += 1;
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stages(list: &[(u64, u32)]) -> Arc<Users> {
        let stage = |&(ms, target)| UserStage { duration: Duration::from_millis(ms), target };
        Arc::new(Users::new(&list.iter().map(stage).collect::<Vec<_>>()))
    }

    fn changes(users: &Arc<Users>, ranks: Vec<u64>) -> Vec<(u64, Change)> {
        let mut ramp = Ramp::new(users.clone(), ranks);
        let next = || {
            let change = ramp.peek()?;
            ramp.take(change.1);
            Some(change)
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn users_come_one_by_one_and_who_came_last_leaves_first() {
        let users = stages(&[(2_000, 2), (1_000, 2), (2_000, 0)]);
        let seen = changes(&users, vec![0, 1]);
        let ms: Vec<_> = seen.iter().map(|(at, change)| (at / 1_000_000, *change)).collect();
        let (comes, goes) = (Change::Comes, Change::Goes);
        assert_eq!(ms, [(500, comes(0)), (1_500, comes(1)), (3_500, goes(1)), (4_500, goes(0))]);
        assert_eq!((users.at(0.0), users.at(1.0), users.at(2.9), users.at(9.0)), (0, 1, 2, 0));
    }

    #[test]
    fn a_stage_of_no_length_jumps() {
        let seen = changes(&stages(&[(0, 3), (1_000, 3), (0, 0)]), vec![0, 1, 2]);
        let at: Vec<_> = seen.iter().map(|(at, _)| *at).collect();
        assert_eq!(at, [0, 0, 0, 1_000_000_000, 1_000_000_000, 1_000_000_000]);
    }

    proptest! {
        #[test]
        fn threads_together_hold_as_many_users_as_the_stages_say(
            list in prop::collection::vec((0..5_000_u64, 0..40_u32), 1..8),
            sizes in prop::collection::vec(1..20_usize, 1..4), at_ms in 0..20_000_u64,
        ) {
            let users = stages(&list);
            let whole: u64 = sizes.iter().map(|size| *size as u64).sum();
            let at_ns = at_ms * 1_000_000 + 1;
            let mut active = 0_i64;
            for own in ranks(&sizes) {
                for (_, change) in changes(&users, own).iter().filter(|(at, _)| *at <= at_ns) {
                    active += if matches!(change, Change::Comes(_)) { 1 } else { -1 };
                }
            }
            let planned = users.at(at_ns as f64 / 1e9).min(whole) as i64;
            // The moment of a change may fall on either side of it.
            prop_assert!((active - planned).abs() <= 1, "{} of {}", active, planned);
        }

        #[test]
        fn every_user_gets_one_number(sizes in prop::collection::vec(1..9_usize, 1..5)) {
            let mut all: Vec<u64> = ranks(&sizes).concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..sizes.iter().sum::<usize>() as u64).collect::<Vec<_>>());
        }
    }
}
