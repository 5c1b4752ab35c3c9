//! `docs/faults.md`: each fault, what the user sees, what the result says. Tests make it.
//!
//! A test of a fault ends with one call: [`refused`] where nothing was measured, [`measured`] where
//! there is a result, [`told`] for anything else. The call makes the fault's row of what was really
//! printed and recorded and holds the document to it; `UPDATE_DOCS=1` renews the row instead. A row
//! stands alone: no test waits for another. That rows and calls agree is a test in `docs.rs`, which
//! finds the calls in the source, so `Chapter::…` and the title must be written out there.

use crate::running::Ended;
use model::run_result::RunResult;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Where a fault stands in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chapter {
    /// The server can't be used.
    Connecting,
    /// Connections break while load runs.
    Connections,
    /// The server refuses statements.
    Statements,
    /// This machine, the files, pgsurge itself.
    Here,
}

impl Chapter {
    const ALL: [Chapter; 4] =
        [Chapter::Connecting, Chapter::Connections, Chapter::Statements, Chapter::Here];

    fn title(self) -> &'static str {
        match self {
            Chapter::Connecting => "A server that can't be used",
            Chapter::Connections => "Connections that break while load runs",
            Chapter::Statements => "Statements that the server refuses",
            Chapter::Here => "pgsurge and the machine it runs on",
        }
    }
}

/// A run that came to nothing: what it told, with its exit code.
#[track_caller]
pub fn refused(chapter: Chapter, title: &str, ended: &Ended) {
    let code = ended.code.expect("it was not killed");
    let sees = ended.refused(code);
    let from = sees.lines().position(|line| line.starts_with("error: ")).expect("an error");
    let warned = sees.lines().take(from).filter(|line| line.starts_with("warning: "));
    let lines: Vec<String> = warned.chain(sees.lines().skip(from)).map(placeless).collect();
    told(chapter, title, &lines, &[format!("no result; exit code {code}")]);
}

/// A run with a result: what the report told about the fault, and what the result says. Left out
/// are lines, error classes and reasons that contain one of the words in `varies`, and counts with
/// one of these names: they are not the same in every run. So is what only the speed of this
/// machine decides.
#[track_caller]
pub fn measured(chapter: Chapter, title: &str, ended: &Ended, varies: &[&str]) {
    let result = ended.result();
    let is_steady = |line: &String| !varies.iter().any(|word| line.contains(word));
    let sees: Vec<String> = seen(ended, &result, varies).into_iter().filter(is_steady).collect();
    told(chapter, title, &sees, &said(&result, varies));
}

/// A row in a test's own words, one line for each part.
#[track_caller]
pub fn told(chapter: Chapter, title: &str, sees: &[String], says: &[String]) {
    let row = format!("| {} | {} | {} |", cell(title), code(sees), cell(&says.join("<br>")));
    let mut document = Document::open();
    let renews = std::env::var_os("UPDATE_DOCS").is_some();
    if renews {
        document.rows.entry(chapter).or_default().insert(cell(title), row.clone());
        document.save();
    }
    let filed = document.rows.get(&chapter).and_then(|rows| rows.get(&cell(title)));
    let stale = "docs/faults.md is stale: UPDATE_DOCS=1 cargo test -p pgsurge --test it renews it";
    assert_eq!(filed, Some(&row), "{stale}");
}

/// Rows that no call makes, and calls without a row (those are about to come where documents are
/// renewed). No row is removed here: one whose call was not found would be lost in silence.
pub fn strays(calls: &[(String, String)]) -> Vec<String> {
    let mut document = Document::open();
    let is_made = |chapter: Chapter, title: &str| {
        calls.iter().any(|call| call.0 == format!("{chapter:?}") && cell(&call.1) == title)
    };
    let renews = std::env::var_os("UPDATE_DOCS").is_some();
    if renews {
        document.save();
    }
    let rows =
        document.rows.iter().flat_map(|(chapter, rows)| rows.keys().map(move |it| (chapter, it)));
    let unmade = rows.filter(|(chapter, title)| !is_made(**chapter, title));
    let unmade = unmade.map(|(_, title)| format!("no test makes {title:?}: delete its row"));
    let has_row = |call: &(String, String)| {
        let titles = document.rows.iter().filter(|(it, _)| format!("{it:?}") == call.0);
        titles.flat_map(|(_, rows)| rows.keys()).any(|title| *title == cell(&call.1))
    };
    let missing = calls.iter().filter(|call| !renews && !has_row(call));
    let missing = missing.map(|call| format!("no row {:?} in {}", call.1, call.0));
    let mut strays: Vec<String> = unmade.chain(missing).collect();
    if document.text != document.render() {
        strays.push("docs/faults.md is not as it would be written".to_owned());
    }
    strays
}

/// What standard error and the report told about the fault, in a fixed order.
fn seen(ended: &Ended, result: &RunResult, varies: &[&str]) -> Vec<String> {
    let warned = ended.err.lines().filter(|line| line.starts_with("warning: "));
    let mut told: Vec<String> = warned.map(placeless).collect();
    let (reasons, outcome, _) = judged(result, varies);
    told.push(outcome.to_uppercase());
    told.extend(reasons.iter().map(|reason| numberless(reason)));
    let report = parts(&ended.out);
    let of = |label: &'static str| report.iter().filter(move |part| part.0 == label);
    let mut errors: Vec<String> = of("error").map(|part| numberless(&part.1)).collect();
    errors.sort();
    told.extend(errors);
    let classes: Vec<&str> =
        result.load_metrics.errors.iter().map(|it| it.class.as_str()).collect();
    let about_errors = of("next")
        .filter(|part| part.1.split_once(": ").is_some_and(|(class, _)| classes.contains(&class)));
    told.extend(about_errors.map(|part| format!("next: {}", part.1)));
    told
}

/// What the result says about the fault.
fn said(result: &RunResult, varies: &[&str]) -> Vec<String> {
    let load = &result.load_metrics;
    let (_, outcome, exit_code) = judged(result, varies);
    let mut said = vec![format!("verdict `{outcome}`, exit code {exit_code}")];
    let errors = load.early_errors.iter().chain(&load.errors);
    let mut classes: Vec<String> = errors
        .map(|row| {
            let code = row.sqlstate.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            format!("`{}`{code}", row.class)
        })
        .filter(|class| !varies.iter().any(|word| class.contains(word)))
        .collect();
    classes.sort();
    classes.dedup();
    said.push(match classes.is_empty() {
        true => "no errors".to_owned(),
        false => format!("errors: {}", classes.join(", ")),
    });
    let (all, connections) = (&load.all_actions, &load.connections);
    let counts = [
        ("failed", all.failed),
        ("unknown", all.unknown),
        ("retries", all.retries),
        ("skipped", all.skipped),
        ("unfinished", all.unfinished),
        ("connects failed", connections.failed),
        ("connections lost", connections.lost),
        ("connections reconnected", connections.reconnected),
    ];
    let counted = counts.iter().filter(|(name, _)| !varies.contains(name));
    let counted: Vec<_> = counted.filter(|(_, n)| *n > 0).map(|(name, _)| *name).collect();
    if !counted.is_empty() {
        said.push(format!("counted: {}", counted.join(", ")));
    }
    said.push(match &load.verification {
        Some(verification) if verification.passed => "data verified: passed".to_owned(),
        Some(_) => "data verified: wrong".to_owned(),
        None => "data not verified".to_owned(),
    });
    said
}

/// The reasons of the verdict without those that vary or that only the speed of this machine gives,
/// and what the verdict is without them.
fn judged(result: &RunResult, varies: &[&str]) -> (Vec<String>, &'static str, u8) {
    let verdict = &result.verdict;
    let is_noise = |reason: &&String| {
        let void = ["not valid (generator_", "not valid (steady_state"];
        let varies = varies.iter().any(|word| reason.contains(word));
        varies
            || void.iter().any(|it| reason.starts_with(it))
            || (reason.contains("_time_ms: ") && reason.contains("the limit is"))
    };
    let reasons: Vec<String> = verdict.reasons.iter().filter(|it| !is_noise(it)).cloned().collect();
    // The gravest first, as the contract orders them.
    let kinds = [
        ("connects failed: ", "failed", 3),
        ("the stored data is wrong", "failed", 5),
        ("interrupted", "interrupted", 130),
        ("not valid (", "invalid", 6),
        ("the limit is", "failed", 4),
        ("", "inconclusive", 7),
    ];
    let kind = kinds.iter().find(|(words, ..)| reasons.iter().any(|it| it.contains(words)));
    let (outcome, exit_code) = kind.map_or(("passed", 0), |(_, outcome, code)| (*outcome, *code));
    if reasons.len() == verdict.reasons.len() {
        let filed = serde_json::to_value(verdict.outcome).unwrap();
        assert_eq!((filed.as_str(), verdict.exit_code), (Some(outcome), exit_code), "{reasons:?}");
    }
    (reasons, outcome, exit_code)
}

/// The labelled lines of a report, those that go on joined again.
fn parts(report: &str) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for line in report.lines() {
        let Some((label, text)) = line.split_at_checked(9) else { continue };
        match (label.trim(), parts.last_mut()) {
            ("", Some(last)) => last.1.push_str(&format!(" {}", text.trim())),
            (label, _) => parts.push((label.to_owned(), text.trim().to_owned())),
        }
    }
    parts
}

/// Without what differs from machine to machine.
fn placeless(line: &str) -> String {
    let mut parts = line.split("127.0.0.1:");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("127.0.0.1:5432");
        text.push_str(part.trim_start_matches(|it: char| it.is_ascii_digit()));
    }
    for (flag, word) in [("--clean ", "RUN"), ("--db-port ", "5432")] {
        if let Some((before, rest)) = text.split_once(flag) {
            let after = rest.find(' ').map_or("", |end| &rest[end..]);
            text = format!("{before}{flag}{word}{after}");
        }
    }
    text
}

/// Without figures, but for limits (those are the same in every run), and without what depends on
/// who came first: which statement was refused, and in which of several ways that is said.
fn numberless(line: &str) -> String {
    let is_figure = |word: &str| {
        let bare = word.trim_end_matches([',', ':']);
        bare.starts_with(|it: char| it.is_ascii_digit())
            && bare.chars().all(|it| it.is_ascii_digit() || ".,".contains(it))
    };
    let mut line = placeless(line);
    if let Some((before, rest)) = line.split_once("cannot execute ")
        && let Some((_, after)) = rest.split_once(" in a read-only transaction")
    {
        line = format!("{before}cannot execute … in a read-only transaction{after}");
    }
    let cut = line.find(" due to read/write").or_else(|| line.find(" due to concurrent"));
    line.truncate(cut.unwrap_or(line.len()));
    let mut words: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let is_limit = words.ends_with(&["limit".to_owned(), "is".to_owned()]);
        let hides = is_figure(word) && !is_limit;
        words.push(if hides { "…".to_owned() } else { word.to_owned() });
    }
    words.join(" ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn code(lines: &[String]) -> String {
    let spans = lines.iter().map(|line| format!("`{}`", cell(line.trim()).replace('`', "'")));
    spans.collect::<Vec<_>>().join("<br>")
}

const INTRO: &str = "\
# Faults

What a user sees and what the result says when something breaks. Each row is made by a test that
breaks it on a real server and writes down what was printed and recorded; figures that differ from
run to run are an ellipsis. `UPDATE_DOCS=1 cargo test -p pgsurge --test it` renews it.
";
const HEAD: &str = "| fault | what the user sees | what the result says |\n| --- | --- | --- |\n";

/// The document, held alone until it is dropped.
struct Document {
    file: File,
    text: String,
    rows: BTreeMap<Chapter, BTreeMap<String, String>>,
}

impl Document {
    fn open() -> Document {
        let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/faults.md");
        let mut options = File::options();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(path).unwrap();
        file.lock().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let mut rows: BTreeMap<Chapter, BTreeMap<String, String>> = BTreeMap::new();
        let mut chapter = None;
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                chapter = Chapter::ALL.into_iter().find(|it| it.title() == title);
            }
            let is_row = line.starts_with("| ") && !HEAD.contains(line);
            if let (true, Some(chapter)) = (is_row, chapter) {
                let title = line[2..].split(" | ").next().unwrap().to_owned();
                rows.entry(chapter).or_default().insert(title, line.to_owned());
            }
        }
        Document { file, text, rows }
    }

    fn render(&self) -> String {
        let mut text = INTRO.to_owned();
        for (chapter, rows) in self.rows.iter().filter(|(_, rows)| !rows.is_empty()) {
            text.push_str(&format!("\n## {}\n\n{HEAD}", chapter.title()));
            rows.values().for_each(|row| text.extend([row.as_str(), "\n"]));
        }
        text
    }

    fn save(&mut self) {
        self.text = self.render();
        self.file.set_len(0).unwrap();
        self.file.rewind().unwrap();
        self.file.write_all(self.text.as_bytes()).unwrap();
    }
}
