//! The rules of the source that no compiler knows: which part may use which, how long a file may
//! get, what must be in it and what must not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which of our crates each of them may use, as ARCHITECTURE.md draws it.
const ARROWS: [(&str, &[&str]); 10] = [
    ("model", &[]),
    ("wire", &[]),
    ("servers", &[]),
    ("engine", &["model"]),
    ("analyze", &["model"]),
    ("report", &["model"]),
    ("live", &["model"]),
    ("monitor", &["model", "wire"]),
    ("workload", &["engine", "model", "wire"]),
    (
        "pgsurge",
        &["analyze", "engine", "live", "model", "monitor", "report", "servers", "wire", "workload"],
    ),
];
/// What tests may use besides: real servers.
const FOR_TESTS: &[&str] = &["servers"];
/// Longest file, its unit tests aside. 300 is where a file reads well; more is two files.
const LONGEST_FILE: usize = 350;
/// Files that were longer when this rule came: they may shrink, and not grow.
const LONGER_FILES: [(&str, usize); 0] = [];
/// A file of tests may be longer: it is read one sentence at a time.
const LONGEST_TEST_FILE: usize = 600;

#[test]
fn crates_use_only_what_the_architecture_allows() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.into();
    let crates = folders(&root().join("crates"));
    assert_eq!(
        crates.iter().map(|it| name(it)).collect::<BTreeSet<_>>(),
        arrows.keys().map(|it| it.to_string()).collect()
    );
    for folder in crates {
        let manifest: toml::Table = read(&folder.join("Cargo.toml")).parse().unwrap();
        let allowed = arrows[name(&folder).as_str()];
        let tests: Vec<&str> = allowed.iter().chain(FOR_TESTS).copied().collect();
        for (section, allowed) in [("dependencies", allowed), ("dev-dependencies", &tests)] {
            for used in ours(&manifest, section, &arrows) {
                assert!(allowed.contains(&used.as_str()), "{} must not use {used}", name(&folder));
            }
        }
    }
}

#[test]
fn every_file_begins_with_what_it_is() {
    let without = sources().into_iter().filter(|(_, text)| !text.starts_with("//! "));
    assert_none("no `//!` header", without.map(|(path, _)| shown(&path)));
}

#[test]
fn no_file_outgrows_its_reader() {
    let long = sources().into_iter().filter_map(|(path, text)| {
        let (limit, lines) = (longest(&path), own_lines(&text));
        (lines > limit).then(|| format!("{} has {lines} lines of {limit}", shown(&path)))
    });
    assert_none("too long", long);
}

#[test]
fn a_file_that_has_shrunk_comes_off_the_list_of_longer_ones() {
    let shrunk = LONGER_FILES.iter().filter(|(file, _)| {
        own_lines(&fs::read_to_string(root().join(file)).unwrap_or_default()) <= LONGEST_FILE
    });
    assert_none("no longer longer", shrunk.map(|(file, _)| (*file).to_owned()));
}

#[test]
fn nothing_is_left_for_later() {
    let leftovers = [concat!("to", "do!"), concat!("unimple", "mented!"), concat!("FIX", "ME")];
    let unfinished = sources().into_iter().filter_map(|(path, text)| {
        leftovers.iter().find(|it| text.contains(**it)).map(|it| format!("{}: {it}", shown(&path)))
    });
    assert_none("left for later", unfinished);
}

#[test]
fn every_file_is_part_of_its_crate() {
    let forgotten = sources().into_iter().map(|(path, _)| path).filter(|path| !is_declared(path));
    assert_none("no module declares it", forgotten.map(|it| shown(&it)));
}

#[test]
fn each_crate_has_one_program_of_integration_tests() {
    let stray = folders(&root().join("crates")).into_iter().flat_map(|it| {
        let inside = entries(&it.join("tests"));
        inside.into_iter().filter(|it| it.extension().is_some_and(|it| it == "rs"))
    });
    assert_none("belongs in tests/it", stray.map(|it| shown(&it)));
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let root = root().display().to_string();
    let places = [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/"), &root];
    let knowing = texts().into_iter().filter_map(|path| {
        // Homebrew's own folder on Linux is the same on every machine.
        let text = fs::read_to_string(&path).ok()?.replace(concat!("/ho", "me/linuxbrew"), "");
        let found = places.iter().find(|it| text.contains(**it))?;
        Some(format!("{}: {found}", shown(&path)))
    });
    assert_none("names a folder of a machine", knowing);
}

#[test]
fn the_tidy_rules_see_the_source() {
    // A walk that finds nothing would make every rule above hold.
    assert!(sources().len() > 50 && texts().len() > sources().len());
    assert!(!is_declared(&root().join("crates/pgsurge/src/nobody.rs")));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Our crates in a section of a manifest, by the names of their folders.
fn ours(manifest: &toml::Table, section: &str, known: &BTreeMap<&str, &[&str]>) -> Vec<String> {
    let Some(used) = manifest.get(section).and_then(|it| it.as_table()) else { return Vec::new() };
    let folder = |it: &String| it.strip_prefix("pgsurge-").unwrap_or(it).to_owned();
    used.keys().map(folder).filter(|it| known.contains_key(it.as_str())).collect()
}

/// Every Rust file of a crate's source and tests, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let parts = folders(&root().join("crates")).into_iter();
    let parts = parts.flat_map(|it| [it.join("src"), it.join("tests")]);
    let files = parts.flat_map(|it| walk(&it));
    let rust = files.filter(|it| it.extension().is_some_and(|it| it == "rs"));
    rust.map(|it| (it.clone(), read(&it))).collect()
}

/// Every file of the project that a person wrote.
fn texts() -> Vec<PathBuf> {
    walk(&root())
}

/// All files below a folder, except what is made: builds, results, fuzz corpora.
fn walk(folder: &Path) -> Vec<PathBuf> {
    const MADE: [&str; 6] =
        ["target", ".git", "pgsurge-results", "corpus", "artifacts", "Cargo.lock"];
    let kept = entries(folder).into_iter().filter(|it| !MADE.contains(&name(it).as_str()));
    kept.flat_map(|it| if it.is_dir() { walk(&it) } else { vec![it] }).collect()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|it| it.is_dir()).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    all.sort();
    all
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Lines of a file without its unit tests.
fn own_lines(text: &str) -> usize {
    let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    own.lines().count()
}

/// How many lines a file may have.
fn longest(path: &Path) -> usize {
    let longer = LONGER_FILES.iter().find(|(file, _)| *file == shown(path));
    let usual = if is_test(path) { LONGEST_TEST_FILE } else { LONGEST_FILE };
    longer.map_or(usual, |(_, limit)| *limit)
}

fn is_test(path: &Path) -> bool {
    let inside = shown(path);
    inside.contains("/tests/") || inside.ends_with("/tests.rs") || path_is_under_cfg_test(path)
}

/// Whether the module or one above it is declared for tests only.
fn path_is_under_cfg_test(path: &Path) -> bool {
    let chain = path.ancestors().take_while(|it| name(it) != "src");
    chain.into_iter().any(|it| {
        let module = it.with_extension("");
        let declared = format!("#[cfg(test)]\nmod {};", name(&module));
        parents(&module).iter().any(|it| it.contains(&declared))
    })
}

/// Whether some module declares this file; crate roots need none.
fn is_declared(path: &Path) -> bool {
    let root_of_crate = ["lib.rs", "main.rs"].contains(&name(path).as_str());
    let module = match name(path).as_str() {
        "mod.rs" => path.parent().unwrap().to_owned(),
        _ => path.with_extension(""),
    };
    let declared = format!("mod {};", name(&module));
    root_of_crate || parents(&module).iter().any(|it| it.contains(&declared))
}

/// The texts that may declare a module: its folder's `mod.rs`, the folder's own file, a crate root.
fn parents(module: &Path) -> Vec<String> {
    let folder = module.parent().unwrap();
    let files = ["mod.rs", "lib.rs", "main.rs"].map(|it| folder.join(it));
    let own = folder.with_extension("rs");
    files.into_iter().chain([own]).filter_map(|it| fs::read_to_string(it).ok()).collect()
}

#[track_caller]
fn assert_none(what: &str, found: impl Iterator<Item = String>) {
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}
