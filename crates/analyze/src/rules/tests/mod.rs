//! Every rule: it fires with the numbers that were seen, stays quiet just below its limit, and says
//! what it lacks.

mod connections;
mod cpu;
mod host;
mod locks;
mod maintenance;
mod memory;
mod network;
mod plans;
mod schema;
mod settings;
mod storage;
mod vacuum;
mod waits;
mod wal;

use crate::diagnosis::fixture::*;
use model::database_metrics::{DatabaseMetrics, Section, Unread};
use model::finding::{Finding, Severity};
use model::run_result::RunResult;

/// Whether some evidence of a finding has this value.
fn rests_on(found: &Finding, value: f64) -> bool {
    found.evidence.iter().any(|it| it.value == Some(value))
}

/// A section that could not be read.
fn lost<T>(section: &mut Section<T>) {
    *section = Section::unread(Unread::missing("the counters were reset"));
}

/// Asserts that a rule says so when the server did not tell it what it needs.
#[track_caller]
fn lacks(code: &str, lose: impl FnOnce(&mut DatabaseMetrics)) {
    let reason = unknown(code, |result| lose(db(result)));
    assert_eq!(reason, "the counters were reset");
}

/// Two changes, one after the other.
fn both(
    first: impl Fn(&mut RunResult),
    second: impl Fn(&mut RunResult),
) -> impl Fn(&mut RunResult) {
    move |result| {
        first(result);
        second(result);
    }
}
