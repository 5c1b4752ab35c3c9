//! One load test, from a plan to a verdict.
//!
//! `run` is the table of contents: reach the server, choose the workload, let `drive` set up,
//! load, verify and clean up, judge, write, tell. What a plan means to the engine is in `shape`,
//! the server in `target`, the record on disk in `journal`, the files in `output`.

mod drive;
mod error;
mod host;
mod interrupt;
mod journal;
mod output;
mod progress;
mod shape;
mod target;

pub use error::LoadError;

use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::{Loudness, Messages};
use crate::settings::Resolved;
use crate::surroundings::Surroundings;
use drive::{Drive, Driven};
use interrupt::Interrupt;
use model::plan::{Hokm, Plan, Profile};
use model::run_result::RunResult;
use std::io::Write as _;
use target::Target;
use time::format_description::well_known::Rfc3339;
use workload::hokm::HokmProfile;
use workload::pgbench::{Pgbench, PgbenchOptions, Script};

/// A finished load test.
pub struct Outcome {
    /// What was found, judged.
    pub result: RunResult,
    /// How the program ends.
    pub exit_code: ExitCode,
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
    let told = messages.clone();
    let interrupt = Interrupt::listen(move |text| told.warn(text))
        .map_err(|error| Error::Internal(format!("cannot listen for signals: {error}")))?;
    let outcome = run_plan(resolved, surroundings, messages, &interrupt)?;
    let report = report::terminal::render(&outcome.result, surroundings.report_style());
    std::io::stdout().lock().write_all(report.as_bytes()).map_err(Error::Output)?;
    let files = resolved.plan.output.files();
    let names: Vec<String> = files.iter().map(|(_, path)| path.display().to_string()).collect();
    messages.info(&format!("result: {}", names.join(", ")));
    Ok(outcome)
}

fn run_plan(
    resolved: &Resolved,
    surroundings: &Surroundings,
    messages: &Messages,
    interrupt: &Interrupt,
) -> Result<Outcome, LoadError> {
    let plan = &resolved.plan;
    if plan.target == model::plan::Target::Throwaway {
        messages.info("no server is named: starting a throwaway PostgreSQL");
    }
    let target = Target::reach(plan, resolved.server.as_ref(), &surroundings.environment)?;
    messages.info(&format!("server: {}", target.name()));
    let drive = Drive {
        plan,
        target: &target,
        messages,
        interrupt,
        started_at: surroundings.now.format(&Rfc3339).unwrap_or_default(),
        terminal: surroundings.terminal && messages.loudness() > Loudness::Quiet,
    };
    let driven = match &plan.workload.profile {
        Profile::Hokm(hokm) => drive.run(hokm_workload(plan, hokm, surroundings)?)?,
        Profile::Pgbench { scale } => drive.run(pgbench_workload(plan, *scale)?)?,
    };
    finish(plan, driven, messages)
}

/// Judges and writes.
fn finish(plan: &Plan, driven: Driven, messages: &Messages) -> Result<Outcome, LoadError> {
    let Driven { result, record, reasons } = driven;
    let limits = analyze::thresholds::of_plan(&plan.thresholds);
    // The names come from the same table that `analyze` reads, so none is unknown.
    let judgement = analyze::judge(&result, &limits.unwrap_or_default(), reasons);
    let result = result.judged(judgement);
    output::write(plan, &result, &record)?;
    if let Err(error) = record.remove() {
        messages.warn(&format!("{}: {error}", plan.output.partial().display()));
    }
    let exit_code = ExitCode::of_number(result.verdict.exit_code).unwrap_or(ExitCode::Internal);
    Ok(Outcome { result, exit_code })
}

fn pgbench_workload(plan: &Plan, scale: u32) -> Result<Pgbench, LoadError> {
    let script = Script::parse(&plan.workload.name).unwrap_or(Script::SelectOnly);
    Pgbench::new(PgbenchOptions {
        scripts: vec![(script, 1)],
        scale,
        schema: None,
        seed: plan.seed,
        keep_data: plan.keep_data,
    })
    .map_err(LoadError::workload("set the workload up"))
}

fn hokm_workload(
    plan: &Plan,
    hokm: &Hokm,
    surroundings: &Surroundings,
) -> Result<workload::hokm::Hokm, LoadError> {
    let profile = HokmProfile {
        seats: hokm.concurrent_user_actions,
        read_write_ratio: hokm.read_write_ratio,
        transaction_size: hokm.transaction_size_range,
        batch_operation_probability: hokm.batch_operation_probability,
        complex_query_probability: hokm.complex_query_probability,
        data_volume_multiplier: hokm.data_volume_multiplier,
        seed: plan.seed,
        run_prefix: run_prefix(surroundings),
        keep_data: plan.keep_data,
        ..HokmProfile::default()
    };
    workload::hokm::Hokm::new(profile).map_err(LoadError::workload("set the workload up"))
}

/// What every key of this run begins with: its second, and four digits against another run of
/// the same second.
fn run_prefix(surroundings: &Surroundings) -> String {
    let second = surroundings.now.unix_timestamp();
    format!("r{}x{:04x}", base36(second.unsigned_abs()), surroundings.random & 0xffff)
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
        number /= 36;
    }
    digits.iter().rev().collect()
}
