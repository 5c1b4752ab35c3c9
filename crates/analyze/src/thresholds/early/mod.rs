//! Limits while load runs: the first that does not hold over what was measured so far.
//!
//! Only what seconds add up to is judged here: response times, failures, and what the monitor's
//! rows tell. A limit that only the end can judge is left to it, and so is one from below on a
//! number that still grows.

mod gauge;

use gauge::Gauge;
use model::catalog::Catalog;
use model::measured::Interval;
use model::sample::Phase;
use model::series::{HostRow, ServerRow};
use model::threshold::{Threshold, ThresholdSource};
use model::units::duration;

/// The limits of a run while it goes on.
#[derive(Debug)]
pub struct Early {
    limits: Vec<(Threshold, Gauge)>,
    /// Names of those that the user set and only the end can judge.
    at_end: Vec<String>,
    /// How long measuring goes on before anything is judged.
    grace_s: f64,
    /// Measured so far.
    measured_s: f64,
}

impl Early {
    /// Of `thresholds`, those that can be judged early. In a closed loop (`is_closed`), which is
    /// meant to fill the machine, the default limit of CPU use is none of them.
    pub fn new(
        thresholds: Vec<Threshold>,
        catalog: &Catalog,
        (grace_s, is_closed): (f64, bool),
    ) -> Early {
        let informs = |it: &Threshold| {
            is_closed && it.metric == super::CPU_USAGE && it.source == ThresholdSource::Default
        };
        let mut early = Early { limits: Vec::new(), at_end: Vec::new(), grace_s, measured_s: 0.0 };
        for limit in thresholds.into_iter().filter(|it| !informs(it)) {
            match Gauge::of(&limit, catalog) {
                Some(gauge) => early.limits.push((limit, gauge)),
                None if limit.source == ThresholdSource::User => early.at_end.push(limit.name),
                // Nobody asked for a default limit: nobody waits for it.
                None => {}
            }
        }
        early
    }

    /// Limits that the user set and that can't end a run: only its end can judge them.
    pub fn at_end(&self) -> &[String] {
        &self.at_end
    }

    /// One more second of the load.
    pub fn interval(&mut self, interval: &Interval) {
        if interval.phase != Phase::Measured || interval.grace {
            return;
        }
        self.measured_s += interval.length_s;
        self.limits.iter_mut().for_each(|(_, gauge)| gauge.interval(interval));
    }

    /// One more second of the server.
    pub fn server(&mut self, row: &ServerRow) {
        if row.t >= 0.0 {
            self.limits.iter_mut().for_each(|(_, gauge)| gauge.server(row));
        }
    }

    /// One more second of a machine.
    pub fn host(&mut self, row: &HostRow) {
        if row.t >= 0.0 && !row.generator {
            self.limits.iter_mut().for_each(|(_, gauge)| gauge.host(row));
        }
    }

    /// What is broken, in words; none while all holds, or it is too early to say.
    pub fn broken(&self) -> Option<String> {
        if self.measured_s < self.grace_s {
            return None;
        }
        self.limits.iter().find_map(|(limit, gauge)| {
            let value = gauge.value().filter(|it| !limit.comparison.holds(*it, limit.limit))?;
            let (value, most) = (limit.unit.show(value), limit.unit.show(limit.limit));
            let (after, name) = (duration(self.measured_s), &limit.name);
            Some(format!("aborted after {after}: {name}: {value}, the limit is {most}"))
        })
    }
}

#[cfg(test)]
mod tests;
