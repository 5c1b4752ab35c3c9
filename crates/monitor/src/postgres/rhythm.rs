//! When the sessions are looked at: once in each tenth of a second, and each time at another moment
//! of it. Looks at equal distances would meet a load of a steady rate always at the same moment of
//! its actions: 200 a second would look busy all the time, or never.

use std::time::Duration;

/// One look in each.
pub(super) const SAMPLE_EVERY: Duration = Duration::from_millis(100);
/// The golden ratio's fraction, whose multiples fall more evenly between 0 and 1 than those of any
/// other number (Weyl's sequence; Knuth, The Art of Computer Programming 6.4).
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// How far into its tenth the look of this number is.
pub(super) fn moment(slot: u64) -> Duration {
    SAMPLE_EVERY.mul_f64((slot as f64 * GOLDEN).fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of each period a load is busy for so long: what looks over a minute say of it.
    fn seen_busy(period_ms: f64, busy_ms: f64) -> f64 {
        let at_ms = |slot| {
            let begins = SAMPLE_EVERY * u32::try_from(slot).unwrap();
            (begins + moment(slot)).as_secs_f64() * 1000.0
        };
        (0..600).filter(|slot| at_ms(*slot) % period_ms < busy_ms).count() as f64 / 600.0
    }

    #[test]
    fn a_load_of_a_steady_rate_is_seen_as_busy_as_it_is() {
        for period_ms in [1.0, 2.0, 4.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0] {
            for share in [0.1, 0.5, 0.9] {
                let seen = seen_busy(period_ms, period_ms * share);
                assert!((seen - share).abs() < 0.03, "{period_ms} ms, {share}: {seen}");
            }
        }
    }

    #[test]
    fn each_look_is_within_its_own_tenth() {
        assert!((0..100_000).all(|slot| moment(slot) < SAMPLE_EVERY));
    }
}
