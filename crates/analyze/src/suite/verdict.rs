//! What a suite comes to: everything that is wrong with its scenarios, the gravest first.

use model::suite::{Scenario, ScenarioStatus};
use model::verdict::{Cause, Reason, Verdict};

/// The verdict. A scenario that was not run is neither passed nor failed; a suite of which
/// nothing ran has answered nothing.
pub(super) fn decide(scenarios: &[Scenario], mut reasons: Vec<Reason>) -> Verdict {
    reasons.extend(scenarios.iter().filter_map(wrong));
    if !scenarios.iter().any(|it| it.status != ScenarioStatus::NotRun) {
        reasons.push(Reason::new(Cause::Inconclusive, "no scenario was run"));
    }
    Verdict::of(reasons)
}

fn wrong(scenario: &Scenario) -> Option<Reason> {
    let verdict = scenario.verdict.as_ref()?;
    if verdict.exit_code == 0 {
        return None;
    }
    // A code that is none of ours was written by a newer program: bad, and we can't say how.
    let cause = Cause::of_exit_code(verdict.exit_code).unwrap_or(Cause::Inconclusive);
    let first = verdict.reasons.first().map_or("no reason is known", String::as_str);
    let more = match verdict.reasons.len() {
        0 | 1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    Some(Reason::new(cause, format!("{}: {first}{more}", scenario.name)))
}
