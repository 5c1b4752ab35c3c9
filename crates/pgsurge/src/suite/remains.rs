//! What a killed run of a scenario left in the suite's folder: its record, which is all that still
//! knows the name of its rows on a server. It is set aside before the scenario runs again.

use crate::error::Error;
use crate::load::LoadError;
use crate::messages::Messages;
use model::plan::Plan;
use model::run_result::RunResult;
use model::series::Line;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

/// Keeps the record of a run that may have left rows, under the run's own name, and tells how to
/// remove them. A record that names no rows is replaced when the scenario runs again.
///
/// # Errors
/// It can't be renamed.
pub(super) fn set_aside(plan: &Plan, name: &str, messages: &Messages) -> Result<(), Error> {
    let record = plan.output.partial();
    if !record.exists() {
        return Ok(());
    }
    messages.info(&format!("{name} was killed: it runs again"));
    match plan_of(&record) {
        Some(killed) => keep(&record, &killed, name, messages),
        None => Ok(()),
    }
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
    if let Some(killed) = plan_of(&record).filter(|it| run_of(it) != run_of(&result.plan)) {
        keep(&record, &killed, name, messages)?;
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

fn keep(record: &Path, killed: &Value, name: &str, messages: &Messages) -> Result<(), Error> {
    let (Some(run), Some(command)) = (run_of(killed), report::advice::removal(killed)) else {
        return Ok(());
    };
    let mut aside = record.as_os_str().to_owned();
    aside.push(format!(".{run}"));
    let aside = PathBuf::from(aside);
    std::fs::rename(record, &aside).map_err(LoadError::output_of("--output-dir", &aside))?;
    messages.warn(&format!(
        "{name}: an earlier run was killed, and may have left rows on the server: {command} removes \
         them; its record is now {}",
        aside.display()
    ));
    Ok(())
}

/// The plan of the run whose record this is.
fn plan_of(record: &Path) -> Option<Value> {
    let mut first = String::new();
    BufReader::new(File::open(record).ok()?).read_line(&mut first).ok()?;
    match Line::parse(&first).ok()? {
        Line::Header(header) => Some(header.plan),
        _ => None,
    }
}

/// The name of its run; none that could lead out of the folder.
fn run_of(plan: &Value) -> Option<&str> {
    plan.pointer("/data/run").and_then(Value::as_str).filter(|it| model::plan::is_run_name(it))
}
