//! The record of a run that never wrote its result: what it came to, judged for what it is.

use super::error::SavedError;
use analyze::thresholds::of_plan;
use model::plan::Plan;
use model::run_result::{RecordNotes, RecordReader, Recorded, RunResult};
use model::series::Line;
use model::units::{decimal, several};
use model::verdict::{Cause, Reason, ValidityCheck, ValidityOutcome};
use serde::Deserialize;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// Whether a file begins as a record does.
pub fn is_record(file: &mut dyn BufRead) -> io::Result<bool> {
    Ok(file.fill_buf()?.starts_with(Line::HEADER_PREFIX.as_bytes()))
}

/// The result of the run that left the record at `path`.
///
/// # Errors
/// It can't be read, or ends within its first line.
pub fn read(path: &Path) -> Result<RunResult, SavedError> {
    let failed = SavedError::io(path);
    let file = File::open(path).map_err(&failed)?;
    // The run holds the lock as long as it lives.
    let goes_on = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    let mut lines = BufReader::with_capacity(256 * 1024, file);
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        lines.read_until(b'\n', line).map_err(&failed)
    };
    next(&mut line)?;
    let mut reader = RecordReader::begin(&String::from_utf8_lossy(&line))
        .map_err(|cause| SavedError::Record { path: path.to_owned(), cause })?;
    while next(&mut line)? > 0 {
        // A cut or damaged line may be no text; then it is no JSON either.
        reader.line(&String::from_utf8_lossy(&line));
    }
    match reader.finish() {
        Recorded::Judged(result) => Ok(*result),
        Recorded::Unjudged(result, notes) => Ok(judged(*result, &notes, goes_on)),
    }
}

fn judged(result: RunResult, notes: &RecordNotes, goes_on: bool) -> RunResult {
    let mut reasons = vec![
        how_far(notes, goes_on),
        Reason::new(Cause::Inconclusive, "the stored data was not verified"),
    ];
    if notes.damaged > 0 {
        let lines = several(notes.damaged, "line");
        let text = format!("{lines} of the record are damaged; what they held is missing");
        reasons.push(Reason::new(Cause::Inconclusive, text));
    }
    let limits = match Plan::deserialize(&result.plan) {
        Ok(plan) => {
            let limits = of_plan(&plan.thresholds, &plan.threshold_expressions);
            limits.unwrap_or_else(|errors| {
                let text = |it| format!("no limit of the plan was judged: {it}");
                let all = errors.iter().map(text);
                reasons.extend(all.map(|it| Reason::new(Cause::Inconclusive, it)));
                Vec::new()
            })
        }
        Err(_) => {
            let text = "the plan in the record is of another version: no limit was judged";
            reasons.push(Reason::new(Cause::Inconclusive, text));
            Vec::new()
        }
    };
    let mut judgement = analyze::judge(&result, &limits, reasons);
    judgement.validity.insert(0, what_differs(notes, goes_on));
    result.judged(judgement)
}

fn how_far(notes: &RecordNotes, goes_on: bool) -> Reason {
    let recorded = decimal(notes.recorded_s);
    let of = notes.planned_s.map(|s| format!(" of {} s", decimal(s))).unwrap_or_default();
    match (notes.load_ended, goes_on) {
        (_, true) => {
            let text = format!("the run still goes on: {recorded} s{of} are on record");
            Reason::new(Cause::Inconclusive, text)
        }
        (false, false) => {
            let text = format!("the run was killed: {recorded} s{of} were recorded");
            Reason::new(Cause::Interrupted, text)
        }
        (true, false) => {
            let text = "the run was killed after its load, before its result was written";
            Reason::new(Cause::Interrupted, text)
        }
    }
}

/// In what such a result differs from one that a run wrote itself.
fn what_differs(notes: &RecordNotes, goes_on: bool) -> ValidityCheck {
    let more = if notes.load_ended { "" } else { ", the slowest statements, outages" };
    let evidence = format!(
        "made from the record of a run that did not end: actions count where they ended, times of \
         single operations and service times are known until {} s; metrics of the workload's own are \
         absent, for its users count them in memory until the run ends; not in it are the server's \
         of the whole run{more} and a verification",
        decimal(notes.operations_end_s)
    );
    let outcome = match goes_on {
        true => ValidityOutcome::NotEvaluated,
        false => ValidityOutcome::Warning,
    };
    ValidityCheck { code: report::advice::KILLED.to_owned(), outcome, evidence }
}
