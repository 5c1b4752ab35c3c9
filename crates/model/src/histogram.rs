//! Latencies as HDR histograms: 2 significant digits, 1 µs to 1 h.
//!
//! The load path keeps `u32` counters (13 KB), totals keep `u64`. Recording saturates at both
//! ends: nothing is dropped for being slow. Merging in any grouping equals recording everything
//! in one, which is why percentiles are made from merged histograms and never averaged.

use base64::Engine as _;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use hdrhistogram::{Counter, Histogram as Hdr};

/// The slowest latency that is told apart from slower ones: 1 hour.
pub const MAX_US: u64 = 3_600_000_000;

/// Latencies in µs with counters of type `C`.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram<C: Counter = u64>(Hdr<C>);

/// A histogram of one interval of one thread.
pub type IntervalHistogram = Histogram<u32>;

impl<C: Counter> Default for Histogram<C> {
    fn default() -> Self {
        // The bounds are constants that the library accepts: 1 <= low, 2 * low <= high, 2 digits.
        let hdr = Hdr::new_with_bounds(1, MAX_US, 2);
        #[expect(clippy::expect_used, reason = "constant bounds, see above")]
        Histogram(hdr.expect("constant bounds"))
    }
}

impl<C: Counter> Histogram<C> {
    /// Counts one latency of `us` µs; more than an hour counts as an hour.
    #[inline]
    pub fn record_us(&mut self, us: u64) {
        self.0.saturating_record(us);
    }

    /// Counts `n` latencies of `us` µs.
    pub fn record_n_us(&mut self, us: u64, n: C) {
        self.0.saturating_record_n(us, n);
    }

    /// Adds all that `other` counted.
    pub fn merge<D: Counter>(&mut self, other: &Histogram<D>) {
        if other.0.is_empty() {
            return;
        }
        for bucket in other.0.iter_recorded() {
            // A count beyond `u32` saturates there; `u64`, which totals use, holds every count.
            let count = C::from_u64(bucket.count_at_value().as_u64())
                .or_else(|| C::from_u32(u32::MAX))
                .unwrap_or_else(C::one);
            self.0.saturating_record_n(bucket.value_iterated_to(), count);
        }
    }

    /// How many latencies were counted.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// True when nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The latency in ms that a share `quantile` (0 to 1) of all stays at or below; none when
    /// nothing was counted.
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        (!self.is_empty()).then(|| self.0.value_at_quantile(quantile) as f64 / 1000.0)
    }

    /// The mean in ms, within half a bucket (1 %); none when nothing was counted.
    pub fn mean_ms(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.0.mean() / 1000.0)
    }

    /// The largest latency in ms, rounded up to its bucket's end; none when nothing was counted.
    pub fn max_ms(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.0.max() as f64 / 1000.0)
    }

    /// How many latencies lie in `low_us..=high_us`, by bucket.
    pub fn count_between_us(&self, low_us: u64, high_us: u64) -> u64 {
        self.0.count_between(low_us, high_us).as_u64()
    }

    /// What was counted, by bucket and from low to high: its upper end in µs, and how many.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter_recorded().map(|it| (it.value_iterated_to(), it.count_at_value().as_u64()))
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// HDR V2, base64: what a result file holds, readable by any HdrHistogram library.
    pub fn to_base64(&self) -> String {
        let mut bytes = Vec::new();
        // Writing to memory fails only for counters above i64::MAX, which no run reaches.
        let _written = V2Serializer::new().serialize(&self.0, &mut bytes);
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }

    /// Reads what [`Histogram::to_base64`] wrote; none when it is not that.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
        Deserializer::new().deserialize(&mut bytes.as_slice()).ok().map(Histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> IntervalHistogram {
        let mut histogram = IntervalHistogram::default();
        values.iter().for_each(|&us| histogram.record_us(us));
        histogram
    }

    #[test]
    fn a_latency_beyond_an_hour_counts_as_an_hour() {
        let histogram = of(&[u64::MAX]);
        assert!(histogram.max_ms().is_some_and(|ms| ms >= MAX_US as f64 / 1000.0));
        assert_eq!(histogram.count(), 1);
    }

    #[test]
    fn an_empty_histogram_has_no_percentiles() {
        assert_eq!(Histogram::<u64>::default().quantile_ms(0.5), None);
        assert_eq!(Histogram::<u64>::default().mean_ms(), None);
    }

    #[test]
    fn text_that_is_no_histogram_is_refused() {
        assert_eq!(Histogram::<u64>::from_base64("AAAA"), None);
        assert_eq!(Histogram::<u64>::from_base64("not base64!"), None);
    }

    proptest! {
        #[test]
        fn merging_in_any_grouping_equals_recording_everything_in_one(
            groups in prop::collection::vec(prop::collection::vec(0..2 * MAX_US, 0..40), 0..8),
        ) {
            let mut merged = Histogram::<u64>::default();
            groups.iter().for_each(|group| merged.merge(&of(group)));
            let mut whole = Histogram::<u64>::default();
            groups.iter().flatten().for_each(|&us| whole.record_us(us));
            prop_assert_eq!(&merged.count(), &whole.count());
            for q in [0.0, 0.5, 0.9, 0.99, 1.0] {
                prop_assert_eq!(merged.quantile_ms(q), whole.quantile_ms(q));
            }
        }

        #[test]
        fn a_saved_histogram_reads_back_equal(values in prop::collection::vec(0..MAX_US, 0..50)) {
            let mut histogram = Histogram::<u64>::default();
            values.iter().for_each(|&us| histogram.record_us(us));
            let read = Histogram::<u64>::from_base64(&histogram.to_base64());
            prop_assert_eq!(read.map(|h| (h.count(), h.quantile_ms(0.9))),
                Some((histogram.count(), histogram.quantile_ms(0.9))));
        }

        #[test]
        fn a_percentile_is_within_one_percent(us in 1..MAX_US) {
            let ms = of(&[us]).quantile_ms(0.5).unwrap();
            prop_assert!((ms * 1000.0 / us as f64 - 1.0).abs() <= 0.01 + 1.0 / us as f64);
        }
    }
}
