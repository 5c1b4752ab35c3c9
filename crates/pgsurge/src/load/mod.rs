//! One load test, from a plan to a verdict.
//!
//! `run` is the table of contents: reach the server, choose the workload, let `drive` set up,
//! load, verify and clean up, judge, write, tell. What a plan means to the engine is in `shape`,
//! the server in `target`, the record on disk in `journal`, the files in `output`.

mod abort;
mod action_log;
pub(crate) mod aside;
pub mod clean;
mod drive;
mod error;
mod host;
pub mod init;
mod interrupt;
mod journal;
mod observers;
mod output;
mod progress;
mod reached;
mod shape;
mod slots;
mod target;
mod watching;

pub use error::LoadError;
pub(crate) use host::memory_bytes;
pub use interrupt::Interrupt;
pub(crate) use output::place;
pub(crate) use reached::Reached;
pub(crate) use slots::Slots;
pub use target::Target;

use crate::error::{Error, io_words};
use crate::exit_code::ExitCode;
use crate::messages::{Loudness, Messages};
use crate::settings::Resolved;
use crate::surroundings::Surroundings;
use drive::{Drive, Driven};
use model::measured::Interval;
use model::plan::{Limit, Plan};
use model::run_result::RunResult;
use model::threshold::Threshold;
use model::verdict::{Cause, Reason, ValidityCheck, ValidityOutcome};
use std::io::Write as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use workload::SetUp;

/// A finished load test.
pub struct Outcome {
    /// What was found, judged.
    pub result: RunResult,
    /// How the program ends.
    pub exit_code: ExitCode,
    /// Why its files are not all there; the record of the run then stays.
    pub unwritten: Option<LoadError>,
}

/// Runs the plan, writes its result, and prints the report.
///
/// # Errors
/// There is no result: nothing could be reached, set up or written.
pub fn run(
    resolved: &Resolved,
    surroundings: &Surroundings,
    messages: &Messages,
) -> Result<Outcome, Error> {
    let session = Session::begin(surroundings, messages)?;
    let target = session.reach(resolved)?;
    let outcome = session.load(resolved, &target, &|_| {})?;
    session.show(&outcome.result)?;
    if let Some(error) = outcome.unwritten {
        let record = resolved.plan.output.partial();
        let path = record.display();
        messages.warn(&format!(
            "the record of the run stays in {path}: pgsurge report {path} renders it"
        ));
        return Err(error.into());
    }
    let files = resolved.plan.output.files();
    let names: Vec<String> = files.iter().map(|(_, path)| path.display().to_string()).collect();
    messages.info(&format!("result: {}", names.join(", ")));
    Ok(outcome)
}

/// What load tests of one command share: ears for signals, and a mouth.
pub struct Session<'a> {
    surroundings: &'a Surroundings,
    messages: &'a Messages,
    interrupt: Interrupt,
}

impl<'a> Session<'a> {
    /// Begins to listen for signals.
    ///
    /// # Errors
    /// The system refuses to hand signals over.
    pub fn begin(
        surroundings: &'a Surroundings,
        messages: &'a Messages,
    ) -> Result<Session<'a>, Error> {
        let told = messages.clone();
        let interrupt = Interrupt::listen(move |text| told.warn(text))
            .map_err(|error| Error::Internal(format!("cannot listen for signals: {error}")))?;
        Ok(Session { surroundings, messages, interrupt })
    }

    /// True once the user wants to end it.
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.once().is_raised()
    }

    /// Starts or reaches the server of the plan.
    ///
    /// # Errors
    /// See [`Target::reach`].
    pub fn reach(&self, resolved: &Resolved) -> Result<Target, LoadError> {
        let plan = &resolved.plan;
        if plan.target == model::plan::Target::Throwaway {
            self.messages.info("no server is named: starting a throwaway PostgreSQL");
        }
        let environment = &self.surroundings.environment;
        let asked = resolved.is_given("protocol");
        let mut target = Target::reach(plan, resolved.server.as_ref(), asked, environment)?;
        target.pooler_admin.clone_from(&resolved.pooler_admin);
        self.messages.info(&format!("server: {}", target.name()));
        for effect in target.pooler(plan).into_iter().flat_map(|it| it.effects) {
            self.messages.info(&format!("because of the pooler: {effect}"));
        }
        Ok(target)
    }

    /// Sets up what the plan says at `target`, and leaves it there.
    ///
    /// # Errors
    /// Set-up failed, or was interrupted.
    pub fn set_up(&self, resolved: &Resolved, target: &Target) -> Result<SetUp, LoadError> {
        let plan = &resolved.plan;
        self.drive(plan, target, &|_| {}).set_up(&mut self.mix(plan)?)
    }

    /// Loads `target` as the plan says and writes the result; `watch` sees each second.
    ///
    /// # Errors
    /// There is no result.
    pub fn load(
        &self,
        resolved: &Resolved,
        target: &Target,
        watch: &dyn Fn(&Interval),
    ) -> Result<Outcome, LoadError> {
        let plan = &resolved.plan;
        let drive = self.drive(plan, target, watch);
        let mix = self.mix(plan)?;
        if !target.is_throwaway() {
            for prefix in mix.row_prefixes() {
                self.messages.info(&format!("every key that this run adds begins with {prefix}"));
            }
        }
        Ok(self.finish(plan, drive.run(mix)?))
    }

    /// The workloads of the plan.
    fn mix(&self, plan: &Plan) -> Result<workload::Mix, LoadError> {
        self.surroundings.registry.mix(plan).map_err(|refused| {
            let refused: Vec<String> = refused.iter().map(ToString::to_string).collect();
            let cause = workload::Error::Settings(refused.join("; "));
            LoadError::workload("make the workload")(cause)
        })
    }

    fn drive<'d>(
        &'d self,
        plan: &'d Plan,
        target: &'d Target,
        watch: &'d dyn Fn(&Interval),
    ) -> Drive<'d> {
        self.interrupt.rearm();
        Drive {
            plan,
            target,
            messages: self.messages,
            interrupt: &self.interrupt,
            started_at: OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
            terminal: self.surroundings.terminal && self.messages.loudness() > Loudness::Quiet,
            watch,
        }
    }

    /// Prints the report.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn show(&self, result: &RunResult) -> Result<(), Error> {
        let report = report::terminal::render(result, self.surroundings.report_style());
        std::io::stdout().lock().write_all(report.as_bytes()).map_err(Error::Output)
    }

    /// Judges and writes.
    fn finish(&self, plan: &Plan, driven: Driven) -> Outcome {
        let Driven { result, record, mut reasons } = driven;
        let limits = limits_of(&plan.thresholds, &plan.threshold_expressions, &mut reasons);
        let mut judgement = analyze::judge(&result, &limits, reasons);
        if let Some(shortened) = record.shortened() {
            self.messages.warn(&shortened.to_string());
            judgement.validity.push(ValidityCheck {
                code: "series".to_owned(),
                outcome: ValidityOutcome::Warning,
                evidence: shortened.to_string(),
            });
        }
        let result = result.judged(judgement);
        // A report that can be read is worth more than an error alone: the caller shows both.
        let unwritten = output::write(plan, &result, &record).err();
        if unwritten.is_some() {
            // Where there is no room for this either, the record alone is still worth a report.
            let _kept = record.keep(&result);
        } else if let Err(error) = record.remove() {
            let path = plan.output.partial();
            let words = io_words(&error);
            self.messages.warn(&format!("cannot remove {}: {words}", path.display()));
        }
        let exit_code = ExitCode::of_number(result.verdict.exit_code).unwrap_or(ExitCode::Internal);
        Outcome { result, exit_code, unwritten }
    }
}

/// The limits that the run is held to. They were read when the plan was made: one that can't be
/// read now is a fault of ours, and never lets a run pass.
fn limits_of(named: &[Limit], written: &[String], reasons: &mut Vec<Reason>) -> Vec<Threshold> {
    analyze::thresholds::of_plan(named, written).unwrap_or_else(|errors| {
        let fault = |error| {
            let text = format!("a limit was accepted and can't be judged: {error}");
            Reason::new(Cause::OurFault, text)
        };
        reasons.extend(errors.into_iter().map(fault));
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_can_not_be_judged_is_a_fault_of_ours_and_no_pass() {
        let mut reasons = Vec::new();
        let written = ["nothing of the kind".to_owned()];
        assert!(limits_of(&[], &written, &mut reasons).is_empty());
        assert!(reasons.len() == 1 && reasons[0].cause == Cause::OurFault, "{reasons:?}");
    }
}
