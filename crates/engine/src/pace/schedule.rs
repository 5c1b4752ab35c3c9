//! One thread's share of the intended starts.
//!
//! The slots of the whole run are dealt to clients in turn; a thread takes the slots of its
//! clients, so the union over all threads is the same schedule whatever the number of threads.
//! There is no queue: what is late is the distance between the cursor and now.

use super::Curve;
use model::random::Generator;
use rand::{Rng as _, RngExt as _};
use std::sync::Arc;

/// How the gaps between intended starts are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// Even gaps.
    Uniform,
    /// Exponential gaps: independent users.
    Poisson,
}

/// Which clients of all belong to a thread: `first..first + width` of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The thread's first client.
    pub first: u64,
    /// How many clients it has, at least 1.
    pub width: u64,
    /// How many clients there are in all threads.
    pub of: u64,
}

impl Lane {
    /// The global number of this lane's `n`th slot.
    fn slot(self, n: u64) -> u64 {
        (n / self.width) * self.of + self.first + n % self.width
    }
}

#[derive(Debug)]
enum Cursor {
    Uniform { next: u64 },
    Poisson { reached: f64, generator: Box<Generator> },
}

/// The intended starts of one thread, in order.
#[derive(Debug)]
pub struct Schedule {
    curve: Arc<Curve>,
    lane: Lane,
    cursor: Cursor,
    next_ns: Option<u64>,
}

impl Schedule {
    /// The schedule of `lane` along `curve`. `generator` is used by Poisson arrivals only.
    pub fn new(curve: Arc<Curve>, lane: Lane, arrivals: Arrivals, generator: Generator) -> Self {
        let cursor = match arrivals {
            Arrivals::Uniform => Cursor::Uniform { next: 0 },
            Arrivals::Poisson => Cursor::Poisson { reached: 0.0, generator: Box::new(generator) },
        };
        let mut schedule = Schedule { curve, lane, cursor, next_ns: None };
        if let Cursor::Poisson { .. } = schedule.cursor {
            schedule.forward(1);
        }
        schedule.next_ns = schedule.due_ns();
        schedule
    }

    /// The next intended start, ns from the start of the run; none when the schedule is over.
    #[inline]
    pub fn peek_ns(&self) -> Option<u64> {
        self.next_ns
    }

    /// Gives the next intended start to an action that takes `slots` (at least 1).
    pub fn take(&mut self, slots: u32) {
        self.forward(slots.max(1));
        self.next_ns = self.due_ns();
    }

    fn forward(&mut self, slots: u32) {
        match &mut self.cursor {
            Cursor::Uniform { next } => *next += u64::from(slots),
            Cursor::Poisson { reached, generator } => {
                // 1 - u lies in (0, 1], so the logarithm is finite.
                let u: f64 = 1.0 - generator.random::<f64>();
                let share = self.lane.of as f64 / self.lane.width as f64;
                *reached += -u.ln() * f64::from(slots) * share;
            }
        }
    }

    fn due_ns(&self) -> Option<u64> {
        let slot = match &self.cursor {
            Cursor::Uniform { next } => self.lane.slot(*next) as f64,
            Cursor::Poisson { reached, .. } => *reached,
        };
        self.curve.time_of(slot).map(|at_s| (at_s * 1e9).round() as u64)
    }
}

/// A number in `0.5..1.5` to spread what would otherwise happen at once.
pub(crate) fn jitter(generator: &mut Generator) -> f64 {
    0.5 + (generator.next_u32() as f64) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::Stage;
    use model::random::generator;
    use proptest::prelude::*;
    use std::time::Duration;

    fn starts(curve: &Arc<Curve>, lane: Lane, arrivals: Arrivals) -> Vec<u64> {
        let rng = generator(1, "arrivals", lane.first);
        let mut schedule = Schedule::new(curve.clone(), lane, arrivals, rng);
        let mut starts = Vec::new();
        while let Some(at) = schedule.peek_ns() {
            starts.push(at);
            schedule.take(1);
        }
        starts
    }

    fn curve(seconds: u64, per_s: f64) -> Arc<Curve> {
        Arc::new(Curve::new(&[Stage::hold(Duration::from_secs(seconds), per_s)]))
    }

    proptest! {
        #[test]
        fn lanes_together_are_the_whole_schedule(width in 1..5_u64, of in 5..12_u64, per_s in 1.0..400.0) {
            let curve = curve(7, per_s);
            let whole = starts(&curve, Lane { first: 0, width: of, of }, Arrivals::Uniform);
            let mut parts = starts(&curve, Lane { first: 0, width, of }, Arrivals::Uniform);
            parts.extend(starts(&curve, Lane { first: width, width: of - width, of }, Arrivals::Uniform));
            parts.sort_unstable();
            prop_assert_eq!(whole.len() as f64, (7.0 * per_s).ceil());
            prop_assert_eq!(whole, parts);
        }

        #[test]
        fn an_action_of_k_statements_takes_k_slots(k in 1..9_u32) {
            let lane = Lane { first: 0, width: 1, of: 1 };
            let mut schedule = Schedule::new(curve(60, 100.0), lane, Arrivals::Uniform, generator(1, "a", 0));
            schedule.take(k);
            prop_assert_eq!(schedule.peek_ns(), Some(u64::from(k) * 10_000_000));
        }
    }

    #[test]
    fn poisson_arrivals_have_the_mean_rate_and_the_spread_of_independent_users() {
        let starts =
            starts(&curve(100, 1000.0), Lane { first: 0, width: 4, of: 8 }, Arrivals::Poisson);
        let gaps: Vec<f64> = starts.windows(2).map(|w| (w[1] - w[0]) as f64 / 1e9).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let deviation =
            (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        assert!((mean * 500.0 - 1.0).abs() < 0.02, "mean gap {mean}");
        assert!((deviation / mean - 1.0).abs() < 0.03, "an exponential deviates by its mean");
    }
}
