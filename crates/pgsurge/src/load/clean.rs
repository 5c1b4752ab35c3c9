//! `--clean RUN`: what a run left on a server goes, and nothing else; no load, no result.

use super::error::LoadError;
use super::interrupt::Interrupt;
use super::reached;
use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::Messages;
use crate::settings::Aim;
use model::plan::Plan;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;
use workload::{CleanUp, Server};

/// How long one statement may take: a run of days has left many rows.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Removes what the run called `run` has left at the server of `aim`, and prints what that was.
///
/// # Errors
/// The server can't be reached, or refuses.
pub fn run(aim: &Aim, run: &str, messages: &Messages) -> Result<ExitCode, Error> {
    let told = messages.clone();
    let interrupt = Interrupt::listen(move |text| told.warn(text))
        .map_err(|error| Error::Internal(format!("cannot listen for signals: {error}")))?;
    let settings = reached::with_defaults(aim.server.clone());
    let tls = reached::tls_of(&settings)?;
    messages.info(&format!("server: {settings}"));
    let progress = |text: &str| messages.detail(text);
    let server = Server {
        settings: Arc::new(settings),
        tls,
        schema: aim.schema.clone(),
        loaders: 1,
        patience: Some(PATIENCE),
        stop: interrupt.once().clone(),
        progress: &progress,
    };
    let cleaned =
        workload::clean_run(&server, run).map_err(|cause| match interrupt.once().is_raised() {
            true => LoadError::Interrupted,
            false => LoadError::workload("clean up")(cause),
        })?;
    let text = told_of(run, aim.schema.as_deref(), &cleaned);
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Error::Output)?;
    Ok(ExitCode::Passed)
}

/// What is told of a run that could not remove what it has made.
pub fn left(plan: &Plan, error: &workload::Error) -> String {
    let text = format!("what the run made could not be removed: {error}");
    match serde_json::to_value(plan).ok().as_ref().and_then(report::advice::removal) {
        Some(command) => format!("{text}; {command} removes it"),
        None => text,
    }
}

/// What became of it, for a reader.
fn told_of(run: &str, schema: Option<&str>, cleaned: &CleanUp) -> String {
    if cleaned.is_nothing() {
        let place = match schema {
            Some(schema) => format!("in schema \"{schema}\""),
            None => "on the search path; --schema names another place".to_owned(),
        };
        return format!("nothing of run {run} was found {place}\n");
    }
    let rows = model::units::count(cleaned.rows_removed);
    let mut text = format!("run {run}: {rows} rows removed from tables that stay\n");
    for dropped in &cleaned.dropped {
        text.push_str(&format!("dropped: {dropped}\n"));
    }
    cleaned.notes.iter().for_each(|note| text.push_str(&format!("{note}\n")));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_left_nothing_is_told_as_that() {
        let nothing = CleanUp::default();
        let text = told_of("r1", None, &nothing);
        assert_eq!(
            text,
            "nothing of run r1 was found on the search path; --schema names another place\n"
        );
    }

    #[test]
    fn every_table_that_went_is_named() {
        let cleaned = CleanUp {
            dropped: vec!["games".to_owned()],
            rows_removed: 12_345,
            notes: vec!["table players stays: it has rows of others".to_owned()],
            ..CleanUp::default()
        };
        assert_eq!(
            told_of("r1", None, &cleaned),
            "run r1: 12,345 rows removed from tables that stay\ndropped: games\n\
             table players stays: it has rows of others\n"
        );
    }
}
