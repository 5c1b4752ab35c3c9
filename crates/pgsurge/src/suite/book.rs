//! What is known of each scenario, and the suite's own files, made from it again and again.

use super::NO_MIGRATION;
use crate::error::Error;
use crate::load::{LoadError, place};
use crate::settings::suite::{Planned, ResolvedScenario, ResolvedSuite, SUITE};
use model::plan::Format;
use model::run_result::{Environment, RunKind, RunResult, SCHEMA_VERSION};
use model::suite::{Figures, Scenario, ScenarioStatus, SuiteResult, SuiteSummary};
use model::verdict::{Cause, Reason, Verdict, VerdictOutcome};
use std::path::{Path, PathBuf};

/// See the module.
pub(super) struct Book<'a> {
    suite: &'a ResolvedSuite,
    scenarios: Vec<Scenario>,
    /// Of the first scenario that has a result, and where that one stands.
    environment: Option<(usize, Environment)>,
    interrupted: bool,
}

/// An outcome as a message has it.
pub(super) fn word(outcome: VerdictOutcome) -> &'static str {
    match outcome {
        VerdictOutcome::Passed => "passed",
        VerdictOutcome::Failed => "failed",
        VerdictOutcome::Invalid => "invalid",
        VerdictOutcome::Inconclusive => "inconclusive",
        VerdictOutcome::Interrupted => "interrupted",
    }
}

impl<'a> Book<'a> {
    /// Nothing has run.
    pub(super) fn new(suite: &'a ResolvedSuite) -> Book<'a> {
        let scenarios = suite.scenarios.iter().map(unstarted).collect();
        Book { suite, scenarios, environment: None, interrupted: false }
    }

    /// A scenario has this result.
    pub(super) fn finished(&mut self, name: &str, result: &RunResult) {
        let Some(index) = self.scenarios.iter().position(|it| it.name == name) else { return };
        if self.environment.as_ref().is_none_or(|(first, _)| index < *first) {
            self.environment = Some((index, result.environment.clone()));
        }
        let scenario = &mut self.scenarios[index];
        scenario.status = ScenarioStatus::Finished;
        scenario.reason = None;
        scenario.result_file = Some(format!("{name}.json"));
        scenario.verdict = Some(result.verdict.clone());
        scenario.figures = Some(Figures::of(result));
    }

    /// A scenario has no result, for this reason.
    pub(super) fn could_not_start(&mut self, name: &str, why: &str, verdict: Verdict) {
        if let Some(scenario) = self.find(name) {
            scenario.status = ScenarioStatus::CouldNotStart;
            (scenario.reason, scenario.verdict) = (Some(why.to_owned()), Some(verdict));
        }
    }

    /// A scenario is not run, for this reason.
    pub(super) fn not_run(&mut self, name: &str, why: &str) {
        if let Some(scenario) = self.find(name) {
            scenario.reason = Some(why.to_owned());
        }
    }

    /// Whether the user ended the suite.
    pub(super) fn judge_interrupted(&mut self, interrupted: bool) {
        self.interrupted = interrupted;
    }

    /// What a scenario came to.
    pub(super) fn verdict(&self, name: &str) -> Option<&Verdict> {
        self.scenarios.iter().find(|it| it.name == name)?.verdict.as_ref()
    }

    /// The result of a scenario, where it has one, as a path that holds from every folder.
    pub(super) fn result_path(&self, name: &str) -> Option<PathBuf> {
        let scenario = self.scenarios.iter().find(|it| it.name == name)?;
        let path = self.suite.folder.join(scenario.result_file.as_ref()?);
        Some(std::path::absolute(&path).unwrap_or(path))
    }

    /// The suite's own files.
    pub(super) fn files(&self) -> impl Iterator<Item = PathBuf> + '_ {
        let endings = ["json", "md"].into_iter().filter(|it| *it == "json" || self.in_markdown());
        endings.map(|ending| self.suite.folder.join(format!("{SUITE}.{ending}")))
    }

    /// Writes them.
    pub(super) fn save(&self) -> Result<(), Error> {
        let result = self.result();
        let folder = &self.suite.folder;
        std::fs::create_dir_all(folder).map_err(LoadError::output_of("--output-dir", folder))?;
        for path in self.files() {
            let bytes = match path.extension().is_some_and(|it| it == "md") {
                true => report::suite::markdown::render(&result).into_bytes(),
                false => report::suite::json(&result)
                    .map_err(|e| Error::Internal(format!("cannot write the suite as JSON: {e}")))?,
            };
            put(&path, &bytes)?;
        }
        Ok(())
    }

    /// The suite as far as it came.
    pub(super) fn result(&self) -> SuiteResult {
        let mut reasons = Vec::new();
        if self.interrupted {
            let text = "the suite was interrupted: what it has is saved, --resume goes on";
            reasons.push(Reason::new(Cause::Interrupted, text));
        }
        let judged = analyze::suite::judge(&self.scenarios, self.suite.time_scale, reasons);
        let began = self.scenarios.iter().filter_map(|it| it.figures.as_ref());
        SuiteResult {
            schema_version: SCHEMA_VERSION,
            kind: RunKind::Suite,
            test_summary: self.summary(began.map(|it| it.started_at.clone()).min()),
            verdict: judged.verdict,
            scenarios: self.scenarios.clone(),
            degradation: judged.degradation,
            recommendations: judged.recommendations,
            environment: self.environment.as_ref().map(|(_, it)| it.clone()),
        }
    }

    fn summary(&self, started_at: Option<String>) -> SuiteSummary {
        let count = |status| self.scenarios.iter().filter(|it| it.status == status).count() as u64;
        let passed = self.scenarios.iter().filter(|it| it.exit_code() == Some(0));
        SuiteSummary {
            started_at,
            time_scale: self.suite.time_scale,
            scenarios: self.scenarios.len() as u64,
            finished: count(ScenarioStatus::Finished),
            passed: passed.count() as u64,
            could_not_start: count(ScenarioStatus::CouldNotStart),
            not_run: count(ScenarioStatus::NotRun),
            interrupted: self.interrupted,
        }
    }

    fn find(&mut self, name: &str) -> Option<&mut Scenario> {
        self.scenarios.iter_mut().find(|it| it.name == name)
    }

    /// Whether the scenarios have a summary; then the suite has one too.
    fn in_markdown(&self) -> bool {
        let mut loads = self.suite.scenarios.iter().filter_map(|it| match &it.what {
            Planned::Load(resolved) => Some(&resolved.plan.output.formats),
            Planned::Migration { .. } => None,
        });
        loads.next().is_none_or(|formats| formats.contains(&Format::Markdown))
    }
}

/// A scenario that nothing is known of but its plan.
fn unstarted(scenario: &ResolvedScenario) -> Scenario {
    let (connections, duration_s, reason) = match &scenario.what {
        Planned::Load(resolved) => {
            let plan = &resolved.plan;
            let reason = "its turn has not come";
            (plan.connections.into(), plan.duration.as_secs_f64(), reason)
        }
        Planned::Migration { users, duration } => (*users, duration.as_secs_f64(), NO_MIGRATION),
    };
    Scenario {
        name: scenario.name.clone(),
        description: scenario.description.clone(),
        reason: Some(reason.to_owned()),
        connections,
        duration_s,
        ..Scenario::default()
    }
}

/// Whether one may be replaced was settled before the suite began; from then on they are ours.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let placed = place(path, true, |out| out.write_all(bytes));
    Ok(placed.map_err(LoadError::output_of("--output-dir", path))?)
}
