//! Whatever is typed, set or filed: a plan that makes sense, or faults; never a panic.

use super::*;
use crate::surroundings::Surroundings;
use model::plan::Shape;
use proptest::prelude::*;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Texts that fit some setting, or nearly do.
const TEXTS: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "7",
    "50",
    "100000",
    "1e9",
    "0.5",
    "1.5",
    "NaN",
    "inf",
    "1s",
    "90s",
    "15m",
    "1h30m",
    "500ms",
    "0s",
    "50ms-200ms",
    "9-1",
    "1-5",
    "30s:100,0s:5",
    "0s:1",
    "hokm",
    "tpcb-like",
    "poisson",
    "epoll",
    "simple",
    "true",
    "off",
    "json,csv",
    "a b",
    "é",
    "postgres://u@h/d",
    "require",
];

fn surroundings(folder: &std::path::Path, variables: &[(String, String)]) -> Surroundings {
    let mut environment: BTreeMap<String, String> = variables.iter().cloned().collect();
    let output = folder.join("r.json").display().to_string();
    environment.insert("PGSURGE_OUTPUT".to_owned(), output);
    Surroundings {
        registry: crate::registry::Registry::built_in(),
        environment,
        cores: 4,
        open_files: 10_000,
        os_user: Some("me".to_owned()),
        now: OffsetDateTime::UNIX_EPOCH,
        random: u64::MAX,
        terminal: true,
        report_terminal: false,
        columns: None,
    }
}

/// Any flag with any text; the output stays in the folder of the test.
fn flag() -> impl Strategy<Value = Typed> {
    let keys: Vec<&'static keys::Key> =
        keys::all().filter(|it| it.flag.is_some() && it.name() != "output").collect();
    (prop::sample::select(keys), prop::sample::select(TEXTS))
        .prop_map(|(key, text)| (key, text.to_owned()))
}

/// Each flag once, as the command line has it.
fn flags() -> impl Strategy<Value = Vec<Typed>> {
    prop::collection::vec(flag(), 0..4).prop_map(|mut all| {
        all.sort_by_key(|(key, _)| key.path);
        all.dedup_by_key(|(key, _)| key.path);
        all
    })
}

proptest! {
    #[test]
    fn what_resolves_makes_sense(typed in flags(), set in flags()) {
        let folder = tempfile::tempdir().unwrap();
        let named = |(key, text): &Typed| (key.variable().unwrap(), text.clone());
        let set: Vec<(String, String)> = set.iter().map(named).collect();
        if let Ok(Resolved { plan, .. }) = resolve(&typed, None, &surroundings(folder.path(), &set)) {
            prop_assert!(plan.threads >= 1 && plan.threads <= plan.connections);
            prop_assert!(!plan.duration.is_zero() && plan.max_tries >= 1 && plan.seed < 1 << 53);
            prop_assert!(plan.output.files()[0].1.starts_with(folder.path()));
            if let Shape::Open { rate, .. } = &plan.shape {
                let lines = rate.lines(plan.warm_up, plan.duration);
                let length: std::time::Duration = lines.iter().map(|it| it.duration).sum();
                prop_assert_eq!(length, plan.load_time());
            }
        }
        prop_assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "it leaves no trial file");
    }

    #[test]
    fn what_is_filed_is_a_plan_or_faults(
        section in prop::sample::select(&["load_profile", "database", "reporting", "x"]),
        name in prop::sample::select(&["rate", "stages", "host", "url", "formats", "é", "seed"]),
        value in prop::sample::select(
            &["null", "1", "-1", "1e999", "\"\"", "\"a\"", "[]", "[1,2]", "{}", "[{}]", "true"],
        ),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.json");
        std::fs::write(&file, format!("{{\"{section}\": {{\"{name}\": {value}}}}}")).unwrap();
        let _ = resolve(&[], file.to_str(), &surroundings(folder.path(), &[]));
    }
}

#[test]
fn the_open_files_of_a_run_are_counted_to_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let mut few = surroundings(folder.path(), &[]);
    few.open_files = 114;
    assert!(resolve(&[], None, &few).is_ok(), "50 connections and 64 others");
    few.open_files = 113;
    assert!(resolve(&[], None, &few).is_err());
}
