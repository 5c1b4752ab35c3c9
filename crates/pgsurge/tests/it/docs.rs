//! The documents that are made from the program are what the program says now.

use pgsurge::cli::reference;
use std::path::Path;

#[test]
fn the_reference_of_commands_is_fresh() {
    is_fresh("cli.md", &reference::cli());
}

#[test]
fn the_reference_of_settings_is_fresh() {
    is_fresh("settings.md", &reference::settings());
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
