//! Seconds in which something of the server's own was at work (a checkpoint, autovacuum), beside
//! those in which it was not: how slow the load was in each.
//!
//! The load's seconds and the server's come from two threads, one a little after the other, so a
//! second waits here for its other half. Of a stage only two histograms are kept for each: the same
//! memory, however long it lasts. Whether the difference means anything is for `analyze` to say.

use crate::histogram::IntervalHistogram;
use crate::series::ServerRow;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// In this share of a second's samples something has to be at work for the second to count as one
/// with it: a process that wakes up for a moment is in one of ten. A second with less of it, and
/// more than nothing, counts for neither side.
const AT_WORK_PERCENT: f64 = 15.0;
/// A shorter interval is the end of a run: too little for a percentile of its own.
const SHORTEST_S: f64 = 0.5;
/// How many seconds wait for their other half. The monitor is late by about one.
const WAITING: usize = 64;

/// The seconds of one side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OverlapSide {
    /// How many there were.
    pub seconds: u64,
    /// The median of their 99th percentiles of response time.
    pub response_time_p99_median_ms: f64,
    /// Those percentiles, one of each second: HDR V2 of µs, base64.
    pub response_time_p99: String,
}

/// A stage's seconds by whether something was at work in them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overlap {
    /// How often it began; one that had begun in the stage before is none of this one.
    pub periods: u64,
    /// The seconds with it.
    pub with: OverlapSide,
    /// The seconds without.
    pub without: OverlapSide,
}

/// What is gathered of one kind of work.
#[derive(Clone, Debug, Default)]
struct Sides {
    with: IntervalHistogram,
    without: IntervalHistogram,
    periods: u64,
}

impl Sides {
    /// Takes a second; `was_at_work`: whether it was in the one before, whose stage may be another.
    fn add(&mut self, p99_us: u64, percent: f64, was_at_work: &mut bool) {
        if percent >= AT_WORK_PERCENT {
            self.with.record_us(p99_us);
            self.periods += u64::from(!*was_at_work);
            *was_at_work = true;
        } else if percent == 0.0 {
            self.without.record_us(p99_us);
            *was_at_work = false;
        }
    }

    fn overlap(&self) -> Option<Overlap> {
        let side = |of: &IntervalHistogram| OverlapSide {
            seconds: of.count(),
            response_time_p99_median_ms: of.quantile_ms(0.5).unwrap_or(0.0),
            response_time_p99: of.to_base64(),
        };
        let is_there = self.with.count() > 0;
        let (with, without) = (&self.with, &self.without);
        is_there.then(|| Overlap {
            periods: self.periods,
            with: side(with),
            without: side(without),
        })
    }
}

/// What was seen of a stage.
#[derive(Clone, Debug, Default)]
struct OfStage {
    checkpoint: Sides,
    autovacuum: Sides,
}

/// The halves of a second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    /// Its stage and its 99th percentile.
    load: Option<(usize, u64)>,
    /// Shares of its samples in which a checkpoint, and autovacuum, was at work.
    server: Option<(Option<f64>, Option<f64>)>,
}

/// Brings the seconds of the load and of the server together.
#[derive(Clone, Debug, Default)]
pub(super) struct Overlaps {
    waiting: BTreeMap<u64, Second>,
    of_stage: BTreeMap<usize, Box<OfStage>>,
    /// Whether a checkpoint, and autovacuum, was at work in the second before.
    was_at_work: (bool, bool),
}

impl Overlaps {
    /// Takes a second of the load, in stage number `stage`: when it began since the warm-up did,
    /// how long it was, and its 99th percentile; none where nothing ended in it.
    pub(super) fn load(
        &mut self,
        stage: usize,
        (start_s, length_s): (f64, f64),
        p99_ms: Option<f64>,
    ) {
        if let Some(p99_ms) = p99_ms.filter(|_| length_s >= SHORTEST_S) {
            let load = Some((stage, (p99_ms * 1000.0) as u64));
            self.half(start_s + length_s / 2.0, |second| second.load = load);
        }
    }

    /// Takes a second of the server, which began so long since the warm-up did.
    pub(super) fn server(&mut self, start_s: f64, row: &ServerRow) {
        let server = Some((row.checkpoint_active_percent, row.autovacuum_active_percent));
        self.half(start_s + 0.5, |second| second.server = server);
    }

    /// Adds a half to the second that `middle_s` lies in.
    fn half(&mut self, middle_s: f64, add: impl FnOnce(&mut Second)) {
        let at = middle_s as u64;
        let second = self.waiting.entry(at).or_default();
        add(second);
        if let Second { load: Some((stage, p99_us)), server: Some((checkpoint, autovacuum)) } =
            *second
        {
            self.waiting.remove(&at);
            let of = self.of_stage.entry(stage).or_default();
            if let Some(percent) = checkpoint {
                of.checkpoint.add(p99_us, percent, &mut self.was_at_work.0);
            }
            if let Some(percent) = autovacuum {
                of.autovacuum.add(p99_us, percent, &mut self.was_at_work.1);
            }
        }
        if self.waiting.len() > WAITING {
            self.waiting.pop_first();
        }
    }

    /// What was seen of a stage: of checkpoints, and of autovacuum. None of what was never at work.
    pub(super) fn of(&self, stage: usize) -> (Option<Overlap>, Option<Overlap>) {
        let of = self.of_stage.get(&stage);
        let one = |pick: fn(&OfStage) -> &Sides| of.and_then(|it| pick(it).overlap());
        (one(|it| &it.checkpoint), one(|it| &it.autovacuum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(checkpoint: Option<f64>) -> ServerRow {
        let autovacuum_active_percent = Some(0.0);
        ServerRow {
            checkpoint_active_percent: checkpoint,
            autovacuum_active_percent,
            ..ServerRow::default()
        }
    }

    /// Seconds with a checkpoint in this share of them; those with one take 80 ms, others 10 ms.
    fn seen(percents: &[Option<f64>]) -> Overlaps {
        let mut all = Overlaps::default();
        for (second, percent) in percents.iter().enumerate() {
            let p99_ms = if percent.is_some_and(|it| it > 0.0) { 80.0 } else { 10.0 };
            all.load(0, (second as f64 + 0.002, 0.999), Some(p99_ms));
            if let Some(before) = second.checked_sub(1) {
                all.server(before as f64, &row(percents[before]));
            }
        }
        all.server(percents.len() as f64 - 1.0, &row(*percents.last().unwrap()));
        all
    }

    #[test]
    fn the_halves_of_a_second_find_each_other_though_one_is_late() {
        let percents = [0.0, 40.0, 100.0, 10.0, 0.0, 0.0, 20.0].map(Some);
        let (checkpoint, autovacuum) = seen(&percents).of(0);
        let seen = checkpoint.unwrap();
        assert_eq!((seen.periods, seen.with.seconds, seen.without.seconds), (2, 3, 3));
        let medians = [&seen.with, &seen.without].map(|it| it.response_time_p99_median_ms.round());
        assert_eq!(medians, [80.0, 10.0]);
        assert_eq!(autovacuum, None, "it was never at work");
    }

    #[test]
    fn what_began_before_a_stage_did_not_begin_in_it() {
        let mut all = Overlaps::default();
        for (second, percent) in [0.0, 90.0, 90.0, 0.0, 90.0].into_iter().enumerate() {
            all.load(usize::from(second >= 2), (second as f64, 1.0), Some(10.0));
            all.server(second as f64, &row(Some(percent)));
        }
        let periods = |stage| all.of(stage).0.unwrap().periods;
        assert_eq!((periods(0), periods(1)), (1, 1));
    }

    #[test]
    fn seconds_of_which_nobody_knows_count_for_neither_side() {
        let (checkpoint, _) = seen(&[Some(0.0), None, Some(50.0), None]).of(0);
        let seen = checkpoint.unwrap();
        assert_eq!((seen.with.seconds, seen.without.seconds), (1, 1));
    }

    #[test]
    fn seconds_without_their_other_half_do_not_pile_up() {
        let mut all = Overlaps::default();
        (0..10_000).for_each(|second| all.load(0, (f64::from(second), 1.0), Some(1.0)));
        assert_eq!(all.waiting.len(), WAITING);
    }
}
