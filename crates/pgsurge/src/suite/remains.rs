//! What a killed run of a scenario left in the suite's folder: its record, which is all that still
//! knows the name of its rows on a server. It is set aside before the scenario runs again.

use crate::error::Error;
use crate::load::LoadError;
use crate::load::aside::{Aside, plan_of, run_of};
use crate::messages::Messages;
use model::plan::Plan;
use model::run_result::RunResult;
use std::io::ErrorKind;
use std::path::Path;

/// Keeps the record of a killed run under the run's own name, and tells how to remove the rows that
/// it may have left.
///
/// # Errors
/// It can't be renamed.
pub(super) fn set_aside(plan: &Plan, name: &str, messages: &Messages) -> Result<(), Error> {
    let record = plan.output.partial();
    if !record.exists() {
        return Ok(());
    }
    messages.info(&format!("{name} was killed: it runs again"));
    keep(&record, name, messages)
}

/// Removes the record beside a finished result, which a program that is killed while it saves
/// leaves there. That of another run is set aside.
///
/// # Errors
/// It can't be removed or renamed.
pub(super) fn of_finished(
    plan: &Plan,
    result: &RunResult,
    name: &str,
    messages: &Messages,
) -> Result<(), Error> {
    let record = plan.output.partial();
    if plan_of(&record).is_some_and(|it| run_of(&it) != run_of(&result.plan)) {
        keep(&record, name, messages)?;
    }
    match std::fs::remove_file(&record) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(LoadError::output_of("--output-dir", record)(error).into())
        }
        _ => Ok(()),
    }
}

/// Why the log of actions can't be replaced: it is there, and in no folder of the suite's.
pub(super) fn foreign_log(plan: &Plan, name: &str) -> Option<String> {
    let log = &plan.output.log.as_ref()?.path;
    let is_ours = log.parent() == plan.output.path.parent();
    (!is_ours && log.exists())
        .then(|| format!("{name}: {} exists; --force replaces what is there", log.display()))
}

fn keep(record: &Path, name: &str, messages: &Messages) -> Result<(), Error> {
    if let Some(aside) = Aside::of(record)? {
        messages.warn(&format!("{name}: {}", aside.told()));
    }
    Ok(())
}
