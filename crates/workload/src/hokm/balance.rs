//! The promise of `read_write_ratio`, kept by feedback.
//!
//! Every planned statement is counted; `owed` says how many reads the promise is behind (or, when
//! negative, ahead). Whoever plans asks it whether a look is due, and whether an action may read
//! what it could also remember. The error stays within about one statement per client however
//! long the run is, and starts at a random place in that band, so that many clients' errors
//! cancel.

use model::random::Generator;
use rand::RngExt;

/// How far the share of reads is from its promise.
#[derive(Clone, Copy, Debug)]
pub struct Balance {
    ratio: f64,
    /// Reads that are due.
    owed: f64,
}

impl Balance {
    /// A promise of `ratio`, from 0 to 1.
    pub fn new(ratio: f64, random: &mut Generator) -> Balance {
        // Drawn in any case: the ratio must not shift the numbers that come after.
        let start = random.random::<f64>() - 0.5;
        let owed = if ratio > 0.0 && ratio < 1.0 { start } else { 0.0 };
        Balance { ratio, owed }
    }

    /// A promise that starts even.
    pub fn even(ratio: f64) -> Balance {
        Balance { ratio, owed: 0.0 }
    }

    /// Whether nothing may be written.
    pub fn is_read_only(&self) -> bool {
        self.ratio >= 1.0
    }

    /// Whether the next statement should be a read.
    pub fn is_look_due(&self) -> bool {
        self.is_read_only() || (self.owed + self.ratio > 0.5 && self.ratio > 0.0)
    }

    /// Whether a whole read is missing.
    pub fn is_behind(&self) -> bool {
        self.owed > 0.5
    }

    /// Whether an action with this many writes may also send its reads.
    pub fn allows(&self, reads: u32, writes: u32) -> bool {
        let after = self.owed + self.ratio * f64::from(reads + writes) - f64::from(reads);
        self.ratio > 0.0 && after > -0.5
    }

    /// Counts what was planned.
    pub fn count(&mut self, reads: u32, writes: u32) {
        self.owed += self.ratio * f64::from(reads + writes) - f64::from(reads);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::random::generator;

    /// The share of reads over about 10,000 statements in actions of three, of which one can be
    /// a read.
    fn share(ratio: f64, seed: u64) -> f64 {
        let mut balance = Balance::new(ratio, &mut generator(seed, "balance", 0));
        let (mut reads, mut all) = (0, 0);
        while all < 10_000 {
            let (r, w) = match balance.is_look_due() {
                true => (1, 0),
                false => (u32::from(balance.allows(1, 2)), 2),
            };
            balance.count(r, w);
            (reads, all) = (reads + r, all + r + w);
        }
        f64::from(reads) / f64::from(all)
    }

    #[test]
    fn the_share_of_reads_holds_at_every_ratio() {
        for ratio in [0.0, 0.01, 0.2, 0.33, 0.5, 0.7, 0.95, 0.999, 1.0] {
            for seed in 0..5 {
                assert!((share(ratio, seed) - ratio).abs() < 0.001, "{ratio}");
            }
        }
    }

    #[test]
    fn all_reads_and_all_writes_are_exact() {
        assert_eq!((share(0.0, 1), share(1.0, 1)), (0.0, 1.0));
    }
}
