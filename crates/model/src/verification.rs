//! What a workload found when it compared the stored data with what it remembers.
//!
//! A load test that corrupts data is not a pass: one violation fails the run.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// One thing that was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The stable name (`every_acknowledged_event_is_stored_once`).
    pub name: String,
    /// How many things were compared.
    pub checked: u64,
    /// How many of them were not as they must be.
    pub violations: u64,
    /// One of those, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
}

/// All that was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// True when no check found a violation.
    pub passed: bool,
    /// One by one.
    pub checks: Vec<Check>,
}

impl Check {
    /// Whether `found` lies in `expected` (`n..=n` for one value), which stands for `checked`
    /// things that were compared.
    pub fn range(name: &str, checked: u64, expected: RangeInclusive<i64>, found: i64) -> Check {
        let holds = expected.contains(&found);
        let (low, high) = expected.into_inner();
        let wanted = if low == high { low.to_string() } else { format!("{low} to {high}") };
        let sample = (!holds).then(|| format!("found {found}, expected {wanted}"));
        Check { name: name.to_owned(), checked, violations: u64::from(!holds), sample }
    }
}

impl Verification {
    /// What these checks come to.
    pub fn of(checks: Vec<Check>) -> Verification {
        Verification { passed: checks.iter().all(|it| it.violations == 0), checks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_check_that_fails_fails_all_and_says_what_was_found() {
        let held = Check::range("held", 10, 5..=7, 7);
        let broken = Check::range("broken", 10, 5..=5, 4);
        assert_eq!(broken.sample.as_deref(), Some("found 4, expected 5"));
        assert!(Verification::of(vec![held.clone()]).passed);
        assert!(!Verification::of(vec![held, broken]).passed);
    }
}
