//! The documents that are made from the program are what the program says now.

use crate::faults::document;
use pgsurge::cli::reference;
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
