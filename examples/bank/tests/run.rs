//! The example against a real server, as its users would run it.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test, as its body does")]

use serde_json::Value;
use servers::{Environment, Postgres, PostgresOptions};
use std::process::Command;

#[test]
fn a_story_is_counted_verified_and_mixed_like_any_workload() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::from_pairs(std::env::vars_os());
    let server = Postgres::start(&environment, &PostgresOptions::default()).unwrap();
    let (host, port, user) = (server.host(), server.port(), server.user());
    let url = format!("postgres://{user}@{host}:{port}/{}?sslmode=disable", server.database());
    // Few accounts, so that tellers wait for each other and deadlock now and then.
    let arguments = format!(
        "load --workload bank@3,select-only --workload-option accounts=8 --database-url {url} \
         --duration 2s --warm-up 0 --qps-target 0 --connections 8 --output r.json \
         --threshold custom.amount.max<=200"
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank"));
    let ended = command.current_dir(&folder).args(arguments.split_whitespace()).output().unwrap();
    let err = String::from_utf8_lossy(&ended.stderr).into_owned();
    let file = std::fs::read_to_string(folder.path().join("r.json"));
    let result: Value = serde_json::from_str(&file.unwrap_or_else(|_| panic!("{err}"))).unwrap();
    let load = &result["load_metrics"];
    assert_eq!(load["verification"]["passed"], true, "{:#}", load["verification"]);
    let transfer = &load["actions"]["transfer"];
    let ends = ["succeeded", "failed", "skipped", "unfinished"];
    let ends: u64 = ends.iter().map(|end| transfer[end].as_u64().unwrap()).sum();
    assert_eq!(transfer["scheduled"].as_u64(), Some(ends));
    assert!(transfer["retries"].as_u64() > Some(0), "deadlocks begin again: {transfer:#}");
    let number = |name: &str| load["custom"][name]["value"].as_f64().unwrap();
    assert!(number("transfers") > 0.0 && number("refused_percent") > 0.0, "{}", load["custom"]);
    assert!(load["custom"]["amount"]["value"]["p50"].as_f64() > Some(0.0));
    assert!(load["actions"]["select_only"]["succeeded"].as_u64() > Some(0));
    let left = server.psql("SELECT count(*) FROM pg_class WHERE relname LIKE 'bank%'").unwrap();
    assert_eq!(left, "0", "the run's table is gone");
}
