//! Which scenarios a suite has: those that were named, or all that are enabled.

use super::SUITE;
use super::builtin::{self, Builtin};
use crate::settings::fault::Fault;
use crate::settings::file::FiledScenario;
use crate::settings::keys;
use crate::settings::layer::Layers;
use crate::settings::nearest::nearest;
use crate::settings::value::Value;

/// The names, in the order in which they run; names that are no good are faults.
pub(super) fn names(
    layers: &Layers,
    filed: &[FiledScenario],
    faults: &mut Vec<Fault>,
) -> Vec<String> {
    let known = known(filed, faults);
    let Some(given) = layers.given(&keys::SCENARIOS) else {
        let enabled: Vec<String> = known.into_iter().filter(|it| is_enabled(it, filed)).collect();
        if enabled.is_empty() {
            let words = "every scenario is switched off; name some with --scenarios";
            faults.push(Fault::new(super::Source::Default, words));
        }
        return enabled;
    };
    let text = given.value.to_string();
    let mut names: Vec<String> = Vec::new();
    for name in text.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        if names.iter().any(|it| it == name) {
            let words = format!("\"{name}\" is there twice");
            faults.push(Fault::new(given.source.clone(), words));
        } else if known.iter().any(|it| it == name) {
            names.push(name.to_owned());
        } else {
            let words = match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("no scenario \"{name}\"; did you mean \"{near}\"?"),
                None => format!("no scenario \"{name}\"; there are {}", known.join(", ")),
            };
            faults.push(Fault::new(given.source.clone(), words));
        }
    }
    if text.split(',').all(|it| it.trim().is_empty()) {
        faults.push(Fault::new(given.source.clone(), "expected names of scenarios"));
    }
    names
}

/// The built-in scenarios and those of the file.
fn known(filed: &[FiledScenario], faults: &mut Vec<Fault>) -> Vec<String> {
    let mut names: Vec<String> = builtin::ALL.iter().map(|it| it.name.to_owned()).collect();
    for scenario in filed {
        if !is_file_name(&scenario.name) {
            let words = "a scenario's name is that of its files: expected letters, digits, - and _, \
                         at most 100 of them, and not \"suite\"";
            faults.push(Fault::new(scenario.source.clone(), words));
        } else if !names.contains(&scenario.name) {
            names.push(scenario.name.clone());
        }
    }
    names
}

fn is_file_name(name: &str) -> bool {
    let fits = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    // A longer one has no room for the endings; another suite.json would replace ours.
    let length = (1..=100).contains(&name.len());
    length && name.chars().all(fits) && !name.eq_ignore_ascii_case(SUITE) && !name.starts_with('-')
}

fn is_enabled(name: &str, filed: &[FiledScenario]) -> bool {
    let said = filed.iter().find(|it| it.name == name);
    match said.and_then(|it| it.layer.find(&keys::ENABLED)).map(|it| &it.value) {
        Some(Value::Switch(on)) => *on,
        _ => Builtin::of(name).is_none_or(|it| it.enabled),
    }
}
