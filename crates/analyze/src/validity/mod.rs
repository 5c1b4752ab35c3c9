//! Is the run itself sound? One file per subject, each check with the source of its limit.
//!
//! Only what is ours can make a run invalid: our accounting, our delay, and a stage that never
//! became steady, because its numbers depend on how long it lasted. Everything else that a reader
//! should keep in mind is a warning.

mod accounting;
mod generator;
mod noise;
mod scaled;
mod set_up;
mod steady;
mod substance;

use model::run_result::RunResult;
use model::verdict::{ValidityCheck, ValidityOutcome};

/// All checks, in the order in which a report lists them.
pub fn check(result: &RunResult) -> Vec<ValidityCheck> {
    let mut checks = vec![
        accounting::accounting(result),
        substance::something_succeeded(result),
        generator::lateness(result),
        generator::cpu(result),
        generator::loop_delay(result),
        generator::wake_delay(result),
        steady::steady_state(result),
        substance::offered_load(result),
        substance::unfinished(result),
        substance::sample_size(result),
        noise::other_traffic(result),
        noise::monitor_cost(result),
    ];
    checks.extend(scaled::time_scale(result));
    checks.extend(set_up::durability(result));
    checks
}

/// The code of the check that something succeeded, which the verdict asks for by name.
pub(crate) const SOMETHING_SUCCEEDED: &str = "something_succeeded";

fn of(code: &str, outcome: ValidityOutcome, evidence: impl Into<String>) -> ValidityCheck {
    ValidityCheck { code: code.to_owned(), outcome, evidence: evidence.into() }
}

#[cfg(test)]
mod tests;
