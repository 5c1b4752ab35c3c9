//! What settings become: a plan that says everything a run will do.

use crate::program::Program;
use model::plan::Plan;
use serde_json::json;

/// The settings file of the framework that this program replaces, every key of it.
const SEED: &str = r#"{
  "database": {"host": "db1", "port": 5433, "database": "hokm_game", "user": "bench", "password": "s3cret"},
  "redis": {"host": "localhost", "port": 6379, "password": null, "db": 0},
  "load_profile": {
    "concurrent_connections": 60, "queries_per_second_target": 1200, "read_write_ratio": 0.6,
    "duration_minutes": 2, "transaction_size_range": [2, 4], "batch_operation_probability": 0.2,
    "complex_query_probability": 0.01, "concurrent_user_actions": 80, "data_volume_multiplier": 0.5
  },
  "performance_thresholds": {"max_avg_query_time_ms": 40, "max_p95_query_time_ms": null, "max_error_rate_percent": 1.0},
  "test_scenarios": {
    "baseline_performance": {"enabled": true, "concurrent_connections": 20, "duration_minutes": 5, "description": "first"},
    "migration_load": {"enabled": false, "concurrent_users": 50, "duration_minutes": 10, "read_write_ratio": 0.5}
  },
  "reporting": {"output_directory": "here", "generate_summary": true, "generate_charts": true, "include_raw_data": true},
  "output_format": "csv"
}"#;

#[test]
fn every_key_of_the_old_settings_file_is_understood() {
    let plan = Program::load().config("a.json", SEED).plan();
    let expected = json!({
        "host": "db1", "port": 5433, "database": "hokm_game", "user": "bench",
        "sslmode": "prefer", "kind": "server",
    });
    assert_eq!(plan.get("target"), expected);
    assert_eq!((plan.get("connections"), plan.get("duration_s")), (json!(60), json!(120.0)));
    assert_eq!(plan.get("shape.rate.constant.per_s"), 1200.0);
    let game = json!({
        "read_write_ratio": 0.6, "transaction_size_range": [2, 4],
        "batch_operation_probability": 0.2, "complex_query_probability": 0.01,
        "concurrent_user_actions": 80, "data_volume_multiplier": 0.5,
        "tricks_to_win": 7, "hands_to_win": 7, "abandon_rate": 0.02, "player_popularity": 1.0,
        "schema_variant": "careful",
    });
    assert_eq!(
        plan.get("workload"),
        json!({"name": "hokm", "mix": [{"name": "hokm", "weight": 1}], "profile": {"hokm": game}})
    );
    assert_eq!(plan.get("output.formats"), json!(["json", "md", "csv"]));
    assert_eq!(plan.get("output.include_raw_data"), true);
    assert!(plan.get("output.path").as_str().unwrap().starts_with("here/"));
    assert!(plan.warnings().contains("there are no charts yet"));
}

#[test]
fn the_same_settings_may_be_written_in_toml() {
    let toml = "concurrent_connections = 60\n[load_profile]\nduration = '90s'\nrate = 5\n\
                stages = []\n[performance_thresholds]\nmax_avg_query_time_ms = 40\n";
    let said = Program::load().config("a.toml", toml).refused();
    assert!(said.contains("a.toml:5:10: load_profile.stages: expected stages"), "{said}");
    let plan = Program::load().config("a.toml", &toml.replace("stages = []\n", "")).plan();
    assert_eq!((plan.get("connections"), plan.get("duration_s")), (json!(60), json!(90.0)));
    assert_eq!(plan.source("duration_s"), "a.toml:3:12: load_profile.duration");
}

#[test]
fn thresholds_know_whether_the_user_asked_for_them() {
    let plan = Program::load().config("a.json", SEED).plan();
    let all = plan.get("thresholds");
    let find = |name: &str| all.as_array().unwrap().iter().find(|it| it["name"] == name).cloned();
    let asked = json!({"name": "max_avg_query_time_ms", "limit": 40.0, "set_by_user": true});
    assert_eq!(find("max_avg_query_time_ms"), Some(asked));
    assert_eq!(find("max_p95_query_time_ms"), None, "null drops a limit");
    assert_eq!(find("max_p99_response_time_ms").unwrap()["set_by_user"], false);
    assert_eq!(plan.source("thresholds.max_p99_response_time_ms"), "default");
}

#[test]
fn a_mix_has_the_settings_of_all_its_parts() {
    let file = r#"{"load_profile": {"workload": "hokm@9,select-only", "read_write_ratio": 0.5}}"#;
    let plan = Program::load().config("a.json", file).args("--scale 3").plan();
    assert_eq!(plan.get("workload.name"), "hokm@9,select-only@1");
    assert_eq!(plan.get("workload.profile.pgbench.scale"), 3);
    assert_eq!(plan.get("workload.profile.hokm.read_write_ratio"), 0.5);
    assert_eq!(plan.warnings(), "");
    assert_eq!(plan.source("workload.mix.hokm"), "a.json:1:31: load_profile.workload");
}

#[test]
fn null_and_zero_make_a_closed_loop() {
    let closed = json!({"loop": "closed", "think_time": null});
    for value in ["null", "0"] {
        let file = format!("{{\"load_profile\": {{\"queries_per_second_target\": {value}}}}}");
        assert_eq!(Program::load().config("a.json", &file).plan().get("shape"), closed);
    }
    let plan = Program::load().args("--qps-target 0 --think-time 50ms-200ms").plan();
    assert_eq!(plan.get("shape.think_time"), json!({"min_s": 0.05, "max_s": 0.2}));
}

#[test]
fn a_switched_off_rate_leaves_the_other_one_alone() {
    let file = r#"{"load_profile": {"queries_per_second_target": null, "rate": 100}}"#;
    let plan = Program::load().config("a.json", file).plan();
    assert_eq!(
        (plan.get("shape.unit"), plan.get("shape.rate.constant.per_s")),
        (json!("actions"), json!(100.0))
    );
}

#[test]
fn stages_are_understood_as_text_and_in_the_shape_of_k6() {
    let text = Program::load().args("--stages 30s:100,0s:500 --arrivals poisson").plan();
    let file = r#"{"load_profile": {"arrivals": "poisson", "stages":
        [{"duration": "30s", "target": 100}, {"target": 500, "duration": "0s"}]}}"#;
    let tables = Program::load().config("a.json", file).plan();
    assert_eq!(text.get("shape"), tables.get("shape"));
    let stages = json!([{"duration_s": 30.0, "target_per_s": 100.0}, {"duration_s": 0.0, "target_per_s": 500.0}]);
    assert_eq!(text.get("shape.rate.stages"), stages);
}

#[test]
fn the_warm_up_is_a_tenth_of_the_duration_and_at_most_30_s() {
    for (flags, seconds) in [
        ("--duration 20s", 2.0),
        ("--duration 60", 30.0),
        ("--duration 60 --warm-up 0", 0.0),
        ("--duration 20s --warm-up 1m", 60.0),
    ] {
        assert_eq!(Program::load().args(flags).plan().get("warm_up_s"), seconds, "{flags}");
    }
}

#[test]
fn a_bare_duration_is_minutes() {
    assert_eq!(Program::load().args("--duration 15").plan().get("duration_s"), 900.0);
    assert_eq!(Program::load().args("--duration 0.5").plan().get("duration_s"), 30.0);
}

#[test]
fn a_seed_that_nobody_gave_is_drawn_and_shown() {
    let seed = || Program::load().plan().get("seed").as_u64().unwrap();
    let (first, second) = (seed(), seed());
    assert_ne!(first, second);
    assert!(first.max(second) < 1 << 53, "every reader of JSON keeps it whole");
    assert_eq!(Program::load().args("--seed 7").plan().get("seed"), 7);
}

#[test]
fn threads_never_outnumber_connections() {
    assert_eq!(Program::load().args("--connections 1").plan().get("threads"), 1);
    assert_eq!(Program::load().args("--connections 9 --threads 3").plan().get("threads"), 3);
}

#[test]
fn formats_are_what_was_listed_and_always_the_result() {
    for (flags, formats) in [
        ("", json!(["json", "md"])),
        ("--format csv", json!(["json", "csv"])),
        ("--format md,json", json!(["json", "md"])),
        ("--format json", json!(["json"])),
    ] {
        assert_eq!(Program::load().args(flags).plan().get("output.formats"), formats, "{flags}");
    }
    let off = r#"{"reporting": {"generate_summary": false}}"#;
    let plan = Program::load().config("a.json", off).plan();
    assert_eq!(plan.get("output.formats"), json!(["json"]));
}

#[test]
fn a_result_without_a_name_is_named_after_the_time() {
    let path = Program::load().plan().get("output.path");
    let path = path.as_str().unwrap().to_owned();
    let stamp = path.strip_prefix("pgsurge-results/").and_then(|it| it.strip_suffix("-load.json"));
    assert_eq!(stamp.map(str::len), Some("20260701T120000Z".len()), "{path}");
}

#[test]
fn printing_a_plan_leaves_nothing_behind() {
    let mut program = Program::load().args("--output deep/er/a.json --print-plan");
    assert_eq!(program.run().code, 0);
    assert_eq!(std::fs::read_dir(program.path("")).unwrap().count(), 0);
}

#[test]
fn the_printed_plan_is_the_plan_of_a_result() {
    let file = r#"{"load_profile": {"statement_timeout": "2s", "keep_data": true}}"#;
    let printed = Program::load().config("a.json", file).args("--poller io_uring").plan();
    let plan: Plan = serde_json::from_value(printed.whole()).unwrap();
    assert_eq!(serde_json::to_value(plan).unwrap(), printed.whole());
}

#[test]
fn the_table_shows_every_value_with_its_source() {
    let ended = Program::load().args("--connections 9 --print-plan").run();
    let row = ended.out.lines().find(|it| it.starts_with("connections ")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["connections", "9", "--connections"]);
    let bare: Vec<&str> =
        ended.out.lines().filter(|it| it.split_whitespace().count() < 3).collect();
    assert!(bare.is_empty(), "no source: {bare:?}");
}

#[test]
fn the_game_has_rules_and_players_of_the_users_choice() {
    let file = r#"{"load_profile": {"tricks_to_win": 3, "hands_to_win": 2, "abandon_rate": 0.5,
        "player_popularity": "uniform", "schema_variant": "seed", "schema": "Load \"test\""}}"#;
    let plan = Program::load().config("a.json", file).plan();
    let game = |name: &str| plan.get(&format!("workload.profile.hokm.{name}"));
    assert_eq!((game("tricks_to_win"), game("hands_to_win")), (json!(3), json!(2)));
    assert_eq!((game("abandon_rate"), game("player_popularity")), (json!(0.5), json!("uniform")));
    assert_eq!(game("schema_variant"), "seed");
    assert_eq!(plan.get("data.schema"), "Load \"test\"");
}

#[test]
fn users_over_time_are_a_closed_loop_of_as_many_connections_as_there_are_users_at_most() {
    let file =
        r#"{"load_profile": {"queries_per_second_target": 500, "concurrent_connections": 9}}"#;
    let flags = "--user-stages 30s:10,2m:50,30s:0 --think-time 1s";
    let plan = Program::load().config("a.json", file).args(flags).plan();
    assert_eq!((plan.get("connections"), plan.get("duration_s")), (json!(50), json!(180.0)));
    assert_eq!((plan.get("shape.loop"), plan.get("warm_up_s")), (json!("closed"), json!(0.0)));
    let first = json!({"duration_s": 30.0, "target_users": 10});
    assert_eq!(plan.get("shape.user_stages")[0], first);
    let agreed = Program::load().args("--user-stages 1s:7 --connections 7").plan();
    assert_eq!(agreed.get("connections"), 7);
}

#[test]
fn a_count_ends_a_run_that_no_duration_ends() {
    let file = r#"{"duration_minutes": 2}"#;
    let endless = Program::load().config("a.json", file).args("--transactions 500").plan();
    assert_eq!((endless.get("transactions"), endless.get("warm_up_s")), (json!(500), json!(0.0)));
    assert_eq!(endless.get("duration_s"), 366.0 * 24.0 * 3600.0, "the flag beats the file");
    let bounded = Program::load().args("--transactions 500 --duration 90s").plan();
    assert_eq!(bounded.get("duration_s"), 90.0);
}
