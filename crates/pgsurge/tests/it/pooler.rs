//! A target behind a real PgBouncer: what works, what gives way and says so, what is refused.

use crate::database::{Database, bouncer, bouncer_to, private};
use crate::faults::document::{self, Chapter};
use crate::running::{Ended, Load};
use crate::truth::counts::agree_on;
use model::run_result::{Pooler, RunResult};
use servers::{PgBouncer, PgBouncerOptions, PoolMode, Postgres};

/// A PgBouncer whose console is for somebody else, in front of a server of its own.
fn closed(settings: &[(&str, &str)]) -> (Postgres, PgBouncer) {
    let server = private();
    let all = [&[("admin_users", "somebody")], settings].concat();
    let settings = all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let options = PgBouncerOptions { settings: settings.collect(), ..Default::default() };
    let bouncer = bouncer_to(&server, &options);
    (server, bouncer)
}

/// Debian's is 1.18: since 1.21 prepared statements outlive a transaction.
fn keeps_prepared(bouncer: &PgBouncer) -> bool {
    let minor = bouncer.version().split('.').nth(1).and_then(|it| it.parse::<u32>().ok());
    minor.is_some_and(|it| it >= 21)
}

#[track_caller]
fn pooler(result: &RunResult) -> &Pooler {
    result.environment.pooler.as_ref().expect("a pooler in the result")
}

/// A short run of the game in `database` through `bouncer`.
fn run(database: &Database, bouncer: &PgBouncer, arguments: &str) -> Ended {
    short(Load::hokm(&database.url_through(bouncer)), 8, arguments)
}

/// Keeps its data: what clean-up runs after the last count of ours is the server's to count.
fn short(load: Load, connections: u32, arguments: &str) -> Ended {
    let load = load.args("--keep-data");
    let load = load.args(&format!("--connections {connections} --warm-up 0 --duration 2s"));
    load.args("--qps-target 0").args(arguments).run()
}

/// What has to hold of every run without faults.
#[track_caller]
fn sound(ended: &Ended, database: &Database) -> RunResult {
    let result = ended.result();
    let load = &result.load_metrics;
    assert_eq!((load.all_actions.failed, load.connections.lost), (0, 0), "{:?}", load.errors);
    assert!(load.all_actions.succeeded > 100, "{:?}", load.all_actions);
    assert!(load.verification.as_ref().is_some_and(|it| it.passed), "{:?}", load.verification);
    agree_on("through the pooler", &result, database);
    result
}

#[test]
fn the_game_plays_and_verifies_through_a_pool_of_transactions() {
    let (database, bouncer) = (Database::new("pooled_game"), bouncer(PoolMode::Transaction));
    let ended = run(&database, &bouncer, "");
    let result = sound(&ended, &database);
    let pooler = pooler(&result);
    let told = (pooler.kind.as_str(), pooler.version.as_deref(), pooler.mode.as_deref());
    assert_eq!(told, ("pgbouncer", Some(bouncer.version()), Some("transaction")));
    let used = if keeps_prepared(&bouncer) { "prepared" } else { "extended" };
    assert_eq!(pooler.protocol, used);
    let gave_way = ended.err.contains("parsed at every call");
    assert_eq!(gave_way, used == "extended", "{}", ended.err);
    assert!(ended.out.contains("transaction pooling"), "{}", ended.out);
    assert_eq!(result.environment.server.unwrap().on_this_host, None, "nobody can know");
}

#[test]
fn select_only_runs_and_verifies_through_a_pool_of_transactions() {
    let (database, bouncer) = (Database::new("pooled_select"), bouncer(PoolMode::Transaction));
    let load = Load::at(&database.url_through(&bouncer));
    sound(&short(load, 8, "--workload select-only"), &database);
}

#[test]
fn a_pool_of_sessions_changes_no_protocol() {
    let (database, bouncer) = (Database::new("pooled_sessions"), bouncer(PoolMode::Session));
    let result = sound(&run(&database, &bouncer, ""), &database);
    let pooler = pooler(&result);
    assert_eq!((pooler.mode.as_deref(), pooler.protocol.as_str()), (Some("session"), "prepared"));
    let load = Load::at(&database.url_through(&bouncer));
    let result = short(load, 8, "--workload tpcb-like").result();
    assert!(result.load_metrics.verification.is_some_and(|it| it.passed));
}

#[test]
fn simple_statements_are_sent_as_asked() {
    let (database, bouncer) = (Database::new("pooled_simple"), bouncer(PoolMode::Transaction));
    let result = sound(&run(&database, &bouncer, "--protocol simple"), &database);
    assert_eq!(pooler(&result).protocol, "simple");
}

#[test]
fn prepared_statements_that_were_asked_for_work_or_are_refused_before_any_load() {
    let (database, bouncer) = (Database::new("pooled_prepared"), bouncer(PoolMode::Transaction));
    let ended = run(&database, &bouncer, "--protocol prepared");
    if keeps_prepared(&bouncer) {
        assert_eq!(pooler(&sound(&ended, &database)).protocol, "prepared");
        return;
    }
    let told = ended.refused(3);
    assert!(told.contains("does not keep prepared statements"), "{told}");
    assert!(told.contains("hint: leave --protocol away"), "{told}");
    assert_eq!(database.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}

#[test]
fn a_statement_timeout_that_would_not_be_heard_of_is_refused_before_any_load() {
    let database = Database::new("pooled_timeout");
    let refusing = bouncer(PoolMode::Transaction);
    let told = run(&database, &refusing, "--statement-timeout 5s").refused(3).to_owned();
    assert!(told.contains("unsupported startup parameter: statement_timeout"), "{told}");
    assert!(told.contains("hint: leave --statement-timeout away"), "{told}");
}

#[test]
fn a_statement_timeout_that_the_pooler_swallows_is_refused_too() {
    let server = private();
    let settings = vec![("ignore_startup_parameters".to_owned(), "statement_timeout".to_owned())];
    let bouncer = bouncer_to(&server, &PgBouncerOptions { settings, ..Default::default() });
    let url = format!("{}?sslmode=disable", bouncer.url());
    let told = Load::at(&url).args("--statement-timeout 5s --duration 1s").run();
    let told = told.refused(3);
    assert!(told.contains("it takes it and ignores it"), "{told}");
}

#[test]
fn a_pool_of_statements_is_refused_because_there_are_no_transactions() {
    let (database, bouncer) = (Database::new("pooled_statements"), bouncer(PoolMode::Statement));
    let ended = run(&database, &bouncer, "");
    let told = ended.refused(3);
    assert!(told.contains("statement mode"), "{told}");
    assert!(told.contains("pool_mode = transaction"), "{told}");
    document::refused(Chapter::Connecting, "PgBouncer in between pools statements", &ended);
}

#[test]
fn more_connections_than_the_pooler_takes_are_refused_with_its_numbers() {
    let database = Database::new("pooled_room");
    for (mode, connections, words) in [
        (PoolMode::Transaction, 100, "the pooler takes 100 (max_client_conn)"),
        (PoolMode::Session, 20, "the pooler has 20 of them (pool_size)"),
    ] {
        let bouncer = bouncer(mode);
        let ended = short(Load::at(&database.url_through(&bouncer)), connections, "");
        assert!(ended.refused(3).contains(words), "{}", ended.err);
    }
}

#[test]
fn parameters_that_the_pooler_refuses_are_told_with_what_to_do() {
    let (database, bouncer) = (Database::new("pooled_options"), bouncer(PoolMode::Transaction));
    let load = Load::at(&database.url_through(&bouncer)).env("PGOPTIONS", "-c geqo=off");
    let ended = load.args("--duration 1s").run();
    let told = ended.refused(3);
    assert!(told.contains("unsupported startup parameter"), "{told}");
    assert!(told.contains("ignore_startup_parameters"), "{told}");
}

#[test]
fn a_pooler_whose_console_is_closed_to_us_is_known_all_the_same() {
    let (_server, bouncer) = closed(&[]);
    let load = Load::at(&format!("{}?sslmode=disable", bouncer.url()));
    let result = short(load, 4, "--workload select-only").result();
    let pooler = pooler(&result);
    let told = (pooler.kind.as_str(), pooler.version.as_deref(), pooler.mode.as_deref());
    assert_eq!(told, ("pgbouncer", None, Some("transaction")));
}

#[test]
fn clients_that_the_pooler_has_no_room_for_are_classed_as_what_they_are() {
    let (_server, bouncer) = closed(&[("max_client_conn", "5")]);
    let load = Load::at(&format!("{}?sslmode=disable", bouncer.url()));
    let load = load.args("--workload select-only --rate 100 --connections 8 --warm-up 0");
    let result = load.args("--duration 2s").run().result();
    let load = &result.load_metrics;
    let errors: Vec<_> = load.early_errors.iter().chain(&load.errors).collect();
    assert!(!errors.is_empty());
    assert!(errors.iter().all(|it| it.class == "too_many_connections"), "{errors:?}");
    assert_eq!((load.all_actions.succeeded, load.connections.lost), (200, 0), "{errors:?}");
}

#[test]
fn a_server_without_a_pooler_has_none_in_its_result() {
    let database = Database::new("pooled_not");
    let load = Load::at(&database.url()).args("--workload select-only --rate 100");
    let result = load.args("--connections 2 --warm-up 0 --duration 1s").run().result();
    assert_eq!(result.environment.pooler, None);
    assert_eq!(result.environment.server.unwrap().on_this_host, Some(true));
}

#[test]
fn a_console_that_is_named_is_asked_wherever_the_load_goes() {
    let (database, bouncer) = (Database::new("named_console"), bouncer(PoolMode::Transaction));
    let admin =
        format!("--pooler-admin postgres://postgres@127.0.0.1:{}/pgbouncer", bouncer.port());
    // Past the pooler: nobody would look for one.
    let ended = short(Load::hokm(&database.url()).watched(), 4, &admin);
    let pools = ended.result().database_metrics.unwrap().pooler.expect("its section");
    let seen = pools.data().and_then(|it| it.transactions);
    assert_eq!(seen, Some(0), "{pools:?}");
}
