//! A plan in less time: minutes run in seconds, to rehearse a suite before it is run in earnest.

use super::{Plan, Rate, Shape};
use std::time::Duration;

impl Plan {
    /// The same plan with its warm-up, its measured time, its stages and what goes by before a limit
    /// may end it `factor` times as long.
    /// How patient it is (grace, backlog, timeouts, think time) stays: the server is as fast as
    /// ever. `factor` is above 0 and at most 1.
    pub fn scaled(mut self, factor: f64) -> Plan {
        self.time_scale *= factor;
        self.warm_up = self.warm_up.mul_f64(factor);
        self.abort_grace = self.abort_grace.map(|it| it.mul_f64(factor));
        // Each stage is rounded to whole nanoseconds: the whole is what they come to.
        self.duration = match &mut self.shape {
            Shape::Open { rate: Rate::Stages(stages), .. } => {
                scaled(stages.iter_mut().map(|stage| &mut stage.duration), factor)
            }
            Shape::Closed { user_stages: Some(stages), .. } => {
                scaled(stages.iter_mut().map(|stage| &mut stage.duration), factor)
            }
            _ => self.duration.mul_f64(factor),
        };
        self
    }
}

/// Scales each, and says what all of them come to.
fn scaled<'a>(all: impl Iterator<Item = &'a mut Duration>, factor: f64) -> Duration {
    all.map(|it| {
        *it = it.mul_f64(factor);
        *it
    })
    .sum()
}

/// What a plan that says nothing of it holds: nothing is scaled.
pub(super) fn unscaled() -> f64 {
    1.0
}
