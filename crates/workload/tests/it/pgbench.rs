//! pgbench's scripts under the engine: they run, they verify, they leave tables as found.

use crate::database::{Database, catalog};
use engine::poller::PollerChoice;
use engine::{Control, Finished, Load, Observer, Shape};
use model::measured::Interval;
use std::time::Duration;
use workload::pgbench::{Pgbench, PgbenchOptions, PgbenchPlayer, Script, clean_run};
use workload::postgres::{Answer, Postgres, Protocol};
use workload::{Server, Workload};

pub struct Silent;

impl Observer for Silent {
    fn interval(&mut self, _interval: &Interval) {}
}

fn options(script: Script) -> PgbenchOptions {
    let scripts = vec![(script, 1)];
    PgbenchOptions {
        scripts,
        scale: 1,
        schema: None,
        seed: 3,
        run: "run".to_owned(),
        keep_data: false,
        pipeline: false,
        reuse_data: false,
    }
}

pub fn load(clients: u32) -> Load {
    Load {
        clients,
        threads: 1,
        poller: PollerChoice::Auto,
        shape: Shape::Closed { think_min: Duration::ZERO, think_max: Duration::ZERO, users: None },
        warm_up: Duration::ZERO,
        duration: Duration::from_millis(500),
        grace: Duration::from_secs(5),
        max_tries: 1,
        actions_per_client: None,
        latency_limit: None,
        noted_share: None,
        reconnect: false,
        connect_timeout: Duration::from_secs(10),
        seed: 3,
    }
}

fn run(database: &Database, workload: &mut Pgbench, protocol: Protocol) -> Finished<PgbenchPlayer> {
    let statements = workload.statements();
    let backend = Postgres::new(&database.settings, None, statements, protocol).unwrap();
    let players = workload.players(4);
    let catalog = catalog(workload);
    engine::run(&backend, players, &catalog, &load(4), (&Control::default(), &mut Silent)).unwrap()
}

#[test]
fn each_script_runs_in_each_protocol_and_verifies() {
    for script in Script::ALL {
        let database = Database::new(&format!("runs_{}", script.action()));
        for protocol in Protocol::ALL {
            let mut workload = Pgbench::new(options(script)).unwrap();
            workload.set_up(&database.server()).unwrap();
            let mut finished = run(&database, &mut workload, protocol);
            let counts = finished.measured.all_actions().counts;
            assert!(counts.succeeded > 0 && counts.failed == 0, "{counts:?}");
            let verified = workload.verify(&database.server(), &mut finished.players).unwrap();
            assert!(verified.passed, "{verified:?}");
            let most = verified.checks.iter().map(|check| check.checked).max().unwrap();
            assert!(most >= counts.succeeded, "{verified:?}");
            workload.clean_up(&database.server()).unwrap();
            assert_eq!(database.tables(), "");
        }
    }
}

#[test]
fn a_history_row_that_went_missing_is_found() {
    let database = Database::new("went_missing");
    let mut workload = Pgbench::new(options(Script::TpcbLike)).unwrap();
    workload.set_up(&database.server()).unwrap();
    let mut finished = run(&database, &mut workload, Protocol::Prepared);
    database.run("DELETE FROM pgbench_history WHERE ctid = '(0,1)'");
    let verified = workload.verify(&database.server(), &mut finished.players).unwrap();
    let failed = verified.checks.iter().filter(|check| check.violations > 0);
    let names: Vec<_> = failed.map(|check| check.name.as_str()).collect();
    assert!(names.contains(&"every_acknowledged_transaction_is_stored_once"), "{names:?}");
    assert!(!verified.passed);
}

#[test]
fn the_scale_is_read_from_tables_that_are_there_and_they_stay_as_they_are() {
    let database = Database::new("as_found");
    let mut kept = options(Script::TpcbLike);
    (kept.scale, kept.keep_data) = (2, true);
    let mut maker = Pgbench::new(kept).unwrap();
    let made = maker.set_up(&database.server()).unwrap();
    assert_eq!(made.rows_loaded, 200_022);
    assert_eq!(made.created.len(), 4);
    maker.clean_up(&database.server()).unwrap();

    let other = PgbenchOptions { run: "two".to_owned(), ..options(Script::SelectOnly) };
    let mut workload = Pgbench::new(other).unwrap();
    let found = workload.set_up(&database.server()).unwrap();
    let expected = "the pgbench tables that are there have scale 2: --scale was not used";
    assert_eq!(found.notes[0], expected);
    assert!(found.created.is_empty() && found.rows_loaded == 0);
    run(&database, &mut workload, Protocol::Prepared);
    assert!(workload.clean_up(&database.server()).unwrap().dropped.is_empty());
    let expected =
        "pgbench_accounts 200000, pgbench_branches 2, pgbench_history 0, pgbench_tellers 20";
    assert_eq!(database.tables(), expected);
}

#[test]
fn tables_are_made_like_pgbench_makes_them() {
    let database = Database::new("like_pgbench");
    Pgbench::new(options(Script::TpcbLike)).unwrap().set_up(&database.server()).unwrap();
    let columns = "SELECT count(*) FROM pgbench_accounts WHERE bid = 1 AND abalance = 0
                   AND octet_length(filler) = 84 AND filler = ''";
    assert_eq!(database.number(columns), 100_000);
    let keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conrelid IN
                ('pgbench_accounts'::regclass, 'pgbench_tellers'::regclass,
                 'pgbench_branches'::regclass)";
    assert_eq!(database.number(keys), 3);
}

#[test]
fn a_table_with_a_wrong_column_is_refused_and_named() {
    let database = Database::new("wrong_column");
    database.run(
        "CREATE TABLE pgbench_branches AS SELECT 1 AS bid, 0 AS bbalance;
         CREATE TABLE pgbench_tellers (tid int4, tbalance uuid);
         CREATE TABLE pgbench_accounts (aid int4, abalance int4, own text NOT NULL);
         CREATE TABLE pgbench_history (tid int4, bid int4, aid int4, delta int4)",
    );
    let error = Pgbench::new(options(Script::TpcbLike)).unwrap().set_up(&database.server());
    assert_eq!(
        error.unwrap_err().to_string(),
        "column pgbench_tellers.tbalance is uuid, which does not take our int4; \
         table pgbench_history has no column \"mtime\""
    );
}

#[test]
fn a_column_whose_type_no_statement_can_use_is_refused_before_any_load() {
    let database = Database::new("no_operator");
    database.run(
        "CREATE TABLE pgbench_branches AS SELECT 1 AS bid;
         CREATE TABLE pgbench_accounts (aid text, abalance int4)",
    );
    let error = Pgbench::new(options(Script::SelectOnly)).unwrap().set_up(&database.server());
    let text = error.unwrap_err().to_string();
    assert!(
        text.starts_with("checking statement account_select: operator does not exist"),
        "{text}"
    );
}

#[test]
fn half_a_set_of_tables_is_refused() {
    let database = Database::new("half_a_set");
    database.run("CREATE TABLE pgbench_branches AS SELECT 1 AS bid, 0 AS bbalance");
    let error = Pgbench::new(options(Script::SelectOnly)).unwrap().set_up(&database.server());
    let expected = "table pgbench_accounts is missing, while others of its set exist";
    assert_eq!(error.unwrap_err().to_string(), expected);
    assert_eq!(database.tables(), "pgbench_branches 1");
}

#[test]
fn a_key_that_finds_no_row_fails_the_action_and_the_verification() {
    let database = Database::new("no_row");
    database.run(
        "CREATE TABLE pgbench_branches AS SELECT 1 AS bid;
         CREATE TABLE pgbench_accounts AS SELECT 1 AS aid, 0 AS abalance",
    );
    let mut workload = Pgbench::new(options(Script::SelectOnly)).unwrap();
    workload.set_up(&database.server()).unwrap();
    let mut finished = run(&database, &mut workload, Protocol::Prepared);
    assert!(finished.measured.all_actions().counts.failed > 0);
    let verified = workload.verify(&database.server(), &mut finished.players).unwrap();
    assert_eq!(verified.checks[0].name, "every_key_finds_one_row");
    assert!(!verified.passed);
}

#[test]
fn tables_live_in_the_schema_that_was_asked_for() {
    let database = Database::new("in_schema");
    database.run("CREATE SCHEMA \"Load test\"");
    let schema = Some("Load test".to_owned());
    let asked = PgbenchOptions { schema: schema.clone(), ..options(Script::TpcbLike) };
    let mut workload = Pgbench::new(asked).unwrap();
    let server = workload::Server { schema, ..database.server() };
    workload.set_up(&server).unwrap();
    assert_eq!(database.number("SELECT count(*) FROM \"Load test\".pgbench_accounts"), 100_000);
    let mut finished = run(&database, &mut workload, Protocol::Simple);
    assert!(workload.verify(&server, &mut finished.players).unwrap().passed);
    assert_eq!(workload.clean_up(&server).unwrap().dropped.len(), 4);
}

#[test]
fn an_end_that_was_never_answered_is_unknown_and_verification_allows_both() {
    use engine::{Last, Loss, Moment, Next, Player};
    let database = Database::new("unknown_end");
    let mut workload = Pgbench::new(options(Script::SimpleUpdate)).unwrap();
    workload.set_up(&database.server()).unwrap();
    let mut players = workload.players(1);
    let mut driver =
        crate::driver::Driver::open(&database, workload.statements(), Protocol::Prepared);
    let player = &mut players[0];
    player.wish(Moment { elapsed: Duration::ZERO, measured: true });
    assert_eq!(player.next(Last::Begin, &mut driver.request), Next::Send);
    for _ in 0..4 {
        driver.send().unwrap();
        assert_eq!(player.next(Last::Answer(&driver.answer), &mut driver.request), Next::Send);
    }
    // The server commits, and nobody hears of it.
    driver.send().unwrap();
    assert_eq!(player.lost(true, &Answer::default()), Loss::Unknown);
    assert_eq!(player.lost(false, &Answer::default()), Loss::Nothing);
    assert_eq!(player.count().unknown, 1);
    assert!(workload.verify(&database.server(), &mut players).unwrap().passed);
    assert_eq!(database.number("SELECT count(*) FROM pgbench_history"), 1);
}

#[test]
fn senseless_options_are_refused() {
    let refused = |options: PgbenchOptions| Pgbench::new(options).unwrap_err().to_string();
    let base = options(Script::SelectOnly);
    let none = PgbenchOptions { scripts: vec![], ..base.clone() };
    assert_eq!(refused(none), "pgbench: no script to run");
    let scale = PgbenchOptions { scale: 0, ..base.clone() };
    assert_eq!(refused(scale), "pgbench: the scale is not from 1 to 1000000");
    let twice = vec![(Script::TpcbLike, 1), (Script::TpcbLike, 2)];
    assert_eq!(
        refused(PgbenchOptions { scripts: twice, ..base }),
        "pgbench: a script is named twice"
    );
}

#[test]
fn two_runs_share_pgbenchs_tables_and_say_what_can_be_told() {
    let database = Database::new("pgbench_two_runs");
    let named = |run: &str| PgbenchOptions { run: run.to_owned(), ..options(Script::TpcbLike) };
    let mut maker = Pgbench::new(named("one")).unwrap();
    maker.set_up(&database.server()).unwrap();
    let mut guest = Pgbench::new(named("two")).unwrap();
    let found = guest.set_up(&database.server()).unwrap();
    assert!(found.notes.iter().any(|note| note.contains("shared with run one")), "{found:?}");
    let mut runs = [&mut maker, &mut guest].map(|it| (run(&database, it, Protocol::Simple), it));
    for (finished, workload) in &mut runs {
        let verified = workload.verify(&database.server(), &mut finished.players).unwrap();
        assert!(verified.passed, "{verified:?}");
        let names: Vec<&str> = verified.checks.iter().map(|check| check.name.as_str()).collect();
        assert!(!names.contains(&"history_adds_up_to_what_was_acknowledged"), "{names:?}");
    }
    let left = maker.clean_up(&database.server()).unwrap();
    assert_eq!(left.notes, ["the pgbench tables stay: run two needs it"]);
    assert_eq!(guest.clean_up(&database.server()).unwrap().dropped.len(), 4);
    assert_eq!(database.tables(), "");
}

#[test]
fn a_run_waits_while_another_one_loads_the_tables() {
    let database = Database::new("pgbench_both_load");
    let named = |run: &str| PgbenchOptions { run: run.to_owned(), ..options(Script::SelectOnly) };
    let loaded = |name: &'static str| {
        let mut workload = Pgbench::new(named(name)).unwrap();
        let done = workload.set_up(&database.server()).unwrap();
        (done.rows_loaded, workload)
    };
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| loaded("one"));
        let second = scope.spawn(|| loaded("two"));
        (first.join().unwrap(), second.join().unwrap())
    });
    assert_eq!(first.0 + second.0, 100_011, "one of them loaded, once");
    for (_, mut workload) in [first, second] {
        workload.clean_up(&database.server()).unwrap();
    }
    assert_eq!(database.tables(), "");
}

#[test]
fn what_a_killed_run_left_half_loaded_is_told_and_goes_by_its_name() {
    let database = Database::new("pgbench_half_loaded");
    let mut killed = Pgbench::new(options(Script::SelectOnly)).unwrap();
    killed.set_up(&database.server()).unwrap();
    database
        .run("COMMENT ON TABLE pgbench_branches IS 'made by pgsurge; needed by run run; loading'");
    let server = Server { patience: Some(Duration::from_millis(500)), ..database.server() };
    let asked = PgbenchOptions { run: "two".to_owned(), ..options(Script::SelectOnly) };
    let error = Pgbench::new(asked).unwrap().set_up(&server).unwrap_err();
    assert!(error.hint().is_some_and(|it| it.contains("--clean run ")), "{error}");
    assert!(!error.is_of_usage(), "no other settings help: {error}");
    assert_eq!(clean_run(&database.server(), "run").unwrap().dropped.len(), 4);
    assert_eq!(database.tables(), "");
}

/// Each of its transactions in one round trip.
fn pipelined(script: Script) -> Pgbench {
    Pgbench::new(PgbenchOptions { pipeline: true, ..options(script) }).unwrap()
}

#[test]
fn a_script_in_one_round_trip_verifies() {
    for (script, protocol) in [
        (Script::TpcbLike, Protocol::Prepared),
        (Script::SimpleUpdate, Protocol::Extended),
        (Script::SelectOnly, Protocol::Prepared),
    ] {
        let database = Database::new(&format!("pipelined_{}", script.action()));
        let mut workload = pipelined(script);
        workload.set_up(&database.server()).unwrap();
        let mut finished = run(&database, &mut workload, protocol);
        let counts = finished.measured.all_actions().counts;
        assert!(counts.succeeded > 0 && counts.failed == 0, "{counts:?}");
        let verified = workload.verify(&database.server(), &mut finished.players).unwrap();
        assert!(verified.passed, "{verified:?}");
    }
}

#[test]
fn a_failure_in_the_middle_of_a_round_trip_skips_the_rest_and_is_rolled_back() {
    let database = Database::new("pipelined_failure");
    let mut workload = pipelined(Script::TpcbLike);
    workload.set_up(&database.server()).unwrap();
    database.run("ALTER TABLE pgbench_tellers ADD CHECK (tbalance BETWEEN -2000 AND 2000)");
    let mut finished = run(&database, &mut workload, Protocol::Prepared);
    let counts = finished.measured.all_actions().counts;
    assert!(counts.succeeded > 0 && counts.failed > 0 && counts.unknown == 0, "{counts:?}");
    let count = |name: &str| {
        let at = catalog(&workload).statements.iter().position(|it| it.name == name).unwrap();
        finished.measured.statements[at].count
    };
    assert_eq!((count("end"), count("history_insert")), (counts.succeeded, counts.succeeded));
    assert_eq!((count("rollback"), count("teller_update")), (counts.failed, counts.scheduled));
    let timed = finished.measured.transactions.count();
    assert_eq!(timed, counts.scheduled, "whichever way a transaction ended");
    let verified = workload.verify(&database.server(), &mut finished.players).unwrap();
    assert!(verified.passed, "{verified:?}");
}

#[test]
fn a_round_trip_that_was_never_answered_is_unknown() {
    use engine::{Last, Loss, Moment, Next, Player};
    let database = Database::new("pipelined_unknown");
    let mut workload = pipelined(Script::SimpleUpdate);
    workload.set_up(&database.server()).unwrap();
    let mut players = workload.players(1);
    let mut driver =
        crate::driver::Driver::open(&database, workload.statements(), Protocol::Prepared);
    let player = &mut players[0];
    player.wish(Moment { elapsed: Duration::ZERO, measured: true });
    assert_eq!(player.next(Last::Begin, &mut driver.request), Next::Send);
    assert_eq!(driver.request.len(), 5, "all of it at once");
    driver.send().unwrap();
    assert_eq!(player.lost(true, &Answer::default()), Loss::Unknown);
    assert!(workload.verify(&database.server(), &mut players).unwrap().passed);
    assert_eq!(database.number("SELECT count(*) FROM pgbench_history"), 1);
}

#[test]
fn tables_that_another_run_made_can_be_read_where_nothing_can_be_written() {
    let database = Database::new("pgbench_read_only");
    let kept = PgbenchOptions { keep_data: true, ..options(Script::SelectOnly) };
    Pgbench::new(kept).unwrap().set_up(&database.server()).unwrap();
    database.run("ALTER DATABASE pgbench_read_only SET default_transaction_read_only = on");
    let other = PgbenchOptions { run: "two".to_owned(), ..options(Script::SelectOnly) };
    let mut workload = Pgbench::new(other).unwrap();
    workload.set_up(&database.server()).unwrap();
    assert!(run(&database, &mut workload, Protocol::Prepared).measured.failures.total() == 0);
    assert_eq!(workload.clean_up(&database.server()).unwrap().dropped, [""; 0]);
}
