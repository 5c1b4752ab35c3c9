//! A result as Markdown, for a pull request or a wiki. What a reader must know comes first: the
//! verdict, whether the run is sound, what held it back and the findings that matter. The rest is
//! there for who scrolls.
//!
//! A section that has nothing to say is not there; what could not be read is told in one place
//! (`unseen`), with the reason and with what would give it.

mod environment;
mod io;
mod load;
mod locks;
mod plans;
mod relations;
mod replication;
mod settings;
mod vacuum;
mod waits;

pub(crate) use environment::environment;
pub(crate) use load::metric_value;

use crate::advice::next_steps;
use crate::soundness::Soundness;
use crate::table::{self, Align, Table};
use crate::{diagnosis, server, unseen};
use model::run_result::{RunKind, RunResult};
use model::units::{count, duration};
use model::verdict::VerdictOutcome;
use std::fmt::Write as _;

/// How much of a statement there is room for, in characters: it is to be known again, not read.
const STATEMENT: usize = 100;

/// The whole report.
pub fn render(result: &RunResult) -> String {
    let mut out = String::new();
    head(&mut out, result);
    section(&mut out, "Is the run sound?", &soundness(result));
    diagnosis::lead(&mut out, result);
    the_load(&mut out, result);
    diagnosis::rest(&mut out, result);
    section(&mut out, "What was not seen", &list(unseen::lines(result).iter().map(|it| cell(it))));
    section(&mut out, "Checks of the run", &grid(&table::validity(result)));
    the_client(&mut out, result);
    the_server(&mut out, result);
    section(&mut out, "What happened", &load::events(result));
    section(&mut out, "What to do next", &list(next_steps(result)));
    section(&mut out, "Environment", &environment(&result.environment));
    out
}

/// What the load came to, and its limits.
fn the_load(out: &mut String, result: &RunResult) {
    section(out, "Key figures", &load::figures(result));
    section(out, "Response times of actions", &grid(&table::actions(result)));
    section(out, "Stages", &grid(&table::stages(result)));
    section(out, "Thresholds", &grid(&table::thresholds(result)));
}

/// What the workload saw.
fn the_client(out: &mut String, result: &RunResult) {
    section(out, "Service times of statements", &grid(&table::statements(result)));
    section(out, "Errors", &grid(&table::errors(result)));
    section(out, "Connections and transactions", &load::connections(result));
    section(out, "Games", &load::games(result));
    section(out, "Other metrics of the workload", &load::custom(result));
    section(out, "Verification of the stored data", &grid(&table::verification(result)));
    section(out, "Slowest statements", &grid(&table::slowest(result)));
}

/// What the server and its host said.
fn the_server(out: &mut String, result: &RunResult) {
    section(out, "Server", &list(server::lines(result).iter().map(|line| cell(line))));
    let Some(database) = &result.database_metrics else { return };
    section(out, "What sessions waited for", &waits::text(database));
    section(out, "Who waited for whom", &locks::text(database));
    section(out, "Statements on the server", &grid(&server::statements(result)));
    section(out, "Statements on the server over time", &grid(&server::over_time(result)));
    section(out, "Plans and missing indexes", &plans::text(database));
    section(out, "Tables", &relations::tables(database));
    section(out, "Indexes", &relations::indexes(database));
    section(out, "Growth", &relations::growth(database));
    section(out, "Vacuum and the age of transactions", &vacuum::text(database));
    section(out, "Replication", &replication::text(database));
    section(out, "Reads and writes by process", &grid(&io::table(database)));
    section(out, "Settings that changed", &grid(&settings::changed(database)));
}

/// A heading and its text; nothing where there is no text.
pub(crate) fn section(out: &mut String, title: &str, text: &str) {
    if !text.is_empty() {
        // Writing to a String can't fail, here and below.
        let _ok = write!(out, "\n## {title}\n\n{text}");
    }
}

fn head(out: &mut String, result: &RunResult) {
    let summary = &result.test_summary;
    let kind = match result.kind {
        RunKind::Load => "Load test",
        RunKind::Migration => "Migration rehearsal",
        RunKind::Suite => "Suite",
    };
    let outcome = verdict_word(result.verdict.outcome);
    let code = result.verdict.exit_code;
    let _ok = write!(out, "# {kind}: {outcome}\n\n");
    let _ok = writeln!(
        out,
        "Workload `{}`, {} connections, {} measured, began {}. Exit code {code}.",
        cell(&summary.workload),
        count(summary.concurrent_connections),
        duration(result.load_metrics.elapsed_s),
        cell(&summary.started_at),
    );
    if !result.verdict.reasons.is_empty() {
        let _ok = write!(out, "\n{}", list(result.verdict.reasons.iter().map(|r| cell(r))));
    }
}

/// In a line, and what there is to doubt; all checks have a table further down.
fn soundness(result: &RunResult) -> String {
    let Soundness { text, doubts, .. } = Soundness::of(result);
    let doubts = doubts.iter().map(|it| format!("`{}`: {}", cell(&it.code), cell(&it.evidence)));
    list(std::iter::once(text).chain(doubts))
}

/// The outcome as a reader sees it first.
pub(crate) fn verdict_word(outcome: VerdictOutcome) -> &'static str {
    match outcome {
        VerdictOutcome::Passed => "PASSED",
        VerdictOutcome::Failed => "FAILED",
        VerdictOutcome::Invalid => "NOT VALID",
        VerdictOutcome::Inconclusive => "INCONCLUSIVE",
        VerdictOutcome::Interrupted => "INTERRUPTED",
    }
}

pub(crate) fn list(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().map(|item| format!("- {item}\n")).collect()
}

/// Text that can't end a cell or begin markup.
pub(crate) fn cell(text: &str) -> String {
    let flat = text.replace(['\r', '\n'], " ");
    flat.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('`', "'")
}

/// The beginning of a statement, in a list.
pub(crate) fn statement(sql: &str) -> String {
    match shortened(sql) {
        empty if empty.is_empty() => "(hidden)".to_owned(),
        text => code(&text),
    }
}

/// Code of one line, in a list: as it is, whatever stars and underscores it has.
pub(crate) fn code(text: &str) -> String {
    format!("`{}`", text.replace(['\r', '\n'], " ").replace('`', "'"))
}

/// The beginning of a statement, in a cell: one line of at most [`STATEMENT`] characters.
pub(crate) fn shortened(sql: &str) -> String {
    let flat = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(STATEMENT) {
        Some((end, _)) => format!("{}…", &flat[..end]),
        None => flat,
    }
}

pub(crate) fn grid(table: &Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    let titles: Vec<_> = table.columns.iter().map(|(title, _)| *title).collect();
    let rules: Vec<_> = table
        .columns
        .iter()
        .map(|(_, align)| match align {
            Align::Left => "---",
            Align::Right => "---:",
        })
        .collect();
    let _ok = writeln!(out, "| {} |\n| {} |", titles.join(" | "), rules.join(" | "));
    for row in &table.rows {
        let cells: Vec<_> = row.iter().map(|text| cell(text)).collect();
        let _ok = writeln!(out, "| {} |", cells.join(" | "));
    }
    out
}
