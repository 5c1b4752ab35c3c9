//! Which server a run is aimed at.

use crate::program::Program;
use serde_json::json;

#[test]
fn nobody_named_a_server_so_it_is_a_throwaway_one() {
    for program in [Program::load(), Program::load().env("PGUSER", "me").env("PGPASSWORD", "x")] {
        assert_eq!(program.plan().get("target"), json!({"kind": "throwaway"}));
    }
}

#[test]
fn a_server_is_named_by_flag_environment_file_or_libpq() {
    let url = "postgres://me@db9:6000/game";
    let file = r#"{"database": {"url": "postgres://me@db9:6000/game"}}"#;
    let programs = [
        Program::load().args(&format!("--database-url {url}")),
        Program::load().args("--db-host db9 --db-port 6000 --db-name game --db-user me"),
        Program::load().env("PGSURGE_DATABASE_URL", url),
        Program::load().config("a.json", file),
        Program::load()
            .env("PGHOST", "db9")
            .env("PGPORT", "6000")
            .env("PGUSER", "me")
            .env("PGDATABASE", "game"),
    ];
    for program in programs {
        let plan = program.plan();
        let named =
            ["host", "port", "user", "database"].map(|it| plan.get(&format!("target.{it}")));
        assert_eq!(named, [json!("db9"), json!(6000), json!("me"), json!("game")]);
    }
}

#[test]
fn each_part_of_a_server_comes_from_its_strongest_giver() {
    let plan = Program::load()
        .args("--db-host flag")
        .env("PGSURGE_DATABASE_URL", "postgres://env:1111/env")
        .config("a.json", r#"{"database": {"host": "file", "user": "file"}}"#)
        .env("PGSSLMODE", "require")
        .plan();
    let part = |name: &str| {
        let path = format!("target.{name}");
        (plan.get(&path), plan.source(&path))
    };
    assert_eq!(part("host"), (json!("flag"), "--db-host".into()));
    assert_eq!(part("port"), (json!(1111), "PGSURGE_DATABASE_URL".into()));
    assert_eq!(part("user").0, "file");
    assert_eq!(part("sslmode"), (json!("require"), "PGSSLMODE".into()));
}

#[test]
fn an_address_to_connect_to_leaves_the_name_of_the_host_alone() {
    let programs = [
        Program::load().args("--db-host db9").env("PGHOSTADDR", "192.0.2.7"),
        Program::load().args("--database-url hostaddr=192.0.2.7 --db-host db9"),
    ];
    for program in programs {
        let plan = program.plan();
        let parts = ["host", "hostaddr"].map(|it| plan.get(&format!("target.{it}")));
        assert_eq!(parts, [json!("db9"), json!("192.0.2.7")]);
    }
    let six = Program::load().args("--db-host ::1").plan();
    assert_eq!(six.get("target.host"), "::1", "as --db-host takes it");
}

#[test]
fn the_plan_keeps_whom_to_trust() {
    let flags = "--db-host db9 --sslmode verify-full --sslrootcert roots.pem";
    let plan = Program::load().file("roots.pem", "").args(flags).plan();
    let parts = ["sslmode", "sslrootcert"].map(|it| plan.get(&format!("target.{it}")));
    assert_eq!(parts, [json!("verify-full"), json!("roots.pem")]);
    assert_eq!(plan.source("target.sslrootcert"), "--sslrootcert");
}

#[test]
fn no_plan_shows_a_password() {
    let secret = "hunter2secret";
    let file = format!("{{\"database\": {{\"host\": \"a\", \"password\": \"{secret}\"}}}}");
    let programs = [
        Program::load().config("a.json", &file),
        Program::load().args(&format!("--db-host a --db-password {secret}")),
        Program::load().args(&format!("--database-url postgres://u:{secret}@a/b")),
        Program::load().args("--db-host a").env("PGPASSWORD", secret),
        Program::load().args("--db-host a --password-file p").file("p", secret),
    ];
    for program in programs {
        let ended = program.args("--print-plan=json -v").run();
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(!(ended.out + &ended.err).contains(secret));
    }
}

#[test]
fn a_password_on_the_command_line_works_and_warns() {
    let plan = Program::load().args("--db-host a --db-password x").plan();
    assert!(plan.warnings().contains("--db-password: other users of this machine can read"));
}
