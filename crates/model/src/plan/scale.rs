//! A plan in less time: minutes run in seconds, to rehearse a suite before it is run in earnest.

use super::{Plan, Rate, Shape};

impl Plan {
    /// The same plan with its warm-up, its measured time and its stages `factor` times as long.
    /// How patient it is (grace, backlog, timeouts, think time) stays: the server is as fast as
    /// ever. `factor` is above 0 and at most 1.
    pub fn scaled(mut self, factor: f64) -> Plan {
        self.time_scale *= factor;
        self.warm_up = self.warm_up.mul_f64(factor);
        if let Shape::Open { rate: Rate::Stages(stages), .. } = &mut self.shape {
            stages.iter_mut().for_each(|stage| stage.duration = stage.duration.mul_f64(factor));
            // Each stage is rounded to whole nanoseconds: the whole is what they come to.
            self.duration = stages.iter().map(|stage| stage.duration).sum();
        } else {
            self.duration = self.duration.mul_f64(factor);
        }
        self
    }
}

/// What a plan that says nothing of it holds: nothing is scaled.
pub(super) fn unscaled() -> f64 {
    1.0
}
