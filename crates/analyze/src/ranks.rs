//! Are values of one group larger than those of another? By their ranks, so that neither their
//! distribution nor a single wild one matters.

use model::histogram::Histogram;
use std::collections::BTreeMap;

/// The statistic of the rank-sum test: standard deviations by which the ranks of `larger` lie above
/// what chance gives them; none where a group is empty or all values are the same.
///
/// H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18, 1947; its normal approximation
/// with the corrections for continuity and for ties as in E. L. Lehmann, "Nonparametrics", 1975.
/// Values that share a bucket of the histograms (1 %) are ties.
pub(crate) fn rank_sum_z(larger: &Histogram, smaller: &Histogram) -> Option<f64> {
    let mut counts = BTreeMap::<u64, (f64, f64)>::new();
    larger.buckets().for_each(|(us, n)| counts.entry(us).or_default().0 += n as f64);
    smaller.buckets().for_each(|(us, n)| counts.entry(us).or_default().1 += n as f64);
    let (n, m) = (larger.count() as f64, smaller.count() as f64);
    let all = n + m;
    // Pairs in which the one is above the other; a tie is half of one.
    let (mut above, mut below, mut ties) = (0.0, 0.0, 0.0);
    for (a, b) in counts.into_values() {
        above += a * (below + b / 2.0);
        below += b;
        ties += (a + b).powi(3) - (a + b);
    }
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let distance = above - n * m / 2.0;
    (variance > 0.0).then(|| distance.signum() * (distance.abs() - 0.5).max(0.0) / variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|us| histogram.record_us(*us));
        histogram
    }

    fn z(larger: &[u64], smaller: &[u64]) -> Option<f64> {
        rank_sum_z(&of(larger), &of(smaller))
    }

    #[test]
    fn it_is_that_of_a_published_example() {
        // SciPy's manual, mannwhitneyu: U = 17, p = 0.1113 on both sides, with continuity.
        let found = z(&[19, 22, 16, 29, 24], &[20, 11, 17, 12]).unwrap();
        assert!((found - 1.5922).abs() < 0.0001, "{found}");
    }

    #[test]
    fn ties_and_empty_groups_prove_nothing() {
        assert_eq!(z(&[5, 5, 5], &[5, 5, 5, 5]), None);
        assert_eq!(z(&[], &[1, 2]), None);
        assert_eq!(z(&[1, 9], &[1, 9]), Some(0.0));
    }

    proptest! {
        #[test]
        fn what_is_above_for_one_is_below_for_the_other(
            one in prop::collection::vec(1..100_000u64, 1..40),
            other in prop::collection::vec(1..100_000u64, 1..40),
        ) {
            let (there, back) = (z(&one, &other), z(&other, &one));
            match (there, back) {
                (Some(there), Some(back)) => prop_assert!((there + back).abs() < 1e-9),
                neither => prop_assert_eq!(neither, (None, None)),
            }
        }

        #[test]
        fn groups_apart_are_told_apart(low in prop::collection::vec(1..1000u64, 5..60),
                                       high in prop::collection::vec(2000..9000u64, 5..60)) {
            prop_assert!(z(&high, &low).unwrap() >= 2.33);
            prop_assert!(z(&low, &high).unwrap() <= -2.33);
        }
    }
}
