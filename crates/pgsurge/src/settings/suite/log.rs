//! The action log of a suite is a file for each scenario: one for all of them would hold the actions
//! of the last one only, and lose what `--resume` keeps.

use crate::settings::keys;
use crate::settings::layer::{Given, Layer};
use crate::settings::value::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where a layer names a log, which is for all scenarios, makes that the log of `scenario`.
pub(super) fn of_scenario(layer: &mut Layer, scenario: &str, folder: &Path) {
    let Some(given) = layer.find(&keys::LOG) else { return };
    let Value::Text(text) = &given.value else { return };
    let value = Value::Text(path(Path::new(text), scenario, folder).display().to_string());
    let given = Given { value, ..given.clone() };
    layer.remove(&keys::LOG);
    layer.push(given);
}

/// `FILE` with the scenario's name before its ending: in the folder that it names, or where it names
/// none, beside the scenario's result.
fn path(file: &Path, scenario: &str, folder: &Path) -> PathBuf {
    let (Some(stem), Some(parent)) = (file.file_stem(), file.parent()) else {
        // No file at all: said by whoever looks whether it can be written.
        return file.to_owned();
    };
    let mut name = OsString::from(stem);
    name.push(".");
    name.push(scenario);
    if let Some(ending) = file.extension() {
        name.push(".");
        name.push(ending);
    }
    match parent == Path::new("") {
        true => folder.join(name),
        false => parent.join(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_the_scenarios_name_before_its_ending() {
        let path = |file| path(Path::new(file), "peak", Path::new("results")).display().to_string();
        assert_eq!(path("actions.csv"), "results/actions.peak.csv");
        assert_eq!(path("actions"), "results/actions.peak");
        assert_eq!(path("a/actions.csv"), "a/actions.peak.csv");
        assert_eq!(path("./actions.csv"), "./actions.peak.csv");
        assert_eq!(path("/tmp/a.b.csv"), "/tmp/a.b.peak.csv");
        assert_eq!(path(".."), "..");
        assert_eq!(path("/"), "/");
    }
}
