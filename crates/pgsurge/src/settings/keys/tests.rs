//! The table agrees with itself.

use super::*;
use std::collections::BTreeSet;

#[test]
fn every_default_is_a_value_of_its_setting() {
    for key in all().chain(scenario_keys()) {
        if let Default::Is(text) = key.default {
            assert!(key.takes.read_text(text).is_some(), "{}: {text}", key.path);
        }
    }
}

#[test]
fn no_name_stands_for_two_settings() {
    let paths: Vec<&str> = all().flat_map(Key::paths).collect();
    let flags: Vec<&str> = all().filter_map(|key| key.flag).map(|it| it.name).collect();
    for names in [paths, flags] {
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }
}

#[test]
fn every_setting_of_a_file_is_in_a_known_section() {
    for key in all().filter(|key| key.in_files()) {
        for section in key.paths().map(section_of).filter(|it| !it.is_empty()) {
            assert!(SECTIONS.iter().any(|(name, _)| *name == section), "{}", key.path);
        }
    }
}

#[test]
fn a_setting_is_found_by_every_one_of_its_names() {
    for path in ["load_profile.duration", "load_profile.duration_minutes", "duration_minutes"] {
        assert_eq!(at(path).map(|it| it.path), Some("load_profile.duration_minutes"));
    }
    assert!(at("flags.force").is_none());
    assert!(in_scenario("concurrent_users").is_some() && in_scenario("rate").is_some());
    assert_eq!(CONNECTIONS.variable().as_deref(), Some("PGSURGE_CONNECTIONS"));
}

#[test]
fn a_range_on_the_table_is_a_slip_outside_it() {
    for key in thresholds() {
        assert!(key.takes.read_text("-1").is_none() && key.takes.read_text("50").is_some());
    }
}
