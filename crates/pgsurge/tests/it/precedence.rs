//! Flags beat environment, environment beats file, file beats defaults; and every value remembers
//! who set it.

use crate::program::Program;
use serde_json::json;

const FILE: &str = "{\n  \"load_profile\": {\"concurrent_connections\": 11, \"max_tries\": 5}\n}";

#[test]
fn the_stronger_giver_wins_and_is_remembered() {
    let all = || {
        Program::load()
            .config("a.json", FILE)
            .env("PGSURGE_CONNECTIONS", "22")
            .args("--connections 33")
    };
    let plan = all().plan();
    assert_eq!(
        (plan.get("connections"), plan.source("connections")),
        (json!(33), "--connections".into())
    );
    let plan = Program::load().config("a.json", FILE).env("PGSURGE_CONNECTIONS", "22").plan();
    assert_eq!(
        (plan.get("connections"), plan.source("connections")),
        (json!(22), "PGSURGE_CONNECTIONS".into())
    );
    let plan = Program::load().config("a.json", FILE).plan();
    let source = "a.json:2:46: load_profile.concurrent_connections";
    assert_eq!((plan.get("connections"), plan.source("connections")), (json!(11), source.into()));
    let plan = Program::load().plan();
    assert_eq!(
        (plan.get("connections"), plan.source("connections")),
        (json!(50), "default".into())
    );
}

#[test]
fn givers_complete_each_other() {
    let plan = Program::load().config("a.json", FILE).args("--connections 33").plan();
    assert_eq!((plan.get("connections"), plan.get("max_tries")), (json!(33), json!(5)));
}

#[test]
fn the_config_file_may_be_named_by_the_environment() {
    let plan = Program::load().file("a.json", FILE).env("PGSURGE_CONFIG", "a.json").plan();
    assert_eq!(plan.get("connections"), 11);
}

#[test]
fn an_empty_variable_is_not_set() {
    let plan = Program::load().env("PGSURGE_CONNECTIONS", "").plan();
    assert_eq!(plan.source("connections"), "default");
}

#[test]
fn a_variable_that_looks_like_ours_is_named() {
    let plan = Program::load().env("PGSURGE_CONECTIONS", "5").env("PGSURGE_PG_BIN", "/x").plan();
    let expected =
        "PGSURGE_CONECTIONS is no setting and has no effect; did you mean PGSURGE_CONNECTIONS?";
    assert_eq!(plan.warnings(), expected);
}

#[test]
fn the_rate_of_the_strongest_giver_decides() {
    let file = r#"{"load_profile": {"queries_per_second_target": 300}}"#;
    let plan = Program::load().config("a.json", file).env("PGSURGE_RATE", "20").plan();
    assert_eq!(
        (plan.get("shape.unit"), plan.get("shape.rate.constant.per_s")),
        (json!("actions"), json!(20.0))
    );
    assert_eq!(plan.source("shape.rate.constant.per_s"), "PGSURGE_RATE");
    let plan = Program::load().config("a.json", file).plan();
    assert_eq!(
        (plan.get("shape.unit"), plan.get("shape.rate.constant.per_s")),
        (json!("statements"), json!(300.0))
    );
}

#[test]
fn stages_beat_a_weaker_duration() {
    let plan = Program::load()
        .config("a.json", r#"{"duration_minutes": 5}"#)
        .args("--stages 30s:100,2m:500,30s:0")
        .plan();
    assert_eq!(
        (plan.get("duration_s"), plan.source("duration_s")),
        (json!(180.0), "the stages".into())
    );
    assert_eq!(plan.get("warm_up_s"), 0.0);
}

#[test]
fn a_setting_of_a_file_that_means_nothing_here_is_a_warning() {
    let file = r#"{"load_profile": {"read_write_ratio": 0.5, "think_time": "1s"}}"#;
    let plan = Program::load().config("a.json", file).args("--workload select-only").plan();
    assert!(
        plan.warnings()
            .contains("load_profile.read_write_ratio: has no effect in this run: only the hokm")
    );
    assert!(plan.warnings().contains("load_profile.think_time: has no effect in this run"));
}
