//! From counters to rates: what was added per second, its mean over a window and the largest of
//! its seconds. A counter that ran backwards gives nothing, never something negative.

use crate::timeline::round;
use model::database_metrics::MeanMax;

/// Several rates; what is not known is absent.
pub(crate) type Rates<const N: usize> = [Option<f64>; N];

/// What came to a counter since an earlier reading.
pub(crate) fn added(later: u64, earlier: u64) -> Option<f64> {
    later.checked_sub(earlier).map(|added| added as f64)
}

/// What came to several counters, per second.
pub(crate) fn per_second<const N: usize>(
    later: &[u64; N],
    earlier: &[u64; N],
    seconds: f64,
) -> Rates<N> {
    std::array::from_fn(|at| Some(added(later[at], earlier[at])? / seconds))
}

/// The larger of each.
pub(crate) fn larger<const N: usize>(a: Rates<N>, b: Rates<N>) -> Rates<N> {
    // None is less than any number.
    std::array::from_fn(|at| if a[at] < b[at] { b[at] } else { a[at] })
}

/// Means over a window beside the largest of its seconds. A window shorter than a second has none
/// of its own.
pub(crate) fn mean_max<const N: usize>(mean: Rates<N>, most: Rates<N>) -> [Option<MeanMax>; N] {
    std::array::from_fn(|at| {
        let mean = mean[at]?;
        Some(MeanMax { mean: round(mean), max: round(most[at].unwrap_or(mean).max(mean)) })
    })
}

/// A gauge over the seconds of a window: a sum and the largest.
#[derive(Clone, Copy, Default)]
pub(crate) struct Gauge {
    count: u64,
    sum: f64,
    max: f64,
}

impl Gauge {
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        self.max = self.max.max(value);
    }

    pub(crate) fn seen(&self) -> Option<MeanMax> {
        (self.count > 0).then(|| crate::timeline::mean_max(self.sum, self.max, self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_rate_is_negative(later in any::<[u64; 3]>(), earlier in any::<[u64; 3]>()) {
            let rates = per_second(&later, &earlier, 2.0);
            for at in 0..3 {
                prop_assert_eq!(rates[at].is_some(), later[at] >= earlier[at]);
                prop_assert!(rates[at].is_none_or(|rate| rate >= 0.0));
            }
        }

        #[test]
        fn the_largest_of_the_seconds_is_at_least_the_mean(
            mean in prop::option::of(0.0..9e9_f64), most in prop::option::of(0.0..9e9_f64),
        ) {
            let [seen] = mean_max([mean], [most]);
            prop_assert_eq!(seen.is_some(), mean.is_some());
            prop_assert!(seen.is_none_or(|seen| seen.max >= seen.mean));
        }
    }
}
