//! The documents that are made from the program are what the program says now.

use crate::faults::document;
use pgsurge::cli::reference;
use pgsurge::saved::{Rendering, Saved};
use report::terminal::Style;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_reference_of_commands_is_fresh() {
    is_fresh("cli.md", &reference::cli());
}

#[test]
fn the_reference_of_settings_is_fresh() {
    is_fresh("settings.md", &reference::settings());
}

#[test]
fn the_table_of_faults_has_a_row_for_each_tested_one_and_no_other() {
    let calls = calls_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it"));
    assert!(calls.len() > 20, "{calls:?}");
    let titles: BTreeSet<_> = calls.iter().map(|(_, title)| title).collect();
    assert_eq!(titles.len(), calls.len(), "each title stands for one fault: {calls:?}");
    assert_eq!(document::strays(&calls), [""; 0]);
}

/// The calls of `faults::document` in the source: chapter and title.
fn calls_in(folder: &Path) -> Vec<(String, String)> {
    let mut calls = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
        if entry.is_dir() {
            calls.extend(calls_in(&entry));
            continue;
        }
        let text = std::fs::read_to_string(&entry).unwrap();
        for name in ["refused", "measured", "told"] {
            let begin = format!("document::{name}(");
            for (at, _) in text.match_indices(&begin) {
                let mut words = text[at..].split('"');
                let chapter = words.next().and_then(|it| it.rsplit_once("Chapter::"));
                let (Some((_, chapter)), Some(title)) = (chapter, words.next()) else {
                    panic!("{}: chapter and title are to be written out", entry.display());
                };
                let chapter = chapter.trim_end().trim_end_matches(',');
                calls.push((chapter.to_owned(), title.to_owned()));
            }
        }
    }
    calls
}

/// A run of a few seconds, made by `make docs`.
const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sample/result.json");

#[test]
fn the_sample_is_rendered_as_report_renders_it() {
    let saved = Saved::open(Path::new(SAMPLE)).unwrap();
    let files = [
        (Rendering::Text, "txt"),
        (Rendering::Markdown, "md"),
        (Rendering::Csv, "csv"),
        (Rendering::SeriesCsv, "series.csv"),
    ];
    for (rendering, ending) in files {
        let mut bytes = Vec::new();
        let style = Style { colour: false, width: 100 };
        saved.render(rendering, style, &mut bytes).unwrap();
        is_fresh(&format!("sample/result.{ending}"), std::str::from_utf8(&bytes).unwrap());
    }
}

#[test]
fn the_sample_is_a_small_result_of_the_published_shape() {
    let text = std::fs::read_to_string(SAMPLE).unwrap();
    assert!((10_000..300_000).contains(&text.len()), "{} bytes", text.len());
    assert_eq!(crate::running::complaints(&serde_json::from_str(&text).unwrap()), [""; 0]);
    let result = report::json::read(text.as_bytes()).unwrap();
    assert_eq!(result.verdict.exit_code, 0, "{:?}", result.verdict.reasons);
    assert!(result.load_metrics.verification.is_some_and(|it| it.passed));
}

/// Compares a document with its file, or renews the file where that is asked for.
fn is_fresh(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let filed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(filed == text, "docs/{name} is stale: UPDATE_DOCS=1 cargo test -p pgsurge renews it");
}
