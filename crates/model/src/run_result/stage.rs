//! The stages of a schedule, summed up while they go by.
//!
//! Each stage keeps one distribution and at most ten blocks of equal length, so a stage of an
//! hour takes no more memory than one of a minute, and still shows whether it was steady.

use super::operation::short;
use super::overlap::{Overlap, Overlaps};
use crate::histogram::Histogram;
use crate::measured::Interval;
use crate::metric::Distribution;
use crate::plan::{Plan, Rate, Shape, Unit};
use crate::sample::{ActionCounts, Phase};
use crate::series::ServerRow;
use crate::units::decimal;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Into how many blocks a stage is cut: enough for a trend test to be sure at 1 %.
pub const BLOCKS: usize = 10;

/// One stage, as planned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StagePlan {
    /// What it is (`hold 500/s`).
    pub name: String,
    /// Where it begins, seconds since measuring began.
    pub from_s: f64,
    /// How long it lasts.
    pub length_s: f64,
    /// True when its load does not change, so that it ought to become steady.
    pub hold: bool,
    /// True when it is a number of users that makes the load.
    pub users: bool,
}

impl StagePlan {
    /// The stages of a plan's measured time; one that holds where the load does not change.
    pub fn all_of(plan: &Plan) -> Vec<StagePlan> {
        let duration_s = plan.duration.as_secs_f64();
        let hold = || StagePlan { hold: true, ..StagePlan::default() };
        let whole = |name| vec![StagePlan { name, from_s: 0.0, length_s: duration_s, ..hold() }];
        let (rate, unit) = match &plan.shape {
            Shape::Closed { user_stages: Some(stages), .. } => {
                let lines = stages.iter().map(|it| (it.duration, f64::from(it.target_users)));
                return staged(lines, "users");
            }
            Shape::Closed { .. } => return whole(format!("{} connections", plan.connections)),
            Shape::Open { rate, unit, .. } => (rate, *unit),
        };
        let noun = match unit {
            Unit::Actions => "actions/s",
            Unit::Statements => "statements/s",
        };
        match rate {
            Rate::Constant { per_s } => whole(format!("{} {noun}", decimal(*per_s))),
            Rate::Stages(stages) => {
                staged(stages.iter().map(|it| (it.duration, it.target_per_s)), noun)
            }
        }
    }
}

/// Straight lines, each with its length and the load at its end.
fn staged(stages: impl Iterator<Item = (Duration, f64)>, noun: &str) -> Vec<StagePlan> {
    let (mut at_s, mut before) = (0.0, 0.0);
    let mut all = Vec::new();
    for (duration, target) in stages {
        let length_s = duration.as_secs_f64();
        let name = match before == target {
            true => format!("hold {} {noun}", decimal(target)),
            false => format!("{} to {} {noun}", decimal(before), decimal(target)),
        };
        if length_s > 0.0 {
            let hold = before == target && target > 0.0;
            all.push(StagePlan { name, from_s: at_s, length_s, hold, users: noun == "users" });
        }
        (at_s, before) = (at_s + length_s, target);
    }
    all
}

/// A part of a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageBlock {
    /// How long it was.
    pub length_s: f64,
    /// Actions that succeeded in it, per second.
    pub achieved_per_s: f64,
    /// Mean response time; absent when nothing finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time_mean_ms: Option<f64>,
}

/// One stage, as it went. Actions count where they ended, not where they were meant to begin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageMetrics {
    /// What it is.
    pub name: String,
    /// Where it began, seconds since measuring began.
    pub from_s: f64,
    /// How long it lasted; shorter than planned when the run was interrupted.
    pub length_s: f64,
    /// True when its load was not to change.
    pub hold: bool,
    /// What the schedule offered per second (actions, or statements where those are paced);
    /// absent in a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_per_s: Option<f64>,
    /// Mean number of users that were connected; absent where their number is not staged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users_mean: Option<f64>,
    /// Actions that succeeded, per second.
    pub achieved_per_s: f64,
    /// Actions that failed.
    pub failed: u64,
    /// Actions that were skipped.
    pub skipped: u64,
    /// Response time of the finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time_ms: Option<Distribution>,
    /// The stage in parts of equal length.
    pub blocks: Vec<StageBlock>,
    /// Its seconds with and without a checkpoint at work; absent where none was seen, and where the
    /// load was to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_overlap: Option<Overlap>,
    /// The same of autovacuum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autovacuum_overlap: Option<Overlap>,
}

/// Sums of what is being gathered.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    length_s: f64,
    succeeded: u64,
    response_count: u64,
    response_sum_ms: f64,
}

/// Sums stages up, interval by interval.
#[derive(Clone, Debug, Default)]
pub struct StageTracker {
    plan: Vec<StagePlan>,
    warm_up_s: f64,
    current: usize,
    counts: ActionCounts,
    offered: Option<f64>,
    /// Connections at the ends of intervals, each times the interval's length.
    user_seconds: f64,
    response: Histogram,
    blocks: [Block; BLOCKS],
    overlaps: Overlaps,
    /// By their numbers.
    done: Vec<(usize, StageMetrics)>,
}

impl StageTracker {
    /// Tracks `plan` (in order of time) in a run whose intervals begin with a warm-up of
    /// `warm_up_s`.
    pub fn new(plan: Vec<StagePlan>, warm_up_s: f64) -> StageTracker {
        StageTracker { plan, warm_up_s, ..StageTracker::default() }
    }

    /// Takes the next interval.
    pub fn interval(&mut self, interval: &Interval) {
        if interval.phase == Phase::WarmUp || interval.grace {
            return;
        }
        // An interval belongs where its middle lies.
        let at = interval.start_s - self.warm_up_s + interval.length_s / 2.0;
        while self.plan.get(self.current).is_some_and(|stage| at >= stage.from_s + stage.length_s) {
            self.close();
        }
        let Some(stage) = self.plan.get(self.current) else { return };
        let share = (at - stage.from_s) / stage.length_s;
        // A negative or undefined share becomes block 0.
        let block = &mut self.blocks[((share * BLOCKS as f64) as usize).min(BLOCKS - 1)];
        let all = interval.all_actions();
        block.length_s += interval.length_s;
        block.succeeded += all.counts.succeeded;
        block.response_count += all.response.count();
        block.response_sum_ms +=
            all.response.mean_ms().unwrap_or(0.0) * all.response.count() as f64;
        self.counts += all.counts;
        self.user_seconds += interval.connected as f64 * interval.length_s;
        self.response.merge(&all.response);
        if stage.hold {
            let time = (interval.start_s, interval.length_s);
            // Where something was due and nothing ended, it took at least as long as that.
            let stood_still = interval.work_was_due(None).then_some(interval.length_s * 1000.0);
            let p99_ms = all.response.quantile_ms(0.99).or(stood_still);
            self.overlaps.load(self.current, time, p99_ms);
        }
        if let Some(offered) = interval.offered {
            *self.offered.get_or_insert(0.0) += offered;
        }
    }

    /// Takes a second of the server, in any order with the intervals.
    pub fn server(&mut self, row: &ServerRow) {
        self.overlaps.server(row.t + self.warm_up_s, row);
    }

    /// All stages that were reached.
    pub fn finish(mut self) -> Vec<StageMetrics> {
        self.close();
        let overlaps = &self.overlaps;
        let with_overlaps = |(number, stage): (usize, StageMetrics)| {
            let (checkpoint_overlap, autovacuum_overlap) = overlaps.of(number);
            StageMetrics { checkpoint_overlap, autovacuum_overlap, ..stage }
        };
        self.done.into_iter().map(with_overlaps).collect()
    }

    fn close(&mut self) {
        let length_s: f64 = self.blocks.iter().map(|block| block.length_s).sum();
        if let Some(stage) = self.plan.get(self.current).filter(|_| length_s > 0.0) {
            let metrics = StageMetrics {
                name: stage.name.clone(),
                from_s: short(stage.from_s),
                length_s: short(length_s),
                hold: stage.hold,
                offered_per_s: self.offered.map(|offered| short(offered / length_s)),
                users_mean: stage.users.then(|| short(self.user_seconds / length_s)),
                achieved_per_s: short(self.counts.succeeded as f64 / length_s),
                failed: self.counts.failed,
                skipped: self.counts.skipped,
                response_time_ms: Distribution::of(&self.response),
                blocks: self.blocks.iter().filter_map(Block::metrics).collect(),
                ..StageMetrics::default()
            };
            self.done.push((self.current, metrics));
        }
        self.current += 1;
        self.counts = ActionCounts::default();
        self.offered = None;
        self.user_seconds = 0.0;
        self.response.clear();
        self.blocks = Default::default();
    }
}

impl Block {
    fn metrics(&self) -> Option<StageBlock> {
        (self.length_s > 0.0).then(|| StageBlock {
            length_s: short(self.length_s),
            achieved_per_s: short(self.succeeded as f64 / self.length_s),
            response_time_mean_ms: (self.response_count > 0)
                .then(|| short(self.response_sum_ms / self.response_count as f64)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_holds_only_where_the_rate_does_not_move() {
        let lines = [(30, 100.0), (60, 100.0), (0, 500.0), (40, 500.0), (9, 0.0), (9, 0.0)];
        let lines = lines.map(|(seconds, target)| (Duration::from_secs(seconds), target));
        let all = staged(lines.into_iter(), "actions/s");
        let seen: Vec<_> = all.iter().map(|stage| (stage.from_s, stage.hold)).collect();
        assert_eq!(
            seen,
            [(0.0, false), (30.0, true), (90.0, true), (130.0, false), (139.0, false)]
        );
        assert_eq!(all[1].name, "hold 100 actions/s");
    }
}
