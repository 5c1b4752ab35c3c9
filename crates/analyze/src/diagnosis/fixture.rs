//! Made-up results for tests of rules. None of it is a measurement.

use super::diagnose;
use crate::validity;
use model::database_metrics::{
    BufferCache, ConnectionStats, DatabaseMetrics, DatabaseSize, IoStats, LockContention, MeanMax,
    MonitorCost, QueryPerformance, QueryPlans, Section, SettingStats, TableStats, TempFiles,
    TransactionStats, WaitEvent, WaitEvents, WalCheckpoints,
};
use model::diagnosis::Diagnosed;
use model::finding::Finding;
use model::metric::Distribution;
use model::run_result::{ActionMetrics, RunResult, ServerEnvironment};
use model::system_metrics::{
    DiskLoad, DiskMetrics, GeneratorProcess, HostMetrics, ServerProcesses, SystemMetrics,
};
use serde_json::json;

/// Where all sections of the fixture were read.
const WINDOW: (f64, f64) = (0.0, 100.0);

/// A closed loop, 100 actions/s for 100 s, on a server of four CPUs that is half asleep: nothing is
/// wrong with it, and everything about it is known. A busy session is 10 ms of each action.
pub(crate) fn sound() -> RunResult {
    let all = ActionMetrics {
        scheduled: 10_000,
        succeeded: 10_000,
        response_time_ms: Some(latency(10.1)),
        service_time_ms: Some(latency(10.0)),
        wait_ms: Some(latency(0.0)),
        lateness_ms: Some(latency(0.1)),
        ..ActionMetrics::default()
    };
    let plan = json!({ "shape": { "loop": "closed", "think_time": null } });
    let mut result = RunResult { plan, ..RunResult::default() };
    let load = &mut result.load_metrics;
    load.elapsed_s = 100.0;
    load.achieved_per_s = 100.0;
    (load.pool.size, load.pool.idle_mean) = (10, 9.0);
    load.connections.attempted = 10;
    load.all_statements.count = 10_000;
    load.generator.threads = 1;
    load.generator.busiest_thread_percent = Some(30.0);
    load.generator.turn_ms = Some(latency(0.2));
    load.generator.run_queue_wait_percent = Some(1.0);
    load.generator.wake_delay_ms = Some(0.05);
    load.actions.insert("look".to_owned(), all.clone());
    load.all_actions = all;
    let settings = [
        ("fsync", "on"),
        ("huge_pages", "on"),
        ("log_statement", "none"),
        ("log_min_duration_statement", "-1"),
        ("random_page_cost", "1.1"),
        ("shared_buffers", "2GB"),
        ("work_mem", "4MB"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let on_this_host = Some(true);
    let server = ServerEnvironment { settings, on_this_host, ..Default::default() };
    result.environment.server = Some(server);
    result.database_metrics = Some(database());
    let host = HostMetrics {
        cpus: 4,
        cpu_usage_percent: steady(40.0),
        memory_usage_percent: Some(steady(40.0)),
        disk: Section::read(disk(30.0, 0.5), WINDOW),
        memory_bytes: Some(8 << 30),
        ..HostMetrics::default()
    };
    let of_machine = |percent| Some(steady(percent));
    let server =
        ServerProcesses { cpu_machine_percent: of_machine(25.0), ..ServerProcesses::default() };
    let ours =
        GeneratorProcess { cpu_machine_percent: of_machine(10.0), ..GeneratorProcess::default() };
    result.system_metrics = Some(SystemMetrics {
        server_host: Section::read(host, WINDOW),
        server_processes: Some(Section::read(server, WINDOW)),
        generator_process: Some(Section::read(ours, WINDOW)),
        ..SystemMetrics::default()
    });
    result
}

fn database() -> DatabaseMetrics {
    DatabaseMetrics {
        connection_stats: Section::read(
            ConnectionStats {
                samples: 1000,
                max_connections: 100,
                usable_connections: 97,
                used_connections_max: 11,
                pool_usage_percent: 11.34,
                parallel_workers_planned: Some(0),
                parallel_workers_launched: Some(0),
                ..ConnectionStats::default()
            },
            WINDOW,
        ),
        query_plans: Section::read(QueryPlans::default(), WINDOW),
        query_performance: Section::read(
            QueryPerformance {
                calls: 10_000,
                total_exec_time_ms: 90_000.0,
                total_plan_time_ms: Some(1000.0),
                total_jit_time_ms: Some(0.0),
                evicted: Some(0),
                ..QueryPerformance::default()
            },
            WINDOW,
        ),
        transaction_stats: Section::read(
            TransactionStats {
                commits: 10_000,
                transactions_per_s: 100.0,
                ..TransactionStats::default()
            },
            WINDOW,
        ),
        lock_contention: Section::read(
            LockContention { samples: 1000, deadlocks: Some(0), ..Default::default() },
            WINDOW,
        ),
        wait_events: Section::read(waits(&[("CPU:CPU", 0.9)]), WINDOW),
        buffer_cache: Section::read(cached(), WINDOW),
        wal_checkpoints: Section::read(
            WalCheckpoints {
                checkpoints_timed: Some(1),
                checkpoints_requested: Some(0),
                wal_bytes: Some(100_000_000),
                wal_records: Some(1_000_000),
                wal_full_page_images: Some(100),
                wal_buffers_full: Some(0),
                checkpoint_active_percent: Some(0.0),
                ..WalCheckpoints::default()
            },
            WINDOW,
        ),
        temp_files: Section::read(TempFiles::default(), WINDOW),
        table_stats: Section::read(TableStats::default(), WINDOW),
        io: Section::read(IoStats::default(), WINDOW),
        database_size: Section::read(
            DatabaseSize { end_bytes: 3 << 30, ..DatabaseSize::default() },
            WINDOW,
        ),
        settings: Section::read(SettingStats::default(), WINDOW),
        monitor: Section::read(
            MonitorCost { server_cpu_percent: Some(0.1), ..MonitorCost::default() },
            WINDOW,
        ),
        ..DatabaseMetrics::default()
    }
}

/// The disk with the data: how busy it is, and what a read takes.
pub(crate) fn disk(busy_percent: f64, read_ms: f64) -> DiskMetrics {
    let device = DiskLoad {
        device: "nvme0n1".to_owned(),
        read_await_ms: Some(steady(read_ms)),
        utilisation_percent: Some(steady(busy_percent)),
        ..DiskLoad::default()
    };
    DiskMetrics { holds_data: true, devices: vec![device] }
}

/// The server's host, to be changed.
pub(crate) fn host(result: &mut RunResult) -> &mut HostMetrics {
    let system = result.system_metrics.as_mut().expect("the fixture was watched");
    system.server_host.data.as_mut().expect("the fixture's host was watched")
}

/// The share of the machine's CPUs that the server's own processes take.
pub(crate) fn server_cpu(result: &mut RunResult, percent: f64) {
    let system = result.system_metrics.as_mut().expect("the fixture was watched");
    let server = system.server_processes.as_mut().and_then(|it| it.data.as_mut());
    server.expect("the fixture's server was watched").cpu_machine_percent = Some(steady(percent));
}

/// A setting of the server.
pub(crate) fn set(result: &mut RunResult, name: &str, value: &str) {
    let server = result.environment.server.as_mut().expect("the fixture has a server");
    server.settings.insert(name.to_owned(), value.to_owned());
}

fn cached() -> BufferCache {
    BufferCache { blocks_hit: 1_000_000, hit_ratio: Some(1.0), ..BufferCache::default() }
}

/// All values the same.
pub(crate) fn latency(ms: f64) -> Distribution {
    Distribution { mean: ms, p50: ms, p90: ms, p95: ms, p99: ms, p999: ms, max: ms }
}

pub(crate) fn steady(value: f64) -> MeanMax {
    MeanMax { mean: value, max: value }
}

/// What sessions did on average, as `Class:Event`, in a thousand looks.
pub(crate) fn waits(all: &[(&str, f64)]) -> WaitEvents {
    let mut seen = WaitEvents { samples: 1000, ..WaitEvents::default() };
    for (name, active_sessions) in all {
        let (class, event) = name.split_once(':').expect("Class:Event");
        let (class, event) = (class.to_owned(), event.to_owned());
        *seen.by_class.entry(class.clone()).or_default() += active_sessions;
        seen.active_sessions.mean += active_sessions;
        seen.events.push(WaitEvent { class, event, active_sessions: *active_sessions });
    }
    seen
}

/// Sessions that do this instead.
pub(crate) fn waiting(all: &'static [(&'static str, f64)]) -> impl Fn(&mut RunResult) {
    move |result| db(result).wait_events.data = Some(waits(all))
}

/// What the server said, to be changed.
pub(crate) fn db(result: &mut RunResult) -> &mut DatabaseMetrics {
    result.database_metrics.as_mut().expect("the fixture was watched")
}

/// The same load at a rate that the server keeps up with.
pub(crate) fn paced(result: &mut RunResult) {
    result.load_metrics.offered_per_s = Some(100.0);
}

/// The diagnosis of the sound run with a change. What it cites is held to the schema.
#[track_caller]
pub(crate) fn diagnosed(change: impl FnOnce(&mut RunResult)) -> Diagnosed {
    let mut result = sound();
    change(&mut result);
    let validity = validity::check(&result);
    let diagnosed = diagnose(&result, &validity);
    super::cited::hold(&result, &diagnosed.findings);
    diagnosed
}

/// What a rule says of the sound run with a change: its finding, if it fires.
///
/// # Panics
/// The rule could not be judged.
#[track_caller]
pub(crate) fn ruling(code: &str, change: impl FnOnce(&mut RunResult)) -> Option<Finding> {
    let diagnosed = diagnosed(change);
    let unknown = diagnosed.diagnosis.not_evaluated.iter().find(|it| it.code == code);
    assert_eq!(unknown, None);
    diagnosed.findings.into_iter().find(|it| it.code == code)
}

/// The finding of a rule that fires.
#[track_caller]
pub(crate) fn fires(code: &str, change: impl FnOnce(&mut RunResult)) -> Finding {
    let found = ruling(code, change).unwrap_or_else(|| panic!("{code} stayed quiet"));
    // Whoever reads it has to know what it rests on, why it is, what to do, and how to see it helped.
    let texts = [&found.title, &found.diagnosis, &found.advice, &found.verify, &found.source];
    assert!(texts.iter().all(|it| !it.is_empty()) && !found.evidence.is_empty(), "{found:#?}");
    found
}

/// Asserts that a rule was judged and did not fire.
#[track_caller]
pub(crate) fn quiet(code: &str, change: impl FnOnce(&mut RunResult)) {
    let found = ruling(code, change);
    assert_eq!(found, None);
}

/// Why a rule could not be judged.
#[track_caller]
pub(crate) fn unknown(code: &str, change: impl FnOnce(&mut RunResult)) -> String {
    let diagnosed = diagnosed(change);
    assert!(diagnosed.findings.iter().all(|it| it.code != code), "{:#?}", diagnosed.findings);
    let all = diagnosed.diagnosis.not_evaluated;
    let found = all.into_iter().find(|it| it.code == code);
    found.unwrap_or_else(|| panic!("{code} was judged")).reason
}
