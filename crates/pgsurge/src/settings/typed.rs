//! Flags and the environment, read against the table of keys.

use super::document;
use super::fault::Fault;
use super::keys::{self, Key};
use super::layer::{Given, Layer};
use super::nearest::nearest;
use super::source::Source;
use super::takes::Takes;
use super::value::Value;
use std::collections::BTreeMap;

/// A flag that is a setting, with its text as it was typed; one that is repeated comes as often.
pub type Typed = (&'static Key, String);

/// Variables of ours that are no settings of a plan.
const OTHERS: &[&str] = &[
    "PGSURGE_CONFIG",
    "PGSURGE_QUIET",
    "PGSURGE_VERBOSE",
    "PGSURGE_LOG_FILE",
    "PGSURGE_PG_BIN",
    "PGSURGE_REDIS_BIN",
    "PGSURGE_PGBOUNCER_BIN",
    // What a suite tells the command of --on-failure, which may well be us again.
    "PGSURGE_SCENARIO",
    "PGSURGE_RESULT",
    "PGSURGE_VERDICT",
    "PGSURGE_EXIT_CODE",
];

/// The layer of the command line.
pub fn flags(typed: &[Typed]) -> (Layer, Vec<Fault>) {
    let named = |(key, text): &Typed| (*key, text.clone(), Source::Flag(key.called()));
    layer(typed.iter().map(named), Takes::read_item)
}

/// The layer of the environment. An empty variable counts as not set.
pub fn environment(variables: &BTreeMap<String, String>) -> (Layer, Vec<Fault>) {
    let set = keys::all().filter_map(|key| {
        let name = key.variable()?;
        let text = variables.get(&name).filter(|it| !it.is_empty())?;
        Some((key, text.clone(), Source::Environment(name)))
    });
    layer(set, Takes::read_text)
}

/// What to say of variables that look like ours and are not.
pub fn strangers(variables: &BTreeMap<String, String>) -> Vec<String> {
    let mut ours: Vec<String> = keys::all().filter_map(Key::variable).collect();
    ours.extend(OTHERS.iter().map(|it| (*it).to_owned()));
    let unknown = variables.keys().filter(|it| it.starts_with("PGSURGE_") && !ours.contains(it));
    unknown
        .map(|name| match nearest(name, ours.iter().map(String::as_str)) {
            Some(near) => format!("{name} is no setting and has no effect; did you mean {near}?"),
            None => format!("{name} is no setting and has no effect"),
        })
        .collect()
}

fn layer(
    given: impl Iterator<Item = (&'static Key, String, Source)>,
    read: fn(&Takes, &str) -> Option<Value>,
) -> (Layer, Vec<Fault>) {
    let mut layer = Layer::default();
    let mut faults = Vec::new();
    for (key, text, source) in given {
        match read(&key.takes, &text) {
            Some(value) => layer.push(Given { key, value, source }),
            None => {
                let found = match key.takes {
                    Takes::Secret => String::new(),
                    _ => format!(", found \"{}\"", document::cut(&text)),
                };
                let words = format!("expected {}{found}", key.takes.expected());
                faults.push(Fault::new(source, words));
            }
        }
    }
    (layer, faults)
}
