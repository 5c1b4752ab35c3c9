//! A settings file, read against the table of keys.
//!
//! Everything in it is either a value of a known setting or a fault with its line: nothing is
//! passed over in silence.

use super::document::{self, Data, Entry, Malformed, Node, Place};
use super::fault::Fault;
use super::keys::{self, Key, Null, SECTIONS};
use super::layer::{Given, Layer};
use super::nearest::nearest;
use super::source::Source;
use super::value::Value;
use std::io::Read;
use std::path::Path;

/// No settings file is larger; what is, is another file.
const LARGEST_BYTES: u64 = 4 << 20;
const SCENARIOS: &str = "test_scenarios";

/// What a file says.
#[derive(Debug, Default)]
pub struct Filed {
    /// Its values outside of scenarios.
    pub layer: Layer,
    /// Its scenarios, in the order of the file.
    pub scenarios: Vec<FiledScenario>,
}

/// A scenario of a file.
#[derive(Debug)]
pub struct FiledScenario {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub source: Source,
    /// Its values.
    pub layer: Layer,
}

/// Reads a file, and what is wrong with it.
pub fn read(path: &str) -> (Filed, Vec<Fault>) {
    let mut reader = Reader { file: path, filed: Filed::default(), faults: Vec::new() };
    match load(Path::new(path)) {
        Ok(text) => match document::parse(Path::new(path), &text) {
            Ok(root) => reader.root(&root),
            Err(malformed) => reader.malformed(malformed),
        },
        Err(words) => reader.malformed(Malformed { place: None, message: words }),
    }
    (reader.filed, reader.faults)
}

/// The text of a file.
fn load(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|e| format!("cannot open this file: {e}"))?;
    let mut bytes = Vec::new();
    let read = file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|e| format!("cannot read this file: {e}"))?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(format!("larger than {} MiB: no settings file", LARGEST_BYTES >> 20));
    }
    String::from_utf8(bytes).map_err(|_| "not UTF-8 text: no settings file".to_owned())
}

struct Reader<'a> {
    file: &'a str,
    filed: Filed,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn root(&mut self, root: &Node) {
        let Data::Table(entries) = &root.data else {
            let found = root.data.shown(true);
            return self.fault(
                root.place,
                "",
                format!("expected a table of settings, found {found}"),
            );
        };
        for entry in entries.iter().filter(|it| !it.is_comment()) {
            let is_section = SECTIONS.iter().any(|(name, _)| *name == entry.key);
            match (&entry.value.data, is_section) {
                (Data::Table(inner), true) if entry.key == SCENARIOS => self.scenarios(inner),
                (Data::Table(inner), true) => self.section(&entry.key, inner),
                (Data::Null, true) => {}
                (other, true) => {
                    let found = other.shown(true);
                    let words = format!("expected a table of settings, found {found}");
                    self.fault(entry.value.place, &entry.key, words);
                }
                (_, false) => self.entry("", entry),
            }
        }
    }

    fn section(&mut self, section: &str, entries: &[Entry]) {
        let settings = entries.iter().filter(|it| !it.is_comment());
        settings.for_each(|entry| self.entry(section, entry));
    }

    /// One setting outside the scenarios.
    fn entry(&mut self, section: &str, entry: &Entry) {
        let path = join(section, &entry.key);
        match keys::at(&path) {
            Some(key) => self.value(key, &path, &entry.value),
            None => self.fault(entry.place, &path, unknown(section, &entry.key)),
        }
    }

    fn value(&mut self, key: &'static Key, path: &str, node: &Node) {
        let source = self.source(node.place, path);
        if let Some(earlier) = self.filed.layer.find(key) {
            let words = format!("given twice; the first is {}", earlier.source);
            return self.faults.push(Fault::new(source, words));
        }
        match read_value(key, node) {
            Ok(Some(value)) => self.filed.layer.push(Given { key, value, source }),
            Ok(None) => {}
            Err(words) => self.faults.push(Fault::new(source, words)),
        }
    }

    /// A load test does nothing with scenarios, but they have to be right for it as well.
    fn scenarios(&mut self, scenarios: &[Entry]) {
        for scenario in scenarios.iter().filter(|it| !it.is_comment()) {
            let section = join(SCENARIOS, &scenario.key);
            let source = self.source(scenario.place, &section);
            let Data::Table(entries) = &scenario.value.data else {
                let found = scenario.value.data.shown(true);
                let words = format!("expected a table of settings, found {found}");
                self.fault(scenario.value.place, &section, words);
                continue;
            };
            if let Some(first) = self.filed.scenarios.iter().find(|it| it.name == scenario.key) {
                let words = format!("given twice; the first is {}", first.source);
                self.faults.push(Fault::new(source.clone(), words));
            }
            let mut layer = Layer::default();
            for entry in entries.iter().filter(|it| !it.is_comment()) {
                self.scenario_entry(&section, entry, &mut layer);
            }
            self.filed.scenarios.push(FiledScenario { name: scenario.key.clone(), source, layer });
        }
    }

    fn scenario_entry(&mut self, section: &str, entry: &Entry, layer: &mut Layer) {
        let path = join(section, &entry.key);
        let Some(key) = keys::in_scenario(&entry.key) else {
            let names = scenario_names();
            let near = nearest(&entry.key, names.iter().map(String::as_str));
            return self.fault(entry.place, &path, no_such(near, None));
        };
        let source = self.source(entry.value.place, &path);
        if let Some(first) = layer.find(key) {
            let words = format!("given twice; the first is {}", first.source);
            self.faults.push(Fault::new(source.clone(), words));
        }
        match read_value(key, &entry.value) {
            Ok(Some(value)) => layer.push(Given { key, value, source }),
            Ok(None) => {}
            Err(words) => self.faults.push(Fault::new(source, words)),
        }
    }

    fn malformed(&mut self, malformed: Malformed) {
        let place = malformed.place.unwrap_or(Place { line: 0, column: 0 });
        self.fault(place, "", malformed.message);
    }

    fn fault(&mut self, place: Place, path: &str, words: String) {
        let source = self.source(place, path);
        self.faults.push(Fault::new(source, words));
    }

    fn source(&self, place: Place, path: &str) -> Source {
        let Place { line, column } = place;
        Source::File { file: self.file.to_owned(), line, column, path: path.to_owned() }
    }
}

/// A setting's value in a file; none where `null` says that there is none.
fn read_value(key: &Key, node: &Node) -> Result<Option<Value>, String> {
    match (&node.data, key.null) {
        (Data::Null, Null::Unset) => Ok(None),
        (Data::Null, Null::Off) => Ok(Some(Value::Off)),
        _ => match key.takes.read_data(node) {
            Some(value) => Ok(Some(value)),
            None => {
                let secret = matches!(key.takes, super::takes::Takes::Secret);
                let found = node.data.shown(secret);
                Err(format!("expected {}, found {found}", key.takes.expected()))
            }
        },
    }
}

fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// Names of everything in a section of the file, other sections included at the top.
fn names_in(section: &str) -> Vec<String> {
    let paths = keys::all().filter(|key| key.in_files()).flat_map(Key::paths);
    let mut names: Vec<String> = paths
        .filter(|path| keys::section_of(path) == section)
        .map(|path| keys::name_of(path).to_owned())
        .collect();
    if section.is_empty() {
        names.extend(SECTIONS.iter().map(|(name, _)| (*name).to_owned()));
    }
    names
}

fn scenario_names() -> Vec<String> {
    let own = keys::scenario_keys().map(|key| key.name().to_owned());
    own.chain(names_in("load_profile")).collect()
}

/// What to say about a name that is none.
fn unknown(section: &str, name: &str) -> String {
    let elsewhere = SECTIONS
        .iter()
        .map(|(section, _)| *section)
        .find(|other| *other != section && keys::at(&join(other, name)).is_some());
    let names = names_in(section);
    no_such(nearest(name, names.iter().map(String::as_str)), elsewhere)
}

fn no_such(near: Option<&str>, section: Option<&str>) -> String {
    match (near, section) {
        (_, Some(section)) => format!("no such setting here; it belongs in `{section}`"),
        (Some(near), None) => format!("no such setting; did you mean `{near}`?"),
        (None, None) => "no such setting; docs/settings.md lists them".to_owned(),
    }
}
