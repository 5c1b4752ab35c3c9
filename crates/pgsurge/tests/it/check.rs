//! `pgsurge check` on real servers, good and bad.

use crate::database::{Database, bouncer, private, server, unused_port, url};
use crate::program::{Ended, Program};
use crate::running::{Load, until};
use nix::sys::signal::Signal;
use serde_json::Value;
use servers::{PoolMode, Postgres, PostgresOptions};
use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

/// What `check` found.
struct Found {
    code: i32,
    document: Value,
}

/// `pgsurge check` of the server at `url`.
fn check(url: &str, arguments: &str) -> Found {
    let program = Program::new(&["check", "--format", "json", "--database-url", url]);
    found(&program.args(arguments).run())
}

fn found(ended: &Ended) -> Found {
    let document: Value =
        serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}", ended.err));
    assert_eq!(document["exit_code"], ended.code);
    Found { code: ended.code, document }
}

impl Found {
    fn lines(&self, name: &str) -> Vec<&Value> {
        let lines = self.document["checks"].as_array().unwrap().iter();
        lines.filter(|it| it["name"] == name).collect()
    }

    #[track_caller]
    fn line(&self, name: &str) -> [&str; 3] {
        let lines = self.lines(name);
        assert_eq!(lines.len(), 1, "{name}: {:#}", self.document);
        ["outcome", "found", "mend"].map(|it| lines[0][it].as_str().unwrap_or(""))
    }

    /// Asserts an outcome and words of what mends it.
    #[track_caller]
    fn has(&self, name: &str, outcome: &str, mend: &str) {
        let [is, found, mends] = self.line(name);
        assert!(is == outcome && mends.contains(mend), "{name}: {is}, {found}, {mends}");
    }
}

#[test]
fn a_good_server_is_fit_and_nothing_is_made_on_it() {
    let database = Database::new("check_good");
    check(&database.url(), "").has("pg_stat_statements", "warning", "CREATE EXTENSION");
    database.psql("CREATE EXTENSION pg_stat_statements");
    let before = database.contents();
    let found = check(&database.url(), "--connections 10");
    assert_eq!(found.code, 0, "{:#}", found.document);
    for name in [
        "connection",
        "tls",
        "version",
        "writes",
        "monitoring",
        "pooler",
        "connections",
        "pg_stat_statements",
        "fsync",
        "tables",
        "open_files",
        "ports",
    ] {
        found.has(name, "ok", "");
    }
    found.has("server_host", "warning", "another machine");
    assert!(found.line("tables")[1].starts_with("missing: players, games"));
    assert_eq!(database.contents(), before);
}

#[test]
fn triggers_of_a_user_that_a_run_would_fire_are_a_warning_and_what_mends_it_mends_it() {
    let database = crate::existing_tables::game("check_triggers");
    assert_eq!(check(&database.url(), "").lines("triggers"), [&Value::Null; 0]);
    database.psql(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER seen BEFORE INSERT ON players FOR EACH ROW EXECUTE FUNCTION nothing();
        CREATE TRIGGER log AFTER UPDATE ON games FOR EACH ROW EXECUTE FUNCTION nothing();",
    );
    let found = check(&database.url(), "");
    assert_eq!(found.code, 0, "{:#}", found.document);
    let [outcome, what, mend] = found.line("triggers");
    assert_eq!((outcome, what), ("warning", "\"seen\" on players, \"log\" on games"));
    let (mend, _) = mend.split_once(" (").unwrap();
    assert_eq!(mend.matches("DISABLE TRIGGER").count(), 2, "{mend}");
    database.psql(mend);
    assert_eq!(check(&database.url(), "").lines("triggers"), [&Value::Null; 0]);
}

/// Changes settings, and waits until `name` is no longer `old`.
fn change(server: &Postgres, sql: &str, (name, old): (&str, &str)) {
    server.psql(&format!("{sql};\nSELECT pg_reload_conf()")).unwrap();
    until(name, || server.psql(&format!("SHOW {name}")).unwrap() != old);
}

#[test]
fn settings_that_make_a_result_meaningless_are_problems_and_what_mends_them_mends_them() {
    let server = private();
    change(&server, "ALTER SYSTEM SET fsync = off", ("fsync", "on"));
    change(&server, "ALTER SYSTEM SET log_statement = 'all'", ("log_statement", "none"));
    let role = "ALTER ROLE postgres SET synchronous_commit = off";
    change(&server, role, ("synchronous_commit", "on"));
    let found = check(&url(&server), "");
    assert_eq!(found.code, 6, "{:#}", found.document);
    let bad = [("fsync", "off"), ("log_statement", "all"), ("synchronous_commit", "off")];
    assert_eq!(bad.map(|it| found.line(it.0)[0]), ["problem", "problem", "warning"]);
    for setting in bad {
        let mend = found.line(setting.0)[2];
        change(&server, mend.trim_end_matches("; SELECT pg_reload_conf()"), setting);
    }
    let found = check(&url(&server), "");
    assert_eq!(found.code, 0, "{:#}", found.document);
    assert_eq!(bad.map(|it| found.line(it.0)[0]), ["ok"; 3]);
}

#[test]
fn a_role_that_may_do_nothing_is_told_what_to_be_granted() {
    let server = private();
    server.psql("CREATE ROLE bench LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC").unwrap();
    let url = url(&server).replace("postgres@", "bench@");
    let found = check(&url, "");
    assert_eq!(found.code, 3, "{:#}", found.document);
    found.has("tables", "problem", "GRANT CREATE ON SCHEMA \"public\" TO \"bench\"");
    found.has("monitoring", "warning", "GRANT pg_monitor TO \"bench\"");
    server
        .psql("GRANT CREATE ON SCHEMA \"public\" TO \"bench\"; GRANT pg_monitor TO \"bench\"")
        .unwrap();
    let found = check(&url, "");
    assert_eq!(found.code, 0, "{:#}", found.document);
}

#[test]
fn tables_of_another_owner_and_columns_that_do_not_fit_are_told_one_by_one() {
    let server = private();
    server
        .psql(
            "CREATE TABLE pgbench_branches (bid int, bbalance int); \
         CREATE TABLE pgbench_tellers (tid int, bid int, tbalance int); \
         CREATE TABLE pgbench_accounts (aid int, bid int, abalance date); \
         CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp); \
         CREATE ROLE bench LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO bench",
        )
        .unwrap();
    let found = check(&url(&server).replace("postgres@", "bench@"), "--workload tpcb-like");
    assert_eq!(found.code, 3);
    let told: Vec<_> =
        found.lines("tables").iter().map(|it| it["mend"].as_str().unwrap()).collect();
    let has = |words: &str| told.iter().any(|it| it.contains(words));
    assert!(has("ALTER COLUMN \"abalance\" TYPE int4"), "{told:#?}");
    assert!(has("GRANT UPDATE ON pgbench_accounts TO \"bench\""), "{told:#?}");
    assert!(has("GRANT INSERT ON pgbench_history TO \"bench\""), "{told:#?}");
    let reading = check(&url(&server).replace("postgres@", "bench@"), "--workload select-only");
    assert_eq!(reading.line("tables")[0], "ok", "it only reads: {:#}", reading.document);
}

#[test]
fn too_few_slots_are_told_with_the_number_that_is_needed() {
    let server = server(PostgresOptions { max_connections: 20, ..Default::default() });
    let found = check(&url(&server), "--connections 20");
    assert_eq!(found.code, 3);
    found.has("connections", "problem", "ALTER SYSTEM SET max_connections = ");
    assert!(found.line("connections")[1].starts_with("21 needed; max_connections 20"));
    assert_eq!(check(&url(&server), "--connections 10").code, 0);
}

#[test]
fn a_server_that_takes_no_writes_is_a_problem() {
    let database = Database::new("check_read_only");
    database.psql("ALTER DATABASE check_read_only SET default_transaction_read_only = on");
    let found = check(&database.url(), "");
    assert_eq!(found.code, 3);
    found.has("writes", "problem", "default_transaction_read_only");
}

#[test]
fn nobody_listening_and_a_wrong_password_are_told_and_this_machine_is_looked_at_all_the_same() {
    let nobody = format!("postgres://bench@127.0.0.1:{}/bench?sslmode=disable", unused_port());
    let options = PostgresOptions { password: Some("right".into()), ..Default::default() };
    let server = server(options);
    let wrong = url(&server).replace("postgres@", "postgres:wrong@");
    for (url, words, mend) in
        [(nobody, "connection refused", "is the server running"), (wrong, "28P01", "PGPASSWORD")]
    {
        let found = check(&url, "");
        assert_eq!(found.code, 3);
        found.has("connection", "problem", mend);
        assert!(found.line("connection")[1].contains(words), "{:#}", found.document);
        found.has("open_files", "ok", "");
        assert!(found.lines("fsync").is_empty());
    }
}

#[test]
fn flags_about_a_result_are_refused_and_a_result_that_is_there_is_in_nobodys_way() {
    for flag in [
        "--log a",
        "--sampling-rate 1",
        "--tag a=b",
        "--threshold p99<1s",
        "--force",
        "--progress 1",
        "--grace 1s",
        "--output a.json",
    ] {
        let ended = Program::new(&["check"]).args(flag).run();
        let name = flag.split(' ').next().unwrap();
        assert_eq!(ended.code, 2, "{flag}: {}", ended.err);
        assert!(ended.err.contains(&format!("unexpected argument '{name}'")), "{}", ended.err);
    }
    let nobody = format!("postgres://bench@127.0.0.1:{}/bench", unused_port());
    let program = Program::new(&["check", "--database-url", &nobody]);
    let program = program.file("a.json", "{}").env("PGSURGE_OUTPUT", "a.json");
    let ended = program.args("--format json").run();
    assert_eq!(found(&ended).code, 3, "the server is looked for: {}", ended.err);
}

#[test]
fn settings_that_can_not_be_used_are_told_as_load_tells_them() {
    let ended = Program::new(&["check", "--connections", "none"]).run();
    assert_eq!((ended.code, ended.out.as_str()), (2, ""));
    assert!(ended.err.contains("--connections"), "{}", ended.err);
    let ended = Program::new(&["check", "--format", "csv"]).run();
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("expected json"), "{}", ended.err);
}

#[test]
fn a_pooler_in_between_is_told_and_judged_by_its_own_room() {
    let (database, bouncer) = (Database::new("check_pooled"), bouncer(PoolMode::Transaction));
    let found = check(&database.url_through(&bouncer), "--connections 99");
    assert_eq!(found.code, 0, "{:#}", found.document);
    let [outcome, named, _] = found.line("pooler");
    let expected = format!("PgBouncer {}, transaction pooling", bouncer.version());
    assert_eq!((outcome, named), ("warning", expected.as_str()));
    assert!(found.line("connections")[1].contains("the pooler takes 100"));
    assert!(found.line("server_host")[1].contains("not known"));
    let found = check(&database.url_through(&bouncer), "--connections 100 --statement-timeout 5s");
    assert_eq!(found.code, 3);
    found.has("connections", "problem", "max_client_conn");
    found.has("statement_timeout", "problem", "ALTER ROLE");
}

#[test]
fn named_by_none_the_throwaway_server_is_looked_at() {
    let mut program = Program::new(&["check"]);
    for name in ["PATH", "TMPDIR", "PGSURGE_PG_BIN", "LD_LIBRARY_PATH"] {
        if let Ok(value) = std::env::var(name) {
            program = program.env(name, &value);
        }
    }
    let ended = program.run();
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    for words in
        ["server ", "one was started", "ok       fsync", "clock", "processors", "0 problems"]
    {
        assert!(ended.out.contains(words), "{words}: {}", ended.out);
    }
}

#[test]
fn more_connections_than_this_process_may_have_files_are_refused_with_the_command_that_raises_it() {
    let command =
        format!("ulimit -n 200 && exec {} check --connections 5000", env!("CARGO_BIN_EXE_pgsurge"));
    let output = std::process::Command::new("sh").args(["-c", &command]).env_clear().output();
    let output = output.unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("5064 open files") && told.contains("ulimit -n 5064"), "{told}");
}

#[test]
fn without_postgresql_the_throwaway_server_is_a_problem_with_what_to_install() {
    let program = Program::new(&["check"]).env("PGSURGE_PG_BIN", "/nonexistent");
    let ended = { program }.run();
    assert_eq!(ended.code, 3);
    assert!(ended.out.contains("scripts/install-deps"), "{}", ended.out);
}

#[test]
fn a_look_at_a_throwaway_server_that_is_interrupted_leaves_no_folder() {
    // On a disk, and open to the server's user.
    let base = tempfile::tempdir_in("/var/tmp").unwrap();
    set_permissions(base.path(), Permissions::from_mode(0o755)).unwrap();
    let folders = || std::fs::read_dir(base.path()).unwrap().count();
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let looking = Load::checking(base.path()).start();
        until("the server's folder", || folders() > 0);
        looking.signal(signal);
        let ended = looking.wait();
        assert_eq!((ended.code, folders()), (Some(130), 0), "{}", ended.err);
    }
}
