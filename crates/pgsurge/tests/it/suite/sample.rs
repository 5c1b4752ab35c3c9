//! The settings file that a suite writes to start from, and the workflows that run one.

use crate::program::Program;
use std::path::Path;

#[test]
fn a_created_file_runs_as_it_is_and_says_what_is_built_in() {
    for name in ["mine.toml", "mine.json"] {
        let mut program = Program::new(&["suite", "--create-config", name]);
        let ended = program.run();
        assert_eq!((ended.code, ended.out.as_str()), (0, ""), "{}", ended.err);
        let text = std::fs::read_to_string(program.path(name)).unwrap();
        assert!(text.contains("Seats played at once"), "it explains itself: {text}");
        let plans = |file: bool| {
            let mut program = Program::new(&["suite", "--output-dir", "r", "--seed", "7"]);
            if file {
                program = program.config(name, &text);
            }
            let ended = program.args("--print-plan=json").run();
            assert_eq!((ended.code, ended.err.as_str()), (0, ""));
            let mut printed: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
            for scenario in printed["scenarios"].as_array_mut().unwrap() {
                let scenario = scenario.as_object_mut().unwrap();
                scenario.remove("sources");
                if let Some(plan) = scenario.get_mut("plan") {
                    plan.as_object_mut().unwrap().remove("thresholds");
                    plan["data"]["run"].take();
                }
            }
            printed
        };
        assert_eq!(plans(true), plans(false), "{name}");
    }
}

#[test]
fn no_limit_of_a_created_file_is_one_that_a_load_test_cannot_measure() {
    let mut program = Program::new(&["suite", "--create-config", "mine.toml"]);
    assert_eq!(program.run().code, 0);
    let text = std::fs::read_to_string(program.path("mine.toml")).unwrap();
    for set in ["max_p99_response_time_ms", "max_error_rate_percent"] {
        assert!(text.lines().any(|it| it.starts_with(set)), "{text}");
    }
    for explained in ["max_cpu_usage_percent", "min_games_completion_rate_percent", "host"] {
        assert!(text.lines().any(|it| it.starts_with(&format!("# {explained} ="))), "{text}");
    }
}

#[test]
fn a_created_file_replaces_nothing_unless_that_was_asked_for() {
    let create = |arguments: &str| {
        Program::new(&["suite", "--create-config"]).file("a.json", "mine").args(arguments)
    };
    let mut program = create("a.json");
    let ended = program.run();
    assert_eq!(
        (ended.code, ended.err.as_str()),
        (2, "error: a.json exists; --force replaces it\n")
    );
    assert_eq!(std::fs::read_to_string(program.path("a.json")).unwrap(), "mine");
    assert_eq!(create("a.json --force").run().code, 0);
    assert_eq!(create("a.yaml").run().code, 2);
    assert_eq!(create("nowhere/a.json").run().code, 2);
}

#[test]
fn a_comment_in_json_is_a_comment_everywhere() {
    let file = r#"{"//": "all", "load_profile": {"//": ["more"], "rate": 5},
        "test_scenarios": {"//": 1, "mine": {"//": {"rate": "x"}}}}"#;
    let ended = Program::new(&["suite", "--scenarios", "mine", "--print-plan"])
        .config("a.json", file)
        .run();
    assert_eq!(ended.code, 0, "{}", ended.err);
}

/// Every pgsurge command line of a workflow, with continued lines joined.
fn commands(path: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/ci").join(path);
    let text = std::fs::read_to_string(path).unwrap().replace("\\\n", " ");
    let lines = text.lines().map(|it| it.trim().trim_start_matches("- ").to_owned());
    lines.filter(|it| it.starts_with("pgsurge ")).collect()
}

#[test]
fn every_command_of_the_example_workflows_is_one_of_ours() {
    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/ci/suite.toml");
    let settings = std::fs::read_to_string(settings).unwrap();
    for workflow in ["github-actions.yml", "gitlab-ci.yml"] {
        let commands = commands(workflow);
        assert!(commands.iter().any(|it| it.contains(" suite ")), "{workflow}: {commands:?}");
        for command in commands {
            let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
            let program = Program::new(&arguments).file("suite.toml", &settings);
            let program = program.env("PGHOST", "postgres").env("PGUSER", "postgres");
            let show = if command.contains("--print-plan") { "" } else { "--print-plan" };
            let ended = program.args(show).run();
            assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{workflow}: {command}");
        }
    }
}
