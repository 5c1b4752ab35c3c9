//! The example against a real server, as its users would run it.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test, as its body does")]

use serde_json::Value;
use servers::{Environment, Postgres, PostgresOptions};
use std::path::Path;
use std::process::{Command, Output};

fn shop(folder: &Path, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("PG") && name != "PGSURGE_PG_BIN" {
            command.env_remove(name);
        }
    }
    let arguments = arguments.split_whitespace();
    command.current_dir(folder).arg("load").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_shop_of_ones_own_has_every_flag_threshold_and_report_of_pgsurge() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::from_pairs(std::env::vars_os());
    let server = Postgres::start(&environment, &PostgresOptions::default()).unwrap();
    let (host, port, user) = (server.host(), server.port(), server.user());
    let url = format!("postgres://{user}@{host}:{port}/{}?sslmode=disable", server.database());
    let ended = shop(
        folder.path(),
        &format!(
            "--workload shop --workload-option items=50 --database-url {url} --duration 2s \
             --warm-up 0 --rate 300 --connections 4 --monitor off --output r.json --format json,md,csv \
             --threshold custom.basket_items.p99<=10 --threshold action.order.failed<1 \
             --threshold statement.item_look.p50<1s --threshold custom.orders>20 --tag branch=main"
        ),
    );
    let (out, err) = (text(&ended.stdout), text(&ended.stderr));
    // On a machine that does other things too, the generator may be the limit (6).
    assert!(matches!(ended.status.code(), Some(0 | 6)), "{out}{err}");
    let file = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let result: Value = serde_json::from_str(&file("r.json")).unwrap();
    let load = &result["load_metrics"];
    assert_eq!(load["verification"]["passed"], true, "{load:#}");
    assert_eq!(load["custom"]["basket_items"]["unit"], "items");
    let orders = load["custom"]["orders"]["value"].as_f64().unwrap();
    assert_eq!(load["actions"]["order"]["succeeded"].as_f64(), Some(orders));
    assert_eq!(load["custom"]["basket_items"]["value"]["max"], 10.0);
    assert_eq!(load["custom"]["orders_per_s"]["kind"], "gauge");
    assert_eq!(result["environment"]["workloads"]["shop"], "1");
    let mine = result["thresholds"].as_array().unwrap().iter();
    let mine = mine.filter(|it| it["source"] == "user" && it["outcome"] == "passed");
    assert_eq!(mine.count(), 4, "{:#}", result["thresholds"]);
    for (report, name) in [(&file("r.md"), "md"), (&file("r.csv"), "csv"), (&out, "terminal")] {
        assert!(report.contains("basket_items") && report.contains("branch"), "{name}: {report}");
    }
    let left = server.psql("SELECT count(*) FROM pg_class WHERE relname LIKE 'shop%'").unwrap();
    assert_eq!(left, "0", "the run's table is gone");
}

#[test]
fn what_the_shop_does_not_understand_is_told_with_all_other_faults() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, told) in [
        ("--workload shopp", "expected one of hokm, select-only, simple-update, tpcb-like, shop"),
        ("--workload shop --workload-option itmes=5", "has no option itmes; did you mean items?"),
        ("--workload shop --workload-option items=many", "option items=many: invalid digit"),
        ("--workload shop --workload-option items=0", "option items=0: expected 1 to 1000000"),
        ("--workload-option items=5", "the workloads that are built in have no options"),
        (
            "--workload shop --threshold action.oder.p99<1ms",
            "no action \"oder\"; did you mean \"order\"?",
        ),
    ] {
        let ended = shop(folder.path(), &format!("{arguments} --print-plan"));
        let err = text(&ended.stderr);
        assert!(ended.status.code() == Some(2) && err.contains(told), "{arguments}: {err}");
    }
    let help = text(&shop(folder.path(), "--help").stdout);
    assert!(help.contains("customers who look at items and order some"), "{help}");
}
