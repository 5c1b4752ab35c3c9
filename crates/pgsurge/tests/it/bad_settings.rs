//! Bad settings, through the real binary: each is found before anything starts, said with its
//! place and what was expected, and ends with exit code 2.

use crate::program::Program;

/// Flags and what must be said about them.
const FLAGS: &[(&str, &str, &str)] = &[
    (
        "no connections",
        "--connections 0",
        "--connections: expected a whole number from 1 to 100,000, found \"0\"",
    ),
    (
        "a million connections",
        "--connections 1000000",
        "--connections: expected a whole number from 1 to 100,000, found \"1000000\"",
    ),
    (
        "negative connections",
        "--connections -5",
        "--connections: expected a whole number from 1 to 100,000, found \"-5\"",
    ),
    ("connections in words", "--connections many", "found \"many\""),
    (
        "no number at all",
        "--qps-target NaN",
        "--qps-target: expected a number from 0 to 10,000,000, found \"NaN\"",
    ),
    ("endless rate", "--rate inf", "--rate: expected a number from 0 to 10,000,000"),
    ("rate beyond floats", "--rate 1e999", "found \"1e999\""),
    (
        "a server without a CPU",
        "--server-cpus 0",
        "--server-cpus: expected a whole number from 1 to 4,096",
    ),
    (
        "too many CPUs",
        "--server-cpus 4097",
        "--server-cpus: expected a whole number from 1 to 4,096",
    ),
    (
        "a node_exporter over TLS",
        "--node-exporter https://db:9100",
        "--node-exporter: expected http://HOST:PORT, found \"https://db:9100\"",
    ),
    (
        "a node_exporter that nobody would ask",
        "--node-exporter http://db --monitor off",
        "--node-exporter: nobody would ask: --monitor switches the monitor off",
    ),
    (
        "a console that nobody would ask",
        "--pooler-admin postgres://stats@db:6432 --monitor off",
        "--pooler-admin: nobody would ask: --monitor switches the monitor off",
    ),
    ("a console that is no URL", "--pooler-admin http://db", "--pooler-admin"),
    ("no duration", "--duration 0", "--duration: expected a duration from 100ms"),
    ("negative duration", "--duration -1m", "found \"-1m\""),
    ("huge duration", "--duration 99999999999999999999h", "--duration: expected a duration"),
    (
        "a forgotten value",
        "--connections --force",
        "--connections: expected a whole number from 1 to 100,000, found \"--force\"",
    ),
    ("a duration with a typo", "--duration 15n", "as 90s, 15m, 1h30m or 500ms"),
    ("a duration in the wrong order", "--duration 30s1m", "found \"30s1m\""),
    ("a time without unit", "--grace 10", "--grace: expected a duration from 0s to 1h"),
    (
        "an inverted think time",
        "--qps-target 0 --think-time 200ms-50ms",
        "--think-time: expected a duration up to 1h",
    ),
    ("a stage without rate", "--stages 30s", "--stages: expected stages of duration:target"),
    ("stages without load", "--stages 30s:0", "--stages: expected stages"),
    ("stages without time", "--stages 0s:100", "--stages: expected stages"),
    (
        "an unknown workload",
        "--workload hokn",
        "--workload: expected one of hokm, select-only, simple-update, tpcb-like, found \"hokn\"",
    ),
    (
        "a slip in a mix",
        "--workload hokm@9,selectonly",
        "found \"selectonly\"; did you mean select-only?",
    ),
    ("a weight of nothing", "--workload hokm@0", "--workload: expected workloads, as hokm or"),
    ("half a weight", "--workload hokm@1.5", "--workload: expected workloads, as hokm or"),
    ("a workload twice", "--workload hokm,hokm@2", "--workload: hokm is named twice"),
    (
        "a scale that no part of the mix has",
        "--workload hokm@2 --scale 2",
        "--scale: has no effect in this run",
    ),
    ("a limit on nothing", "--threshold p98<5ms", "nothing is called \"p98\"; did you mean"),
    ("a limit without a comparison", "--threshold p99", "there is no comparison; write it like"),
    ("a limit in the wrong unit", "--threshold p99<5%", "it is a time"),
    (
        "a limit on a number of the server that there is none of",
        "--threshold dead_locks<1",
        "nothing is called \"dead_locks\"; did you mean \"deadlocks\"?",
    ),
    (
        "a limit on an action of another workload",
        "--workload select-only --threshold action.play_card.p99<5ms",
        "the workload has no action \"play_card\"; did you mean \"select_only\"?",
    ),
    (
        "a limit on a statement with a typo",
        "--threshold statement.game_sav.p99<5ms",
        "the workload has no statement \"game_sav\"; did you mean \"game_save\"?",
    ),
    ("a tag without a value", "--tag main", "--tag: expected NAME=VALUE"),
    ("a tag twice", "--tag a=1 --tag a=2", "--tag: a is given twice; the first is \"1\""),
    (
        "an option of no workload",
        "--workload-option a=1",
        "--workload-option: has no effect in this run",
    ),
    ("an unknown protocol", "--protocol binary", "one of simple, extended, prepared"),
    ("an unknown poller", "--poller kqueue", "one of auto, io_uring, epoll"),
    ("unknown arrivals", "--arrivals bursty", "one of uniform, poisson"),
    (
        "an unknown format",
        "--format json,pdf",
        "--format: expected some of json, md, csv, found \"json,pdf\"",
    ),
    ("an unknown sslmode", "--db-host a --sslmode maybe", "--sslmode: expected one of disable"),
    (
        "a port beyond ports",
        "--db-port 70000",
        "--db-port: expected a whole number from 1 to 65,535",
    ),
    ("a seed beyond JSON's numbers", "--seed 9007199254740992", "--seed: expected a whole number"),
    ("no tries", "--max-tries 0", "--max-tries: expected a whole number from 1"),
    (
        "more threads than connections",
        "--connections 4 --threads 5",
        "--threads: expected at most as many threads as connections (4), found 5",
    ),
    ("two rates", "--rate 5 --qps-target 7", "there is one rate: --qps-target already says it"),
    (
        "a rate and stages",
        "--rate 5 --stages 1s:7",
        "--stages: there is one rate: --rate already says it",
    ),
    (
        "stages and a duration",
        "--stages 30s:7 --duration 1m",
        "--duration: the stages already say how long the run takes (30s)",
    ),
    (
        "users and a rate",
        "--user-stages 1s:5 --rate 7",
        "--user-stages: users make a closed loop, and --rate wants a rate",
    ),
    ("half a user", "--user-stages 1s:2.5", "--user-stages: expected stages of duration:users"),
    (
        "users and a duration",
        "--user-stages 30s:7 --duration 1m",
        "--duration: the stages already say how long the run takes (30s)",
    ),
    (
        "users and other connections",
        "--user-stages 30s:7,5s:3 --connections 9",
        "--connections: every user has one connection, and there are 7 at most",
    ),
    (
        "stages and an end by count",
        "--stages 30s:7 --transactions 5",
        "--transactions: the stages already say how long the run takes (30s)",
    ),
    ("no transactions", "--transactions 0", "--transactions: expected a whole number from 1"),
    ("no latency at all", "--latency-limit 0", "--latency-limit: expected a duration from 100us"),
    (
        "pipelining the simple protocol",
        "--workload tpcb-like --pipeline --protocol simple",
        "--pipeline: the simple protocol answers one statement before it takes the next",
    ),
    (
        "pipelining the game",
        "--pipeline",
        "--pipeline: has no effect in this run: the game's statements already travel together",
    ),
    ("a log in no folder", "--log /dev/null/a.csv", "--log: cannot write /dev/null/a.csv"),
    (
        "a log that is the result",
        "--output a.json --log a.md",
        "--log: a.md is a file of the result",
    ),
    (
        "a grace of limits that end nothing",
        "--abort-grace 5s",
        "--abort-grace: has no effect in this run: no limit ends the run",
    ),
    (
        "a grace that outlasts the run",
        "--abort-on-threshold --duration 5s",
        "10s is not before the end of the measured time (5s)",
    ),
    (
        "a share of no log",
        "--sampling-rate 0.5",
        "--sampling-rate: has no effect in this run: there is no action log",
    ),
    ("a think time beside a rate", "--think-time 1s", "--think-time: has no effect in this run"),
    (
        "arrivals in a closed loop",
        "--qps-target 0 --arrivals poisson",
        "--arrivals: has no effect in this run: a closed loop has no schedule",
    ),
    (
        "a scale for the game",
        "--scale 3",
        "--scale: has no effect in this run: only pgbench's workloads have a scale",
    ),
    (
        "a password for nobody",
        "--db-password x",
        "--db-password: no server is named that this could be for",
    ),
    (
        "a missing password file",
        "--db-host a --password-file nowhere",
        "--password-file: cannot read the password from nowhere",
    ),
    (
        "two passwords",
        "--db-host a --db-password x --password-file nowhere",
        "--password-file: there is one password: --db-password already says it",
    ),
    ("a broken URL", "--database-url postgres://a:b:c", "--database-url: "),
    ("a missing file", "--config nowhere.json", "nowhere.json: cannot open this file"),
    (
        "a file of no format",
        "--config /dev/null",
        "/dev/null: expected a name that ends in .json or .toml",
    ),
    ("an output that is a folder", "--output /", "--output: expected a file, found the folder /"),
    (
        "an output in no folder",
        "--output /dev/null/a.json",
        "--output: cannot write /dev/null/a.json",
    ),
    (
        "an output where nothing can be",
        "--output /proc/a.json",
        "--output: cannot write /proc/a.json",
    ),
    (
        "an output that is no JSON",
        "--output a.csv",
        "--output: the result is JSON: expected a name that ends in .json, found a.csv",
    ),
];

#[test]
fn bad_flags_are_refused_with_what_was_expected() {
    for (name, flags, expected) in FLAGS {
        let said = Program::load().args(flags).refused();
        assert!(said.contains(expected), "{name}: {flags}\n{said}");
        assert!(said.starts_with("error: cannot use these settings: "), "{name}: {said}");
        assert!(said.contains("\nhint: "), "{name}: {said}");
    }
}

/// JSON, and what must be said about it.
const FILES: &[(&str, &str, &str)] = &[
    ("no JSON", "{\"a\": ", "bad.json:1:6: not valid JSON: EOF while parsing a value"),
    (
        "a stray comma",
        "{\n \"duration_minutes\": 1,\n}",
        "bad.json:3:1: not valid JSON: key must be a string",
    ),
    ("NaN", "{\"duration_minutes\": NaN}", "bad.json:1:22: not valid JSON: "),
    ("a list", "[1, 2]", "bad.json:1:1: expected a table of settings, found a list"),
    ("an empty file", "", "bad.json:1:1: not valid JSON: "),
    (
        "a section that is none",
        r#"{"database": "localhost"}"#,
        "bad.json:1:14: database: expected a table of settings, found a text",
    ),
    (
        "text for a number",
        r#"{"load_profile": {"concurrent_connections": "50"}}"#,
        "bad.json:1:45: load_profile.concurrent_connections: expected a whole number from 1 to 100,000, found \"50\"",
    ),
    (
        "a number for text",
        r#"{"database": {"host": 5}}"#,
        "database.host: expected a text that is not empty, found 5",
    ),
    (
        "a text for a switch",
        r#"{"reporting": {"generate_summary": "yes"}}"#,
        "reporting.generate_summary: expected true or false, found \"yes\"",
    ),
    ("a broken count", r#"{"load_profile": {"concurrent_connections": 2.5}}"#, "found 2.5"),
    ("a negative count", r#"{"load_profile": {"concurrent_connections": -1}}"#, "found -1"),
    ("a huge count", r#"{"load_profile": {"concurrent_connections": 1e400}}"#, "found 1e400"),
    (
        "a ratio above one",
        r#"{"load_profile": {"read_write_ratio": 1.7}}"#,
        "load_profile.read_write_ratio: expected a number from 0 to 1, found 1.7",
    ),
    (
        "a negative ratio",
        r#"{"load_profile": {"batch_operation_probability": -0.1}}"#,
        "expected a number from 0 to 1, found -0.1",
    ),
    (
        "an inverted range",
        r#"{"load_profile": {"transaction_size_range": [5, 1]}}"#,
        "load_profile.transaction_size_range: expected two whole numbers [low, high] with 1 <= low <= high <= 1000, found [5, 1]",
    ),
    (
        "a range of three",
        r#"{"load_profile": {"transaction_size_range": [1, 2, 3]}}"#,
        "found [1, 2, 3]",
    ),
    (
        "no volume",
        r#"{"load_profile": {"data_volume_multiplier": 0}}"#,
        "expected a number from 0.001 to 10,000, found 0",
    ),
    (
        "a slip",
        r#"{"load_profile": {"concurent_conections": 5}}"#,
        "bad.json:1:19: load_profile.concurent_conections: no such setting; did you mean `concurrent_connections`?",
    ),
    (
        "a slip in a section",
        r#"{"databse": {}}"#,
        "bad.json:1:2: databse: no such setting; did you mean `database`?",
    ),
    (
        "the wrong section",
        r#"{"load_profile": {"host": "a"}}"#,
        "load_profile.host: no such setting here; it belongs in `database`",
    ),
    (
        "another word",
        r#"{"load_profile": {"banana": 5}}"#,
        "load_profile.banana: no such setting; docs/settings.md lists them",
    ),
    (
        "a flag that is for one run",
        r#"{"load_profile": {"force": true}}"#,
        "load_profile.force: no such setting",
    ),
    (
        "a percentage above all",
        r#"{"performance_thresholds": {"max_error_rate_percent": 101}}"#,
        "expected a number from 0 to 100, found 101",
    ),
    (
        "a threshold slip",
        r#"{"performance_thresholds": {"max_p95_querry_time_ms": 1}}"#,
        "did you mean `max_p95_query_time_ms`?",
    ),
    (
        "twice the same",
        r#"{"duration_minutes": 1, "duration_minutes": 2}"#,
        "bad.json:1:45: duration_minutes: given twice; the first is bad.json:1:22: duration_minutes",
    ),
    (
        "twice by two names",
        r#"{"duration_minutes": 1, "load_profile": {"duration": "2m"}}"#,
        "load_profile.duration: given twice",
    ),
    (
        "two rates",
        r#"{"load_profile": {"rate": 5, "queries_per_second_target": 7}}"#,
        "there is one rate",
    ),
    (
        "a scenario that is none",
        r#"{"test_scenarios": {"mine": 5}}"#,
        "test_scenarios.mine: expected a table of settings, found a number",
    ),
    (
        "a scenario's slip",
        r#"{"test_scenarios": {"mine": {"concurrent_user": 5}}}"#,
        "test_scenarios.mine.concurrent_user: no such setting; did you mean `concurrent_users`?",
    ),
    (
        "a scenario's value",
        r#"{"test_scenarios": {"mine": {"enabled": 1}}}"#,
        "test_scenarios.mine.enabled: expected true or false, found 1",
    ),
    (
        "an unknown format",
        r#"{"output_format": "xml"}"#,
        "output_format: expected some of json, md, csv, found \"xml\"",
    ),
    (
        "an address that is none",
        r#"{"database": {"url": "mysql://a/b"}}"#,
        "bad.json:1:22: database.url: ",
    ),
    (
        "a stage that is none",
        r#"{"load_profile": {"stages": [{"duration": "1m", "goal": 5}]}}"#,
        "load_profile.stages: expected stages",
    ),
    (
        "nesting",
        "{\"load_profile\": {\"stages\": [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}}",
        "nested more than 16 deep",
    ),
];

#[test]
fn bad_files_are_refused_with_line_and_column() {
    for (name, text, expected) in FILES {
        let said = Program::load().config("bad.json", text).refused();
        assert!(said.contains(expected), "{name}: {text}\n{said}");
    }
}

#[test]
fn bad_toml_is_refused_with_line_and_column() {
    let cases = [
        ("a = ", "bad.toml:1:5: not valid TOML"),
        (
            "[load_profile]\nread_write_ratio = nan",
            "bad.toml:2:20: load_profile.read_write_ratio: expected a number from 0 to 1, found nan",
        ),
        (
            "[load_profile]\nrate = 1999-01-01",
            "bad.toml:2:8: load_profile.rate: expected a number from 0 to 10,000,000, found a date or time",
        ),
        (
            "[load_profile]\n  conections = 5",
            "bad.toml:2:3: load_profile.conections: no such setting; did you mean `connections`?",
        ),
    ];
    for (text, expected) in cases {
        let said = Program::load().config("bad.toml", text).refused();
        assert!(said.contains(expected), "{text}\n{said}");
    }
}

#[test]
fn all_faults_of_flags_environment_and_file_are_told_together() {
    let said = Program::load()
        .args("--connections 0 --output /dev/null/a.json")
        .env("PGSURGE_GRACE", "soon")
        .config("bad.json", "{\"load_profile\": {\n\"read_write_ratio\": 2,\n\"sead\": 1}}")
        .refused();
    for expected in [
        "cannot use these settings: 5 faults\n",
        "\n  --connections: ",
        "\n  --output: cannot write ",
        "\n  PGSURGE_GRACE: ",
        "\n  bad.json:2:21: load_profile.read_write_ratio: ",
        "\n  bad.json:3:1: load_profile.sead: no such setting; did you mean `seed`?",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let said = Program::load().file("a.json", [0xff, 0xfe]).args("--config a.json").refused();
    assert!(said.contains("a.json: not UTF-8 text"), "{said}");
    let said =
        Program::load().file("a.json", vec![b' '; 5 << 20]).args("--config a.json").refused();
    assert!(said.contains("a.json: larger than 4 MiB"), "{said}");
}

#[test]
fn a_password_is_never_repeated_in_a_fault() {
    let secret = "hunter2secret";
    let cases = [
        format!("--database-url postgres://u:{secret}@h:notaport/db"),
        format!("--database-url garbage-{secret}"),
        format!("--db-password {secret}"),
    ];
    for flags in cases {
        let said = Program::load().args(&flags).refused();
        assert!(!said.contains(secret), "{said}");
    }
    let file = format!("{{\"database\": {{\"password\": [\"{secret}\"], \"url\": {{}}}}}}");
    let said = Program::load().config("a.json", &file).refused();
    assert!(said.contains("expected a text that is not empty, found a list"), "{said}");
    assert!(!said.contains(secret), "{said}");
}

#[test]
fn an_existing_result_is_refused_without_force() {
    for existing in ["r.json", "r.md", "r.json.partial"] {
        let flags = "--output r.json";
        let said = Program::load().file(existing, "mine").args(flags).refused();
        assert!(said.contains(&format!("--output: {existing} exists; --force replaces")), "{said}");
        let forced = Program::load().file(existing, "mine").args(flags).args("--force").plan();
        assert_eq!(forced.get("output.force"), true);
    }
}

#[test]
fn more_connections_than_open_files_are_refused_by_that_name() {
    // The shell lowers the limit for its child alone.
    let program = Program::new(&[]);
    let mut shell = std::process::Command::new("/bin/sh");
    let script = format!(
        "ulimit -n 128 && exec {} load --connections 100 --print-plan",
        env!("CARGO_BIN_EXE_pgsurge")
    );
    let output = shell.args(["-c", &script]).current_dir(program.path("")).env_clear().output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let expected =
        "--connections: 100 connections need 164 open files, and this process may have 128";
    assert!(said.contains(expected), "{said}");
}
