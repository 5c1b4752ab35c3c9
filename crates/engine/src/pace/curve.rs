//! The offered rate over time: stages that hold or ramp, and the integral of that.
//!
//! Slot `n` of a schedule is due when the integral of the rate reaches `n`. Solving that exactly,
//! instead of adding up delays, means that no rounding and no late wake-up ever shifts the rest.

use std::time::Duration;

/// A stretch of time in which the rate goes in a straight line from one value to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// How long.
    pub duration: Duration,
    /// Slots per second at its start.
    pub from_per_s: f64,
    /// Slots per second at its end.
    pub to_per_s: f64,
}

impl Stage {
    /// A stage of one rate.
    pub fn hold(duration: Duration, per_s: f64) -> Stage {
        Stage { duration, from_per_s: per_s, to_per_s: per_s }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Segment {
    stage: Stage,
    start_s: f64,
    slots_before: f64,
}

/// The rate over the whole run, warm-up included.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    segments: Vec<Segment>,
    end_s: f64,
    slots: f64,
}

impl Curve {
    /// The stages one after another.
    pub fn new(stages: &[Stage]) -> Curve {
        let mut curve = Curve { segments: Vec::new(), end_s: 0.0, slots: 0.0 };
        for &stage in stages {
            let length_s = stage.duration.as_secs_f64();
            curve.segments.push(Segment { stage, start_s: curve.end_s, slots_before: curve.slots });
            curve.end_s += length_s;
            curve.slots += length_s * (stage.from_per_s + stage.to_per_s) / 2.0;
        }
        curve
    }

    /// When the last stage ends, seconds from the start.
    pub fn end_s(&self) -> f64 {
        self.end_s
    }

    /// Slots due before `at_s`, fractional.
    pub fn slots_at(&self, at_s: f64) -> f64 {
        if at_s >= self.end_s {
            return self.slots;
        }
        let index = self.segments.partition_point(|segment| segment.start_s <= at_s);
        let Some(segment) = index.checked_sub(1).and_then(|i| self.segments.get(i)) else {
            return 0.0;
        };
        let (t, stage) = (at_s - segment.start_s, &segment.stage);
        segment.slots_before + t * (stage.from_per_s + slope(stage) * t / 2.0)
    }

    /// When `slot` (from 0, fractional) is due, seconds from the start; none past the last.
    pub fn time_of(&self, slot: f64) -> Option<f64> {
        if slot >= self.slots {
            return None;
        }
        let index = self.segments.partition_point(|segment| segment.slots_before <= slot);
        let segment = self.segments.get(index.checked_sub(1)?)?;
        let (rest, from) = (slot - segment.slots_before, segment.stage.from_per_s);
        // Solves rest = from·t + slope·t²/2 in the form that stays exact when slope is 0.
        let root = (from * from + 2.0 * slope(&segment.stage) * rest).max(0.0).sqrt();
        let t = if rest == 0.0 { 0.0 } else { 2.0 * rest / (from + root) };
        Some(segment.start_s + t.min(segment.stage.duration.as_secs_f64()))
    }
}

/// Change of rate per second; 0 for a stage of no length (a jump).
fn slope(stage: &Stage) -> f64 {
    let length_s = stage.duration.as_secs_f64();
    if length_s > 0.0 { (stage.to_per_s - stage.from_per_s) / length_s } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stages() -> impl Strategy<Value = Vec<Stage>> {
        let stage = (0..20_000_u64, 0.0..500.0, 0.0..500.0).prop_map(|(ms, from, to)| Stage {
            duration: Duration::from_millis(ms),
            from_per_s: from,
            to_per_s: to,
        });
        prop::collection::vec(stage, 1..6)
    }

    #[test]
    fn a_constant_rate_starts_slot_n_at_n_over_the_rate() {
        let curve = Curve::new(&[Stage::hold(Duration::from_secs(10), 250.0)]);
        assert_eq!(curve.time_of(0.0), Some(0.0));
        assert_eq!(curve.time_of(1.0), Some(0.004));
        assert_eq!(curve.time_of(2499.0), Some(9.996));
        assert_eq!(curve.time_of(2500.0), None);
    }

    #[test]
    fn a_ramp_from_nothing_has_half_its_slots_in_the_last_third() {
        let ramp = Stage { duration: Duration::from_secs(10), from_per_s: 0.0, to_per_s: 100.0 };
        let curve = Curve::new(&[ramp]);
        assert_eq!(curve.slots_at(10.0), 500.0);
        assert!((curve.slots_at(10.0 / 2f64.sqrt()) - 250.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn slots_come_in_order_and_the_two_directions_agree(stages in stages()) {
            let curve = Curve::new(&stages);
            let mut last = 0.0;
            for slot in (0..curve.slots_at(f64::MAX) as u64).step_by(37) {
                let at_s = curve.time_of(slot as f64).unwrap();
                prop_assert!(at_s >= last && at_s <= curve.end_s() + 1e-9);
                prop_assert!((curve.slots_at(at_s) - slot as f64).abs() < 1e-3);
                last = at_s;
            }
        }
    }
}
