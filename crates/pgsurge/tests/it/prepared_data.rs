//! `--init-only`, `--reuse-data` and `--keep-data`: rows that are made once and used again.

use crate::database::Database;
use crate::running::{Ended, Load};

fn load(database: &Database, arguments: &str) -> Ended {
    let load = Load::hokm(&database.url()).args("--connections 4 --rate 60 --warm-up 0");
    load.args("--duration 1s --seed 7").args(arguments).run()
}

/// Makes rows and says under which name, after checking that no result is claimed.
#[track_caller]
fn prepared(ended: &Ended) -> String {
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(ended.left(), [""; 0], "no load, no result");
    let line = ended.out.lines().next().unwrap_or_default();
    line.strip_prefix("run:").expect(line).trim().to_owned()
}

#[track_caller]
fn verified(ended: &Ended) {
    let load = ended.result().load_metrics;
    assert!(load.all_actions.succeeded > 20, "{:?}", load.all_actions);
    assert!(load.verification.as_ref().is_some_and(|it| it.passed), "{:?}", load.verification);
}

fn clean(database: &Database, run: &str) {
    let ended = Load::cleaning(&database.url()).args(&format!("--clean {run}")).run();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(database.contents().trim(), "");
}

#[test]
fn rows_are_made_once_and_used_by_run_after_run() {
    let database = Database::new("prepared_game");
    let made = load(&database, "--init-only");
    let run = prepared(&made);
    assert!(made.out.contains(&format!("--reuse-data {run} --seed 7")), "{}", made.out);
    assert!(made.out.contains(&format!("remove: pgsurge load --clean {run}\n")), "{}", made.out);
    for _ in 0..2 {
        verified(&load(&database, &format!("--reuse-data {run}")));
    }
    let other = load(&database, &format!("--reuse-data {run} --schema elsewhere"));
    assert!(other.refused(2).contains("no rows of run"), "{}", other.err);
    clean(&database, &run);
}

#[test]
fn rows_that_a_run_kept_are_used_again_with_its_seed_only() {
    let database = Database::new("prepared_kept");
    let kept = load(&database, "--keep-data");
    verified(&kept);
    let result = kept.result();
    let run = result.plan["data"]["run"].as_str().unwrap().to_owned();
    assert!(kept.err.contains(&format!("the rows of run {run} were kept")), "{}", kept.err);
    verified(&load(&database, &format!("--reuse-data {run}")));
    let config = r#"{"load_profile": {"data_volume_multiplier": 0.01, "rate": 9}}"#;
    let other = Load::at(&database.url()).config(config).args("--seed 7 --reuse-data").args(&run);
    let other = other.run();
    let told = other.refused(2);
    assert!(told.contains("data_volume_multiplier 0.02, not 0.01\nhint: give the"), "{told}");
    clean(&database, &run);
}

#[test]
fn pgbenchs_tables_are_made_once_and_used_by_run_after_run() {
    let database = Database::new("prepared_pgbench");
    let tpcb = |more: &str| {
        let load = Load::at(&database.url()).args("--workload tpcb-like --connections 2");
        load.args("--rate 50 --warm-up 0 --duration 1s").args(more).run()
    };
    let stranger = tpcb("--reuse-data rtn8d0cx12ab");
    assert!(stranger.refused(2).contains("has left no pgbench tables"), "{}", stranger.err);
    let run = prepared(&tpcb("--init-only"));
    for _ in 0..2 {
        verified(&tpcb(&format!("--reuse-data {run}")));
    }
    clean(&database, &run);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let refused = |load: Load, words: &str| {
        let ended = load.run();
        assert!(ended.refused(2).contains(words), "{}", ended.err);
    };
    refused(Load::throwaway().args("--init-only"), "name a server");
    refused(Load::throwaway().args("--reuse-data rtn8d0cx12ab"), "name a server");
    let at = || Load::at("postgres://localhost/x");
    refused(at().args("--init-only --reuse-data rtn8d0cx12ab"), "contradicts --reuse-data");
    refused(at().args("--reuse-data mine"), "expected the name of a run");
}
