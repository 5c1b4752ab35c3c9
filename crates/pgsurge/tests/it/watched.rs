//! Whole runs with the monitor: what it saw is in the result, on the load's own clock.

use crate::database::{Database, bouncer, private, url};
use crate::program::Program;
use crate::running::{Ended, Load, lines, until};
use model::database_metrics::Status;
use model::run_result::{CpusSource, RunResult};
use model::series::{Line, Point, Series};
use model::threshold::{ThresholdOutcome, ThresholdResult};
use servers::PoolMode;

#[track_caller]
fn threshold<'a>(result: &'a RunResult, name: &str) -> &'a ThresholdResult {
    result.thresholds.iter().find(|it| it.name == name).unwrap()
}

fn series(ended: &Ended) -> Vec<Series> {
    let bytes = std::fs::read(ended.path("result.json")).unwrap();
    report::json::read(&bytes).unwrap().series
}

#[test]
fn a_run_says_what_the_server_did_meanwhile() {
    let server = private();
    let load = Load::hokm(&url(&server)).watched();
    let ended = load.args("--connections 4 --duration 6s --warm-up 1s --qps-target 0").run();
    let result = ended.result();
    let database = result.database_metrics.as_ref().unwrap();

    let queries = database.query_performance.data().unwrap();
    let answered = result.test_summary.queries_executed as f64;
    // The views lag by a second at the window's beginning, and there is the grace at its end.
    assert!((queries.calls as f64 / answered - 1.0).abs() < 0.5, "{} {answered}", queries.calls);
    assert!(queries.statements[0].text.is_some() && queries.mean_exec_time_ms > Some(0.0));
    let sessions = database.connection_stats.data().unwrap();
    assert_eq!(sessions.used_connections_max, 5, "{sessions:?}");
    assert!(database.wait_events.data().unwrap().active_sessions.mean > 0.1);
    assert!(database.table_stats.data().unwrap().tables.iter().any(|it| it.rows_inserted > 0));
    assert_eq!(database.index_usage.status, Status::Ok, "{:?}", database.index_usage);
    assert_eq!(database.settings.data().unwrap().changed, []);
    let system = result.system_metrics.as_ref().unwrap();
    let host = system.server_host.data().unwrap();
    // Found by the backend that we talked to: nobody told whose processes these are.
    let processes = system.server_processes.as_ref().unwrap().data().unwrap();
    let ours = system.generator_process.as_ref().unwrap().data().unwrap();
    let shares = [processes.cpu_machine_percent, ours.cpu_machine_percent].map(Option::unwrap);
    assert!(shares.iter().all(|share| share.mean > 0.1), "{processes:?} {ours:?}");
    // Ticks of the machine and of a process are not counted at the same moments.
    let all = shares[0].mean + shares[1].mean;
    assert!(all <= host.cpu_usage_percent.mean + 10.0, "{shares:?} {host:?}");
    assert!(host.disk.data().is_some_and(|disk| disk.holds_data), "{:?}", host.disk);

    for name in ["max_db_query_time_ms", "max_db_connection_pool_usage_percent"] {
        assert_eq!(threshold(&result, name).outcome, ThresholdOutcome::Passed, "{name}");
    }
    assert_ne!(threshold(&result, "max_cpu_usage_percent").value, None);
    assert_ne!(threshold(&result, "max_cpu_usage_percent").outcome, ThresholdOutcome::Failed);
    assert!(ended.out.contains("sessions active"), "{}", ended.out);

    let series = series(&ended);
    let times = |metric: &str| {
        series.iter().find(|it| it.name.metric == metric).map(|it| it.t.clone()).unwrap_or_default()
    };
    let load_seconds = times("actions_succeeded");
    let watched = ["server_active_sessions", "host_cpu_percent", "host_server_cpu_percent"];
    for metric in watched.into_iter().chain(["server_transactions_per_s"]) {
        let seconds = times(metric);
        assert!(seconds.len() >= 3, "{metric}: {seconds:?}");
        assert!(seconds.iter().all(|t| load_seconds.contains(t)), "{seconds:?} {load_seconds:?}");
    }
}

/// Begins a checkpoint that is spread over minutes: a backup waits for such a one, and gives up.
fn begin_checkpoint(server: &servers::Postgres) {
    let begin = match server.major_version() < 15 {
        true => "SELECT pg_start_backup('spread', false, false)",
        false => "SELECT pg_backup_start('spread', false)",
    };
    server.psql(&format!("SET statement_timeout = 200; {begin}")).unwrap_err();
}

#[test]
fn a_checkpoint_is_told_by_the_second_and_its_seconds_are_counted_by_the_stage() {
    let server = private();
    server.psql("CREATE TABLE dirty AS SELECT i AS id FROM generate_series(1, 100000) i").unwrap();
    let load = Load::at(&url(&server)).watched().args("--workload select-only --rate 100");
    let mut running = load.args("--connections 2 --warm-up 1s --duration 8s").start();
    running.wait_for_second(2);
    begin_checkpoint(&server);
    running.wait_for_second(5);
    // Who is in a hurry ends it.
    server.psql("CHECKPOINT").unwrap();
    let ended = running.wait();
    let result = ended.result();
    let overlap = result.load_metrics.stages[0].checkpoint_overlap.as_ref().unwrap();
    assert_eq!(overlap.periods, 1, "{overlap:?}");
    assert!((2..=7).contains(&overlap.with.seconds), "{overlap:?}");
    let shares = series(&ended);
    let shares =
        shares.iter().find(|it| it.name.metric == "server_checkpoint_active_percent").unwrap();
    let measured = shares.t.iter().zip(&shares.v).filter(|(t, _)| **t >= 0.0);
    let is_at_work = |point: &Point| matches!(point, Point::Number(share) if *share >= 15.0);
    let at_work = measured.filter(|(_, point)| is_at_work(point)).count() as u64;
    assert_eq!(overlap.with.seconds, at_work, "{shares:?}");
}

#[test]
fn the_busiest_statements_tables_and_indexes_are_told_stage_by_stage() {
    let server = private();
    let load = Load::hokm(&url(&server)).watched().args("--format json,md,csv --connections 4");
    let mut running = load.args("--stages 2s:100,2s:100,6s:100").start();
    // On its way to the disk while load runs: the first two stages are over, the third is not.
    let partial = running.path("result.json.partial");
    let busiest = |line| matches!(line, Line::Busiest(_));
    let told = || lines(&partial).into_iter().filter(|it| busiest(it.clone())).count();
    running.wait_for_second(4);
    until("two windows in the record", || told() >= 2);
    let ended = running.wait();
    let result = ended.result();

    let series = series(&ended);
    let of = |metric: &str, kind: &str| {
        let is_it = |it: &&Series| it.name.metric == metric && it.name.labels["of"] == kind;
        series.iter().find(is_it).map(|it| it.t.clone()).unwrap_or_default()
    };
    for kind in ["statements", "tables", "indexes"] {
        let t = of("server_busiest_interval_s", kind);
        assert_eq!(t.len(), 3, "{kind}: {t:?}");
        let late = t.iter().zip([0.0, 2.0, 4.0]).map(|(t, border_s)| t - border_s);
        assert!(late.clone().all(|late| (0.0..1.9).contains(&late)), "{kind}: {t:?}");
        assert_eq!(of("server_busiest_gap", kind), [0.0; 0], "{kind}");
    }
    let metrics = ["server_table_rows_inserted_per_s", "server_index_scans_per_s"];
    for metric in metrics.into_iter().chain(["server_statement_text"]) {
        assert!(series.iter().any(|it| it.name.metric == metric), "{metric}");
    }
    let database = result.database_metrics.as_ref().unwrap();
    let over_time = database.statements_over_time.as_ref().unwrap().data().unwrap();
    let stages: Vec<_> =
        result.load_metrics.stages.iter().map(|it| Some(it.name.clone())).collect();
    let parts: Vec<_> = over_time.parts.iter().map(|it| it.stage.clone()).collect();
    assert_eq!(parts, stages);
    // A look at a border and the load's own clock are some ms apart; together they tell all calls.
    let calls = |at: usize| {
        let part = &over_time.parts[at];
        part.statements.iter().map(|it| it.calls_per_s * part.seen_s).sum::<f64>()
    };
    let (all, total) = ((0..3).map(calls).sum::<f64>(), database.query_performance.data().unwrap());
    assert!(all <= total.calls as f64 + 1.0 && all > total.calls as f64 * 0.5, "{all} {total:?}");
    assert!(calls(2) > calls(0), "twice the rate and more: {over_time:#?}");

    let read = |name: &str| std::fs::read_to_string(ended.path(name)).unwrap();
    assert!(read("result.md").contains("## Statements on the server over time"));
    for (format, ending) in [("json", "json"), ("md", "md"), ("series", "series.csv")] {
        let report = Program::new(&["report"]).file("it.json", read("result.json"));
        let again = report.args("it.json").args(&format!("--format {format}")).run();
        assert!(again.out == read(&format!("result.{ending}")), "{format} differs");
    }
}

#[test]
fn a_limit_on_what_nobody_watched_says_so() {
    let database = Database::new("unwatched");
    let limits = r#"{"performance_thresholds": {"max_db_query_time_ms": 50}}"#;
    let load = Load::at(&database.url()).config(limits).args("--workload select-only --rate 50");
    let result = load.args("--duration 1s --warm-up 0 --connections 2").run().result();
    assert!(result.database_metrics.is_none() && result.system_metrics.is_none());
    let limit = threshold(&result, "max_db_query_time_ms");
    assert_eq!(limit.outcome, ThresholdOutcome::NotEvaluated);
    let reason = limit.reason.as_deref().unwrap();
    assert!(reason.contains("statistics were not collected"), "{reason}");
    // A busy machine may void the run, which goes before.
    assert!(matches!(result.verdict.exit_code, 6 | 7), "{:?}", result.verdict);
    let reasons = result.verdict.reasons.join("\n");
    assert!(reasons.contains("max_db_query_time_ms was not evaluated"), "{reasons}");
}

#[test]
fn a_limit_holds_for_what_the_server_itself_says() {
    use ThresholdOutcome::{Failed, NotEvaluated, Passed};
    let server = private();
    let load = Load::hokm(&url(&server)).watched().args(
        "--connections 4 --duration 2s --warm-up 0 --qps-target 0 --threshold deadlocks<1 \
         --threshold cache_hit_ratio>0.5 --threshold wal_bytes_per_s<1B \
         --threshold system_metrics.cpu_usage_percent.max<=100% \
         --threshold database_metrics.buffer_cache.read_time_ms<1s",
    );
    let result = load.run().result();
    let database = result.database_metrics.as_ref().unwrap();
    let wal = database.wal_checkpoints.data().unwrap().wal_bytes_per_s;
    let cases = [
        ("deadlocks<1", Passed, Some(0.0)),
        ("cache_hit_ratio>0.5", Passed, database.buffer_cache.data().unwrap().hit_ratio),
        ("wal_bytes_per_s<1B", Failed, wal),
        ("system_metrics.cpu_usage_percent.max<=100%", Passed, None),
        ("database_metrics.buffer_cache.read_time_ms<1s", NotEvaluated, None),
    ];
    for (name, outcome, value) in cases {
        let limit = threshold(&result, name);
        assert_eq!(limit.outcome, outcome, "{limit:?}");
        assert!(value.is_none() || limit.value == value, "{limit:?} {value:?}");
    }
    assert!(wal > Some(1000.0), "{wal:?}");
    // What only some servers measure says when they do.
    let reasons = result.verdict.reasons.join("\n");
    assert!(reasons.contains("absent where `track_io_timing` is off"), "{reasons}");
}

#[test]
fn a_server_behind_a_pooler_is_watched_through_it() {
    let (database, bouncer) = (Database::new("watched_pool"), bouncer(PoolMode::Transaction));
    let load = Load::hokm(&database.url_through(&bouncer)).watched();
    let load = load.args("--connections 4 --warm-up 0 --duration 2s --qps-target 0");
    let ended = load.run();
    let result = ended.result();
    assert_eq!(result.load_metrics.all_actions.failed, 0, "{:?}", result.load_metrics.errors);
    let seen = result.database_metrics.as_ref().unwrap();
    assert!(seen.wait_events.data().unwrap().samples > 5, "{:?}", seen.wait_events);
    assert_eq!(seen.transaction_stats.status, Status::Ok, "{:?}", seen.transaction_stats);
    assert_eq!(seen.connection_stats.status, Status::Ok, "{:?}", seen.connection_stats);
    let host = &result.system_metrics.as_ref().unwrap().server_host;
    assert!(host.reason.as_deref().is_some_and(|it| it.contains("behind a pooler")), "{host:?}");
    // Its console is open to the user of the load.
    let pools = seen.pooler.as_ref().unwrap();
    let pools = pools.data().unwrap_or_else(|| panic!("{pools:?}"));
    assert!(pools.clients_active.max >= 4.0 && pools.transactions > Some(100), "{pools:?}");
    assert!(series(&ended).iter().any(|it| it.name.metric == "pooler_clients_waiting"));
}

#[test]
fn a_servers_host_that_its_node_exporter_does_not_tell_of_is_unknown_and_ends_nothing() {
    let database = Database::new("unexported");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let load = Load::at(&database.url()).watched().args("--workload select-only --rate 50");
    let load = load.args("--duration 1s --warm-up 0 --connections 2");
    let result = load.args(&format!("--node-exporter http://{free}")).run().result();
    let system = result.system_metrics.as_ref().unwrap();
    let reason = system.server_host.reason.as_deref().unwrap();
    assert!(reason.contains("ask the node_exporter: connect"), "{reason}");
    assert!(system.generator_host.as_ref().unwrap().data().is_some(), "{system:?}");
    assert_eq!(result.plan["node_exporter"], format!("http://{free}"));
}

/// How many CPUs the server had in a short run, and who says so.
fn cpus(database: &Database, arguments: &str) -> (Option<f64>, Option<CpusSource>) {
    let load = Load::at(&database.url()).args("--workload select-only --rate 50 --connections 2");
    let load = load.watched().args("--duration 1s --warm-up 0").args(arguments);
    let server = load.run().result().environment.server.unwrap();
    (server.cpus, server.cpus_source)
}

#[test]
fn the_servers_cpus_are_those_that_somebody_told_or_else_those_of_its_host() {
    let database = Database::new("server_cpus");
    assert_eq!(cpus(&database, "--server-cpus 12"), (Some(12.0), Some(CpusSource::Settings)));
    let (seen, source) = cpus(&database, "");
    assert!(seen.is_some_and(|cpus| cpus > 0.0), "{seen:?}");
    assert_eq!(source, Some(CpusSource::ServerHost));
    let (here, source) = cpus(&database, "--monitor off");
    assert_eq!(source, Some(CpusSource::ThisMachine));
    assert!(here.is_some_and(|cpus| cpus >= 1.0), "{here:?}");
}
