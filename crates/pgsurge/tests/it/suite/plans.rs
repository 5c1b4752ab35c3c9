//! What the scenarios of a suite are made of, and what is wrong with them, before anything starts.

use crate::program::Program;
use serde_json::{Value, json};

fn suite(arguments: &str) -> Program {
    Program::new(&["suite"]).args(arguments)
}

/// All that `--print-plan=json` prints.
#[track_caller]
fn printed(program: Program) -> Value {
    let ended = program.args("--print-plan=json").run();
    assert_eq!(ended.code, 0, "{}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

/// Name, connections and measured time of each; 0 connections where it is not run.
#[track_caller]
fn shapes(program: Program) -> Vec<(String, u64, f64)> {
    let printed = printed(program);
    let scenarios = printed["scenarios"].as_array().unwrap().iter();
    let shape = |it: &Value| {
        let plan = &it["plan"];
        let name = it["name"].as_str().unwrap().to_owned();
        let numbers = (plan["connections"].as_u64(), plan["duration_s"].as_f64());
        (name, numbers.0.unwrap_or_default(), numbers.1.unwrap_or_default())
    };
    scenarios.map(shape).collect()
}

fn shape(name: &str, connections: u64, duration_s: f64) -> (String, u64, f64) {
    (name.to_owned(), connections, duration_s)
}

#[test]
fn without_a_file_there_are_the_built_in_scenarios_that_are_enabled() {
    let all = [
        shape("baseline_performance", 20, 300.0),
        shape("normal_load", 50, 600.0),
        shape("peak_load", 100, 900.0),
        shape("stress_test", 200, 1200.0),
        shape("migration_load", 0, 0.0),
    ];
    assert_eq!(shapes(suite("")), all);
}

#[test]
fn a_scenario_that_is_named_runs_although_it_is_switched_off() {
    let all = [shape("endurance_test", 75, 3600.0), shape("normal_load", 50, 600.0)];
    assert_eq!(shapes(suite("--scenarios endurance_test normal_load")), all);
    assert_eq!(shapes(suite("--scenarios endurance_test,normal_load")), all);
    let variable = suite("").env("PGSURGE_SCENARIOS", "endurance_test,normal_load");
    assert_eq!(shapes(variable), all);
}

#[test]
fn a_file_changes_adds_and_switches_off() {
    let file = r#"{"test_scenarios": {
        "mine": {"connections": 3, "duration": "10s", "rate": 5, "description": "my own"},
        "peak_load": {"enabled": false}, "stress_test": {"enabled": false},
        "migration_load": {"enabled": false}, "normal_load": {"duration_minutes": 1}}}"#;
    let all = [
        shape("baseline_performance", 20, 300.0),
        shape("normal_load", 50, 60.0),
        shape("mine", 3, 10.0),
    ];
    assert_eq!(shapes(suite("").config("a.json", file)), all);
    let mine = &printed(suite("--scenarios mine").config("a.json", file))["scenarios"][0];
    assert_eq!(mine["plan"]["shape"]["rate"], json!({"constant": {"per_s": 5.0}}));
    assert_eq!(mine["description"], "my own");
}

#[test]
fn a_scenario_beats_the_load_of_its_file_and_a_flag_beats_both() {
    let file = r#"{"load_profile": {"concurrent_connections": 7, "duration_minutes": 9,
        "queries_per_second_target": 11}, "test_scenarios": {"mine": {"max_tries": 4},
        "normal_load": {"queries_per_second_target": 12}}}"#;
    let names = "--scenarios baseline_performance normal_load mine";
    let all = [
        shape("baseline_performance", 20, 300.0),
        shape("normal_load", 50, 600.0),
        shape("mine", 7, 540.0),
    ];
    assert_eq!(shapes(suite(names).config("a.json", file)), all);
    let rate = |arguments: &str, index: usize| {
        let program = suite(names).args(arguments).config("a.json", file);
        printed(program)["scenarios"][index]["plan"]["shape"]["rate"]["constant"]["per_s"].clone()
    };
    assert_eq!((rate("", 0), rate("", 1)), (json!(11.0), json!(12.0)));
    assert_eq!((rate("--rate 3", 0), rate("--rate 3", 1)), (json!(3.0), json!(3.0)));
}

#[test]
fn a_time_scale_shortens_what_takes_time_and_nothing_else() {
    let file = r#"{"test_scenarios": {"mine": {"stages": "1m:100,2m:100", "grace": "7s"}}}"#;
    let names = "--time-scale 0.1 --scenarios mine baseline_performance";
    let printed = printed(suite(names).config("a.json", file));
    let plan = |index: usize| printed["scenarios"][index]["plan"].clone();
    let (mine, baseline) = (plan(0), plan(1));
    assert_eq!((&mine["duration_s"], &mine["grace_s"]), (&json!(18.0), &json!(7.0)));
    let stage = json!({"duration_s": 6.0, "target_per_s": 100.0});
    assert_eq!(mine["shape"]["rate"]["stages"][0], stage);
    assert_eq!((&baseline["duration_s"], &baseline["warm_up_s"]), (&json!(30.0), &json!(3.0)));
    assert_eq!((&baseline["time_scale"], &printed["time_scale"]), (&json!(0.1), &json!(0.1)));
}

#[test]
fn stages_for_all_scenarios_replace_their_built_in_durations() {
    let all = [shape("baseline_performance", 20, 30.0), shape("normal_load", 50, 30.0)];
    let flags = "--stages 10s:5,20s:5 --scenarios baseline_performance normal_load";
    assert_eq!(shapes(suite(flags)), all);
}

#[test]
fn what_scenarios_differ_in_is_no_setting_of_a_suite() {
    for flag in ["--connections 3", "--duration 5", "--output a.json"] {
        assert_eq!(suite(flag).run().code, 2, "{flag}");
    }
    let printed = printed(suite("").env("PGSURGE_CONNECTIONS", "3"));
    let told = printed["warnings"][0].as_str().unwrap();
    assert!(told.starts_with("PGSURGE_CONNECTIONS: has no effect"), "{told}");
    assert_eq!(printed["scenarios"][0]["plan"]["connections"], 20);
}

#[test]
fn a_load_test_has_no_flag_of_a_suite() {
    for flag in ["--time-scale 0.5", "--resume", "--output-dir a", "--scenarios a"] {
        assert_eq!(Program::load().args(flag).run().code, 2, "{flag}");
    }
}

#[test]
fn all_faults_of_all_scenarios_are_told_together_and_each_once() {
    let file = r#"{"load_profile": {"read_write_ratio": 7}, "test_scenarios": {
        "a/b": {}, "suite": {}, "mine": {"connections": 0},
        "both": {"concurrent_users": 3, "concurrent_connections": 4}}}"#;
    let flags = "--scenarios normal_lod mine mine both --resume --time-scale 2";
    let told = suite(flags).config("a.json", file).refused();
    for fault in [
        "--time-scale: expected",
        "a.json:1:39: load_profile.read_write_ratio: expected",
        "test_scenarios.a/b: a scenario's name is that of its files",
        "test_scenarios.suite: a scenario's name is that of its files",
        "test_scenarios.mine.connections: expected",
        "--scenarios: no scenario \"normal_lod\"; did you mean \"normal_load\"?",
        "--scenarios: \"mine\" is there twice",
        "--resume: which suite is to go on?",
        "test_scenarios.both.concurrent_connections: a scenario of users is a migration",
    ] {
        assert_eq!(told.matches(fault).count(), 1, "{fault}\n{told}");
    }
}

#[test]
fn a_fault_names_the_scenarios_that_it_is_in_unless_it_is_in_all() {
    let some = suite("--threads 30 --scenarios baseline_performance normal_load").refused();
    assert!(some.contains("(20), found 30 (in baseline_performance)"), "{some}");
    let all = suite("--threads 900 --think-time 1s --scenarios normal_load peak_load").refused();
    assert!(all.contains("--think-time: has no effect in this run"), "{all}");
    assert_eq!(all.matches("think-time").count(), 1, "{all}");
    assert!(!all.contains("(in normal_load, peak_load)"), "{all}");
}

#[test]
fn a_scenario_that_would_be_over_at_once_is_a_fault() {
    let told = suite("--time-scale 0.0001 --scenarios baseline_performance").refused();
    assert!(told.contains("--time-scale: leaves 0.03 s of measured time"), "{told}");
}

#[test]
fn a_folder_that_holds_a_suite_is_left_alone_unless_somebody_says_what_to_do() {
    let program = || suite("--output-dir r").file("r/suite.json", "{}");
    let told = program().refused();
    assert!(told.contains("r/suite.json exists; --resume goes on with it, --force"), "{told}");
    assert_eq!(program().args("--force --print-plan").run().code, 0);
    assert_eq!(program().args("--resume --print-plan").run().code, 0);
}

#[test]
fn a_suite_without_a_folder_has_one_named_after_the_time() {
    let printed = printed(suite(""));
    let folder = printed["folder"].as_str().unwrap();
    assert!(folder.starts_with("pgsurge-results/2") && folder.ends_with("Z-suite"), "{folder}");
    let path = &printed["scenarios"][0]["plan"]["output"]["path"];
    assert_eq!(path.as_str().unwrap(), format!("{folder}/baseline_performance.json"));
}

#[test]
fn a_log_is_one_for_each_scenario_wherever_it_is_asked_for() {
    let file = r#"{"reporting": {"log": "file.csv"},
        "test_scenarios": {"mine": {"connections": 1, "rate": 5}}}"#;
    let logs = |arguments: &str| {
        let names = suite("--output-dir r --scenarios normal_load mine").args(arguments);
        let printed = printed(names.config("a.json", file));
        let log = |index: usize| printed["scenarios"][index]["plan"]["output"]["log"].clone();
        [0, 1].map(|index| log(index)["path"].as_str().unwrap().to_owned())
    };
    assert_eq!(logs(""), ["r/file.normal_load.csv", "r/file.mine.csv"]);
    assert_eq!(logs("--log ./a.b.csv"), ["./a.b.normal_load.csv", "./a.b.mine.csv"]);
}

#[test]
fn the_table_of_plans_shows_every_scenario_and_why_one_is_not_run() {
    let ended = suite("--output-dir r --print-plan").run();
    assert!(ended.out.starts_with("results in r\n\nscenario baseline_performance ("));
    let not_run = "scenario migration_load (From Redis to PostgreSQL while users play)\nnot run: this \
                   version can't rehearse a migration yet (50 users, 10m)\n";
    assert!(ended.out.contains(not_run), "{}", ended.out);
}
