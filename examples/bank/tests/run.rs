//! The example against a real server, as its users would run it.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test, as its body does")]

use serde_json::{Value, json};
use servers::{Environment, Postgres, PostgresOptions};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A short run that any machine keeps up with, whatever else it does.
const SHORT: &str = "load --workload bank --duration 1s --warm-up 0 --rate 200 --connections 4 \
    --monitor off --output r.json";

/// A server of its own, and a folder for what the program writes.
struct Place {
    server: Postgres,
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        let environment = Environment::from_pairs(std::env::vars_os());
        let server = Postgres::start(&environment, &PostgresOptions::default()).unwrap();
        Place { server, folder: TempDir::new().unwrap() }
    }

    /// The program with these arguments, and the server where the command takes one.
    fn command(&self, arguments: &str) -> Command {
        let (host, port, user) = (self.server.host(), self.server.port(), self.server.user());
        let url = format!("postgres://{user}@{host}:{port}/{}", self.server.database());
        let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
        command.current_dir(&self.folder).args(arguments.split_whitespace());
        if !arguments.starts_with("report") {
            command.args(["--database-url", &format!("{url}?sslmode=disable")]);
        }
        command
    }

    fn run(&self, arguments: &str) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    fn text(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// How many tables of a bank there are.
    fn tables(&self) -> String {
        let sql = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'bank%'";
        self.server.psql(sql).unwrap()
    }

    /// Waits until the load has gone on for a second, by its record.
    fn until_load_is_on_record(&self) {
        let (record, give_up) =
            (self.folder.path().join("r.json.partial"), Instant::now() + Duration::from_secs(60));
        while std::fs::read_to_string(&record).unwrap_or_default().lines().count() < 3 {
            assert!(Instant::now() < give_up, "no load within a minute");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What became of a command.
struct Ended {
    code: Option<i32>,
    text: String,
}

impl Ended {
    fn of(output: Output) -> Ended {
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        Ended { code: output.status.code(), text }
    }

    #[track_caller]
    fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.text);
        let missing = words.iter().find(|it| !self.text.contains(**it));
        assert_eq!(missing, None, "{}", self.text);
    }
}

#[test]
fn a_story_is_counted_verified_and_mixed_like_any_workload() {
    let place = Place::new();
    // Few accounts, so that tellers wait for each other and deadlock now and then.
    let ended = place.run(
        "load --workload bank@3,select-only --workload-option accounts=8 --duration 2s --warm-up 0 \
         --qps-target 0 --connections 8 --output r.json --threshold custom.amount.max<=100",
    );
    assert!(ended.text.contains("metric"), "{}", ended.text);
    let load = &place.json("r.json")["load_metrics"];
    assert_eq!(load["verification"]["passed"], true, "{:#}", load["verification"]);
    let transfer = &load["actions"]["transfer"];
    let ends = ["succeeded", "failed", "skipped", "unfinished"];
    let ends: u64 = ends.iter().map(|end| transfer[end].as_u64().unwrap()).sum();
    assert_eq!(transfer["scheduled"].as_u64(), Some(ends));
    assert!(transfer["retries"].as_u64() > Some(0), "deadlocks begin again: {transfer:#}");
    assert!(load["actions"]["select_only"]["succeeded"].as_u64() > Some(0));
    assert_eq!(place.tables(), "0", "the run's table is gone");
}

#[test]
fn metrics_of_its_own_reach_the_result_its_thresholds_the_exit_code_and_every_report() {
    let place = Place::new();
    let ended = place.run(&format!(
        "{SHORT} --format json,md,csv --threshold custom.transfers>0 \
         --threshold custom.amount.p50<1 --threshold custom.amount.max<=100"
    ));
    ended.says(4, &["custom.amount.p50<1", "the limit is 1", "transfers: "]);
    let result = place.json("r.json");
    let custom = &result["load_metrics"]["custom"];
    let kinds = ["transfers", "amount"].map(|name| &custom[name]["kind"]);
    assert_eq!(kinds, ["counter", "histogram"], "{custom:#}");
    assert_eq!(
        (&custom["amount"]["unit"], &custom["transfers"]["unit"]),
        (&json!("coins"), &json!("count"))
    );
    let outcomes = result["thresholds"].as_array().unwrap().iter();
    let outcomes: Vec<_> =
        outcomes.filter(|it| it["source"] == "user").map(|it| &it["outcome"]).collect();
    assert_eq!(outcomes, ["passed", "failed", "passed"]);
    for report in ["r.json", "r.md", "r.csv"] {
        assert!(place.text(report).contains("amount"), "{report}");
    }
    let markdown = place.run("report r.json --format md");
    assert!(markdown.text.contains("what a transfer moved"), "{}", markdown.text);
}

#[test]
fn the_server_has_run_each_statement_as_often_as_the_result_says() {
    let place = Place::new();
    place.run(SHORT);
    let statements = &place.json("r.json")["load_metrics"]["statements"];
    for (name, text) in [
        ("balance", "SELECT balance FROM bank_r%"),
        ("move", "UPDATE bank_r%"),
        ("begin", "BEGIN"),
        ("commit", "COMMIT"),
    ] {
        let calls = place.server.psql(&format!(
            "SELECT sum(calls) FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid \
             WHERE datname = current_database() AND query LIKE '{text}'"
        ));
        let count = |of: &str| statements[name][of].as_u64().unwrap();
        // The server counts what it has run to its end.
        let answered = count("session_count") - count("session_failed");
        assert_eq!(calls.unwrap(), answered.to_string(), "{name}: {statements:#}");
    }
}

#[test]
fn every_command_knows_the_workload() {
    let place = Place::new();
    place.run("load --help").says(0, &["tellers who move money"]);
    let check = place.run("check --workload bank --workload-option accounts=1");
    check.says(2, &["option accounts=1: expected 2 to 1000000"]);
    let check = place.run("check --workload bank");
    assert!(check.text.contains("only the workload itself knows them"), "{}", check.text);
    let settings = json!({
        "load_profile": {"workload": "bank", "workload_options": {"accounts": 50},
            "rate": 100, "warm_up": "0s", "duration": "1s"},
        "test_scenarios": {"few": {"connections": 1}, "many": {"connections": 4}},
    });
    std::fs::write(place.folder.path().join("s.json"), settings.to_string()).unwrap();
    let suite = place.run(
        "suite --config s.json --scenarios few,many --output-dir out --monitor off \
         --threshold custom.transfers>1000000",
    );
    suite.says(4, &["few", "many"]);
    for scenario in ["few", "many"] {
        let result = place.json(&format!("out/{scenario}.json"));
        assert_eq!(result["load_metrics"]["custom"]["amount"]["unit"], "coins");
        assert_eq!(result["load_metrics"]["verification"]["checks"][0]["checked"], 50);
        let row = format!("| transfers | {scenario} | ");
        assert!(place.text("out/suite.md").contains(&row), "{}", place.text("out/suite.md"));
    }
    assert_eq!(place.tables(), "0", "each scenario's table is gone");
}

#[test]
fn what_a_killed_run_left_is_removed_by_its_name_and_nothing_else_is() {
    let place = Place::new();
    let others = "CREATE TABLE bank_of_others (id int); COMMENT ON TABLE bank_of_others IS 'mine'";
    place.server.psql(others).unwrap();
    let mut command = place.command(&SHORT.replace("1s", "60s"));
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    place.until_load_is_on_record();
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(place.tables(), "2");
    place.run("report r.json.partial").says(0, &["INTERRUPTED  bank", "pgsurge load --clean r"]);
    let markdown = place.run("report r.json.partial --format md");
    markdown.says(0, &["metrics of the workload's own are absent, for its users count them"]);
    let run = run_name(&place.folder.path().join("r.json.partial"));
    place.run(&format!("load --clean {run}")).says(0, &[&format!("dropped: public.bank_{run}")]);
    assert_eq!(place.tables(), "1", "another's table stays");
}

/// The name of the run that left this record.
fn run_name(record: &Path) -> String {
    let lines = std::fs::read_to_string(record).unwrap();
    let header: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let run = header.pointer("/header/plan/data/run").unwrap_or_else(|| panic!("{header:#}"));
    run.as_str().unwrap().to_owned()
}

#[test]
fn tables_are_made_once_used_again_and_removed_when_their_user_says_so() {
    let place = Place::new();
    let made = place.run("load --workload bank --seed 7 --init-only");
    made.says(0, &["created bank_r", "1,000 loaded"]);
    let run = made.text.split_whitespace().nth(1).unwrap().to_owned();
    for _ in 0..2 {
        let again = place.run(&format!("{SHORT} --reuse-data {run} --seed 7 --force"));
        assert!(again.text.contains("verified: "), "{}", again.text);
        assert_eq!(place.tables(), "1", "it stays");
    }
    place.run(&format!("load --clean {run}")).says(0, &["dropped: public.bank_"]);
    assert_eq!(place.tables(), "0");
    let gone = place.run(&format!("{SHORT} --reuse-data {run} --seed 7 --force"));
    gone.says(2, &["has left no table"]);
}
