//! Users that come and go, runs that a count ends, limits of latency, a connection per action,
//! transactions in one round trip, a line per action: on a real server, checked against what it counted.

use crate::database::Database;
use crate::running::{Ended, Load};
use model::run_result::RunResult;

fn select_only(database: &Database) -> Load {
    Load::at(&database.url()).args("--workload select-only --threads 1")
}

/// How many sessions the server opened in the database since it is there, this one included.
fn sessions(database: &Database) -> u64 {
    database
        .psql("SELECT sessions FROM pg_stat_database WHERE datname = current_database()")
        .lines()
        .last()
        .unwrap()
        .parse()
        .unwrap()
}

/// The transactions that the result counts and those that the server stored.
fn stored(database: &Database, result: &RunResult) -> (u64, u64) {
    let rows = database.psql("SELECT count(*) FROM pgbench_history");
    (result.load_metrics.all_actions.succeeded, rows.lines().last().unwrap().parse().unwrap())
}

#[test]
fn users_connect_when_they_come_and_leave_politely() {
    let database = Database::new("attending_users");
    let ended =
        select_only(&database).args("--user-stages 1s:20,2s:20,1s:0 --think-time 10ms-20ms").run();
    let result = ended.result();
    let load = &result.load_metrics;
    assert_eq!(result.test_summary.concurrent_connections, 20);
    assert_eq!((load.connections.attempted, load.connections.lost), (20, 0));
    let users: Vec<f64> = load.stages.iter().map(|it| it.users_mean.unwrap()).collect();
    assert_eq!((users[1], load.stages[1].name.as_str()), (20.0, "hold 20 users"));
    assert!(load.stages[1].hold && users[2] < 1.0, "{users:?}");
    assert!(ended.err.contains("20 users"), "{}", ended.err);
    let fatal = load.errors.iter().chain(&load.early_errors).count();
    assert_eq!((fatal, load.all_actions.failed), (0, 0));
}

#[test]
fn a_run_ends_when_every_connection_has_done_its_share() {
    let database = Database::new("attending_count");
    for pace in ["--qps-target 0", "--rate 400"] {
        let load = Load::at(&database.url()).args("--workload select-only --connections 4");
        let result = load.args("--transactions 100").args(pace).run().result();
        let all = &result.load_metrics.all_actions;
        assert_eq!((all.scheduled, all.succeeded), (400, 400));
        assert!(!result.test_summary.interrupted && result.load_metrics.elapsed_s < 30.0);
        assert_eq!(
            (result.load_metrics.warm_up_s, result.load_metrics.warm_up.scheduled),
            (0.0, 0)
        );
    }
}

#[test]
fn what_is_above_the_latency_limit_is_late_or_skipped_and_the_report_says_so() {
    let database = Database::new("attending_limit");
    // No commit is faster than that, and one connection can't keep up with the rate.
    let ended = Load::at(&database.url())
        .args("--workload tpcb-like --connections 1 --rate 20000 --latency-limit 100us")
        .args("--warm-up 0 --duration 1s")
        .run();
    let result = ended.result();
    let all = &result.load_metrics.all_actions;
    assert!(all.late == all.succeeded && all.late > 10, "{all:?}");
    assert!(all.skipped > 1_000 && all.wait_ms.unwrap().max < 5.0, "{all:?}");
    assert!(ended.out.contains("later than 100 µs"), "{}", ended.out);
}

#[test]
fn every_action_opens_its_own_connection_as_part_of_its_response_time() {
    let database = Database::new("attending_reconnect");
    let ended = select_only(&database)
        .args("--connections 4 --rate 50 --reconnect --protocol simple")
        .args("--warm-up 0 --duration 2s")
        .run();
    let load = ended.result().load_metrics;
    let connections = &load.connections;
    assert_eq!((load.all_actions.succeeded, connections.attempted), (100, 101));
    assert_eq!((connections.lost, connections.reconnected, connections.failed), (0, 0, 0));
    let connect = connections.connect_ms.unwrap();
    let (wait, response) =
        (load.all_actions.wait_ms.unwrap(), load.all_actions.response_time_ms.unwrap());
    assert!(wait.p50 >= connect.p50 * 0.9 && response.p50 >= wait.p50, "{connect:?} {wait:?}");
    crate::running::until("the server's count of sessions", || sessions(&database) >= 101);
}

#[test]
fn a_transaction_in_one_round_trip_is_stored_verified_and_counted_by_the_server() {
    let database = Database::new("attending_pipeline");
    let run = |flags: &str| {
        let load = Load::at(&database.url()).args("--workload tpcb-like --connections 2");
        load.args("--keep-data --qps-target 0 --transactions 200").args(flags).run().result()
    };
    let (together, apart) = (run("--pipeline --force"), run("--force"));
    let load = &together.load_metrics;
    assert!(load.verification.as_ref().unwrap().passed && load.all_actions.succeeded == 400);
    assert_eq!(stored(&database, &together), (400, 800), "two runs of 400");
    let calls = database.calls();
    for (name, statement) in &load.statements {
        let ours = statement.totals.session_count
            + apart.load_metrics.statements[name].totals.session_count;
        let theirs: u64 =
            calls.iter().filter(|(text, _)| *text == statement.sql).map(|(_, n)| n).sum();
        assert_eq!(ours, theirs, "{name}");
    }
    let time = load.transactions.time_ms.unwrap();
    let service = load.all_actions.service_time_ms.unwrap();
    assert!((time.p50 / service.p50 - 1.0).abs() < 0.05, "{time:?} {service:?}");
}

fn log_lines(ended: &Ended, name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(ended.path(name)).unwrap();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("start_s,client,action,outcome,tries,wait_us"));
    lines.map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn the_log_has_a_line_for_every_action() {
    let database = Database::new("attending_log");
    let ended = select_only(&database)
        .args("--connections 2 --rate 200 --warm-up 500ms --duration 1s --log actions.csv")
        .run();
    let load = ended.result().load_metrics;
    let (log, lines) = (load.action_log.unwrap(), log_lines(&ended, "actions.csv"));
    let scheduled = load.all_actions.scheduled + load.warm_up.scheduled;
    assert_eq!((log.lines, log.dropped, lines.len() as u64), (scheduled, 0, scheduled));
    let early = lines.iter().filter(|line| line[0].starts_with('-')).count() as u64;
    assert_eq!(early, load.warm_up.scheduled);
    let slowest = lines.iter().map(|line| line[8].parse::<f64>().unwrap()).fold(0.0, f64::max);
    let all = [load.all_actions.response_time_ms, load.warm_up.response_time_ms];
    let known = all.iter().map(|it| it.unwrap().max).fold(0.0, f64::max);
    assert!((slowest / 1000.0 / known - 1.0).abs() < 0.02, "{slowest} µs, {known} ms");
}

#[test]
fn raw_data_brings_a_sampled_log_and_nothing_that_exists_is_replaced() {
    let database = Database::new("attending_log_raw");
    let raw = r#"{"reporting": {"include_raw_data": true, "sampling_rate": 0.2}}"#;
    let load = || select_only(&database).config(raw).args("--rate 500 --warm-up 0 --duration 1s");
    let ended = load().run();
    let (result, lines) = (ended.result(), log_lines(&ended, "result.log"));
    assert!((50..160).contains(&lines.len()), "{}", lines.len());
    assert_eq!(result.load_metrics.action_log.unwrap().lines, lines.len() as u64);
    let refused = load().file("result.log", "of yesterday").run();
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("result.log exists; --force replaces"), "{}", refused.err);
}
