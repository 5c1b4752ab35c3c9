//! Which scenarios may be held against each other.

use model::suite::{Figures, Scenario, ScenarioStatus};
use model::verdict::VerdictOutcome;

/// The name by which a baseline is known, wherever it stands in the order.
const BASELINE: &str = "baseline_performance";

/// A scenario whose numbers count.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) name: &'a str,
    pub(super) connections: u64,
    pub(super) figures: &'a Figures,
}

/// The scenarios that are compared, and the finished ones that are not.
pub(super) struct Compared<'a> {
    /// In the order of the suite.
    pub(super) runs: Vec<Run<'a>>,
    /// Names, each with the reason.
    pub(super) left_out: Vec<(&'a str, String)>,
}

impl<'a> Compared<'a> {
    pub(super) fn of(scenarios: &'a [Scenario]) -> Compared<'a> {
        let mut compared = Compared { runs: Vec::new(), left_out: Vec::new() };
        for scenario in scenarios.iter().filter(|it| it.status == ScenarioStatus::Finished) {
            let Some(figures) = &scenario.figures else { continue };
            let run = Run { name: &scenario.name, connections: scenario.connections, figures };
            match compared.objection(scenario, figures) {
                Some(why) => compared.left_out.push((run.name, why)),
                None => compared.runs.push(run),
            }
        }
        compared
    }

    /// Why a finished scenario is not compared.
    fn objection(&self, scenario: &Scenario, figures: &Figures) -> Option<String> {
        let outcome = scenario.verdict.as_ref().map(|it| it.outcome);
        let first = self.runs.first().map(|it| it.figures.workload.as_str());
        match outcome {
            Some(VerdictOutcome::Invalid) => Some("the run is not valid".to_owned()),
            Some(VerdictOutcome::Interrupted) => Some("it was interrupted".to_owned()),
            None => Some("nobody has judged it".to_owned()),
            _ if figures.succeeded == 0 => Some("no action succeeded".to_owned()),
            _ => first
                .filter(|it| *it != figures.workload)
                .map(|first| format!("its workload is {}, not {first}", figures.workload)),
        }
    }

    /// What the others are held against: the one that is called so, or the first.
    pub(super) fn baseline(&self) -> Option<Run<'a>> {
        self.runs.iter().find(|it| it.name == BASELINE).or(self.runs.first()).copied()
    }

    /// From few connections to many; those of equal size in the order of the suite.
    pub(super) fn by_load(&self) -> Vec<Run<'a>> {
        let mut runs = self.runs.clone();
        runs.sort_by_key(|it| it.connections);
        runs
    }
}

impl Run<'_> {
    /// Whether the load that was offered arrived; a closed loop offers none.
    pub(super) fn kept_up(&self) -> Option<bool> {
        let offered = self.figures.offered_per_s.filter(|it| *it > 0.0)?;
        Some(self.figures.achieved_per_s >= offered * super::KEPT_UP)
    }
}
