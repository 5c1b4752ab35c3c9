//! Several scenarios judged as one: how they differ, what follows, what it all comes to.
//!
//! Pure functions of the scenarios' figures. Only runs that can be trusted and do the same are
//! held against each other; which ones are not, and why, is said like everything else.

mod compared;
mod degradation;
mod own;
mod recommendations;
mod verdict;

use compared::Compared;
use model::finding::Recommendation;
use model::suite::{Degradation, Scenario};
use model::verdict::{Reason, Verdict};

/// The share of the offered load from which a server kept up; see `validity::substance`.
const KEPT_UP: f64 = 0.95;

/// All judgements of one suite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuiteJudgement {
    /// How each scenario differs from the one before it and from the baseline.
    pub degradation: Vec<Degradation>,
    /// What follows from all of them together.
    pub recommendations: Vec<Recommendation>,
    /// What it came to.
    pub verdict: Verdict,
}

/// Judges the scenarios of a suite, in the order in which they run. `time_scale` is by how much
/// they were shortened; `reasons` is what no scenario can know.
pub fn judge(scenarios: &[Scenario], time_scale: f64, reasons: Vec<Reason>) -> SuiteJudgement {
    let compared = Compared::of(scenarios);
    SuiteJudgement {
        degradation: degradation::all(&compared),
        recommendations: recommendations::all(scenarios, &compared, time_scale),
        verdict: verdict::decide(scenarios, reasons),
    }
}

#[cfg(test)]
mod tests;
