//! Values of any unit, counted by size: what a workload's own histograms are made of.
//!
//! Latencies have [`Histogram`](crate::histogram::Histogram), whose unit and range are fixed; a
//! number of items, a fill level or a price has this. Two significant digits above 256 steps, exact
//! below; the memory is a few KB, fixed when it is made, so that recording allocates nothing.

use hdrhistogram::Histogram as Hdr;
use std::iter::Sum;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    counts: Hdr<u64>,
    step: f64,
}

/// The last whole number up to which a float knows every one.
const MOST_STEPS: f64 = 9_007_199_254_740_992.0;

impl Values {
    /// For values from 0 to `largest`, told apart by `step` (1 for things that are counted, 0.01
    /// for hundredths). A step that is no positive number counts as 1. Values beyond `largest`
    /// count as about that large.
    pub fn new(step: f64, largest: f64) -> Values {
        let step = if step.is_finite() && step > 0.0 { step } else { 1.0 };
        // A largest value that is no number becomes the smallest range there is.
        let steps = (largest / step).clamp(2.0, MOST_STEPS).max(2.0) as u64;
        // The bounds are such as the library accepts: 1 <= low, 2 * low <= high, 2 digits.
        #[expect(clippy::expect_used, reason = "bounds that the library accepts, see above")]
        let counts = Hdr::new_with_bounds(1, steps, 2).expect("bounds that fit");
        Values { counts, step }
    }

    /// Counts one value. A negative one counts as 0, and what is no number is not counted.
    #[inline]
    pub fn record(&mut self, value: f64) {
        self.record_n(value, 1);
    }

    fn record_n(&mut self, value: f64, count: u64) {
        if !value.is_nan() {
            // A float beyond the range saturates, and so does the histogram.
            self.counts.saturating_record_n((value / self.step).round() as u64, count);
        }
    }

    /// Adds all that `other` counted.
    pub fn merge(&mut self, other: &Values) {
        for bucket in other.counts.iter_recorded() {
            let value = bucket.value_iterated_to() as f64 * other.step;
            self.record_n(value, bucket.count_at_value());
        }
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.counts.len()
    }

    /// The value that a share `quantile` (0 to 1) of all stays at or below; none when nothing was
    /// counted.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        (self.count() > 0).then(|| self.shown(self.counts.value_at_quantile(quantile) as f64))
    }

    /// The mean; none when nothing was counted.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.shown(self.counts.mean()))
    }

    /// The largest; none when nothing was counted.
    pub fn max(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.shown(self.counts.max() as f64))
    }

    /// Steps as a value, without the digits that only floats see.
    fn shown(&self, steps: f64) -> f64 {
        let value = steps * self.step;
        if value == 0.0 {
            return 0.0;
        }
        let digits = 10_f64.powi(9 - value.abs().log10().floor() as i32);
        if digits.is_normal() { (value * digits).round() / digits } else { value }
    }
}

impl Sum for Values {
    /// All that any of them counted, in the range of the first.
    fn sum<I: Iterator<Item = Values>>(mut all: I) -> Values {
        let first = all.next().unwrap_or_else(|| Values::new(1.0, 1.0));
        all.fold(first, |mut sum, one| {
            sum.merge(&one);
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> Values {
        let mut all = Values::new(1.0, 1000.0);
        values.iter().for_each(|it| all.record(*it));
        all
    }

    #[test]
    fn small_numbers_are_told_apart_exactly() {
        let basket = of(&[1.0, 2.0, 3.0, 200.0]);
        assert_eq!((basket.quantile(0.5), basket.max()), (Some(2.0), Some(200.0)));
        assert_eq!(basket.mean(), Some(51.5));
        assert_eq!(of(&[]).mean(), None);
    }

    #[test]
    fn a_sum_has_what_each_of_them_counted() {
        let sum: Values = [of(&[1.0]), of(&[2.0, 3.0])].into_iter().sum();
        assert_eq!((sum.count(), sum.max()), (3, Some(3.0)));
        assert_eq!(Vec::<Values>::new().into_iter().sum::<Values>().count(), 0);
    }

    #[test]
    fn what_lies_outside_is_counted_and_what_is_no_number_is_not() {
        let odd = of(&[-5.0, f64::INFINITY, 1e12, f64::NAN]);
        assert_eq!((odd.count(), odd.quantile(0.0)), (3, Some(0.0)));
        assert!(odd.max().is_some_and(|it| it >= 1000.0));
    }

    #[test]
    fn no_range_is_too_odd_to_be_made() {
        for (step, largest) in
            [(0.0, 1.0), (f64::NAN, f64::NAN), (1.0, -1.0), (1e-300, 1e300), (1.0, f64::INFINITY)]
        {
            let mut all = Values::new(step, largest);
            all.record(1.0);
            assert_eq!(all.count(), 1, "{step} {largest}");
        }
    }

    proptest! {
        #[test]
        fn merging_in_any_grouping_equals_recording_everything_in_one(
            groups in prop::collection::vec(prop::collection::vec(0.0..2000.0_f64, 0..40), 0..6),
        ) {
            let mut merged = Values::new(1.0, 1000.0);
            groups.iter().for_each(|group| merged.merge(&of(group)));
            let whole = of(&groups.concat());
            for q in [0.0, 0.5, 0.9, 0.99, 1.0] {
                prop_assert_eq!(merged.quantile(q), whole.quantile(q));
            }
            prop_assert_eq!(merged.count(), whole.count());
        }

        #[test]
        fn a_percentile_is_within_one_percent_and_a_step(value in 0.0..100.0_f64) {
            let mut one = Values::new(0.01, 100.0);
            one.record(value);
            let seen = one.quantile(0.5).unwrap();
            prop_assert!((seen - value).abs() <= value * 0.01 + 0.01, "{} {}", seen, value);
        }
    }
}
