//! What was watched beside the fixture's run. None of it is a measurement.

use crate::busiest;
use model::database_metrics::{
    BlockedSession, BlockingSession, BufferCache, ConnectionStats, DatabaseMetrics, DatabaseSize,
    IdleTransaction, IndexCandidate, IndexLoad, IndexUsage, IoLoad, IoStats, LockContention,
    LockMoment, MeanMax, MonitorCost, OldestXmin, PlanNode, PoolerStats, QueryPerformance,
    QueryPlans, ReplicationSlot, ReplicationStats, Section, SettingChange, SettingStats,
    SettingValue, SlruLoad, SlruStats, Standby, StatementLoad, StatementPlan, StatementWaits,
    Status, TableLoad, TableStats, TempFiles, TransactionStats, Unread, VacuumProgress,
    VacuumStats, WaitEvent, WaitEvents, WalCheckpoints, XminHolder,
};
use model::series::{HostRow, Line, PoolerRow, ServerRow};
use model::system_metrics::{
    DiskLoad, DiskMetrics, GeneratorProcess, HostMetrics, HostSource, NetworkLoad, NetworkMetrics,
    Pressure, ServerProcesses, Stall, SystemMetrics,
};
use std::collections::BTreeMap;

const WINDOW: (f64, f64) = (0.0, 60.0);

fn of(mean: f64, max: f64) -> MeanMax {
    MeanMax { mean, max }
}

fn read<T>(data: T) -> Section<T> {
    Section::read(data, WINDOW)
}

#[expect(clippy::too_many_lines, reason = "a fixture is one long list")]
pub(crate) fn database() -> DatabaseMetrics {
    let hidden = Unread {
        status: Status::NoPrivilege,
        reason: "GRANT pg_monitor TO \"bench\" shows up to 2 hidden sessions of other users"
            .to_owned(),
    };
    let by_state = BTreeMap::from([("active".to_owned(), of(3.1, 9.0))]);
    let connections = ConnectionStats {
        samples: 600,
        max_connections: 100,
        usable_connections: 97,
        used_connections_max: 52,
        pool_usage_percent: 53.608,
        by_state,
        sessions_opened: Some(2),
        sessions_abandoned: Some(0),
        sessions_fatal: Some(0),
        sessions_killed: Some(0),
        parallel_workers_planned: Some(0),
        parallel_workers_launched: Some(0),
        idle_in_transaction_percent: Some(4.2),
        longest_idle_in_transaction: Some(IdleTransaction {
            pid: 4250,
            at_s: 12.4,
            age_ms: 2100.0,
            application: Some("psql".to_owned()),
            statement: Some("SELECT 1".to_owned()),
        }),
        other_active_sessions: Some(of(0.2, 1.0)),
        other_applications: BTreeMap::from([("psql".to_owned(), 0.2)]),
    };
    DatabaseMetrics {
        io: read(io()),
        vacuum: read(vacuum()),
        replication: read(replication()),
        slru: read(slru()),
        connection_stats: read(connections).with_gap(Some(hidden)),
        query_performance: read(queries()),
        statements_over_time: Some(read(busiest::over_time())),
        transaction_stats: read(TransactionStats {
            rollback_ratio: Some(0.00013),
            commits: 58_000,
            rollbacks: 8,
            transactions_per_s: 966.8,
            deadlocks: 7,
            rows_updated: 44_000,
            ..TransactionStats::default()
        }),
        lock_contention: read(locks()),
        wait_events: read(waits()),
        buffer_cache: read(BufferCache {
            blocks_hit: 998_000,
            blocks_read: 2000,
            hit_ratio: Some(0.998),
            read_time_ms: Some(21.5),
            write_time_ms: Some(0.5),
        }),
        wal_checkpoints: read(WalCheckpoints {
            wal_bytes_per_s: Some(1_223_338.667),
            checkpoints_timed: Some(1),
            checkpoints_requested: Some(0),
            wal_writes: Some(59_000),
            wal_syncs: Some(58_000),
            wal_sync_time_ms: Some(21_000.0),
            wal_bytes: Some(73_400_320),
            wal_records: Some(410_000),
            wal_full_page_images: Some(900),
            wal_buffers_full: Some(0),
            checkpoint_write_ms: Some(4100.0),
            checkpoint_sync_ms: Some(12.0),
            checkpoint_active_percent: Some(20.0),
            buffers_checkpoint: Some(3000),
            buffers_background: Some(0),
            buffers_backend: Some(40),
            backend_fsyncs: Some(0),
            ..WalCheckpoints::default()
        }),
        temp_files: read(TempFiles { files: 2, bytes: 3_145_728 }),
        query_plans: read(plans()),
        table_stats: read(tables()),
        index_usage: read(indexes()),
        database_size: read(DatabaseSize {
            begin_bytes: 80_000_000,
            end_bytes: 95_000_000,
            growth_bytes: 15_000_000,
        }),
        settings: read(SettingStats {
            compared: 350,
            changed: vec![SettingChange {
                name: "work_mem".to_owned(),
                from: Some("4096".to_owned()),
                to: Some("8192".to_owned()),
            }],
            values: BTreeMap::from([(
                "work_mem".to_owned(),
                SettingValue {
                    value: "8192".to_owned(),
                    unit: Some("kB".to_owned()),
                    source: "configuration file".to_owned(),
                },
            )]),
        }),
        pooler: Some(read(pooler())),
        monitor: read(MonitorCost {
            statements: 780,
            round_trip_ms: 410.0,
            server_cpu_ms: Some(240.0),
            server_cpu_percent: Some(0.2),
            exec_time_ms: Some(160.0),
            cpu_ms: Some(140.0),
            ..MonitorCost::default()
        }),
    }
}

fn slru() -> SlruStats {
    let cache = SlruLoad { name: "Xact".to_owned(), pages_hit: 900, ..SlruLoad::default() };
    SlruStats { caches: vec![cache] }
}

fn pooler() -> PoolerStats {
    PoolerStats {
        samples: 300,
        clients_active: of(42.0, 50.0),
        clients_waiting: of(8.0, 30.0),
        servers_active: of(19.5, 20.0),
        servers_idle: of(0.5, 4.0),
        wait_max_ms: 85.5,
        transactions: Some(58_000),
        statements: Some(135_000),
        wait_total_ms: Some(480_000.0),
        wait_per_transaction_ms: Some(8.276),
    }
}

fn queries() -> QueryPerformance {
    let statement = StatementLoad {
        queryid: "-6172839405162738495".to_owned(),
        text: Some("UPDATE games SET game_data = $2 WHERE game_id = $1".to_owned()),
        calls: 44_000,
        total_exec_time_ms: 8800.0,
        mean_exec_time_ms: 0.2,
        share_percent: 62.857,
        rows: 44_000,
        blocks_hit: Some(600_000),
        blocks_read: Some(900),
        blocks_dirtied: Some(9000),
        temp_blocks_written: Some(0),
        wal_bytes: Some(60_000_000),
        total_plan_time_ms: Some(80.0),
        total_jit_time_ms: Some(0.0),
    };
    QueryPerformance {
        calls: 135_200,
        total_exec_time_ms: 14_000.0,
        mean_exec_time_ms: Some(0.103_55),
        total_plan_time_ms: Some(400.0),
        total_jit_time_ms: Some(0.0),
        rows: 135_200,
        evicted: Some(0),
        statements: vec![statement],
    }
}

fn locks() -> LockContention {
    let statement = "SELECT game_data FROM games WHERE game_id = $1 FOR UPDATE".to_owned();
    LockContention {
        samples: 600,
        waiting_sessions: of(0.5, 4.0),
        lock_wait_s: 3.2,
        deadlocks: Some(7),
        worst: Some(LockMoment {
            at_s: 31.2,
            waiting_sessions: 1,
            blocked: vec![BlockedSession {
                pid: 4243,
                blocked_by: vec![4242],
                lock: "transactionid".to_owned(),
                waiting_ms: Some(87.0),
                statement_age_ms: Some(88.0),
                statement: statement.clone(),
            }],
            blocking: vec![BlockingSession {
                pid: 4242,
                state: Some("idle in transaction".to_owned()),
                transaction_age_ms: Some(91.0),
                statement,
            }],
        }),
    }
}

fn waits() -> WaitEvents {
    let classes = [("CPU", 2.0), ("IO", 0.6), ("Lock", 0.5), ("Client", 0.01)];
    WaitEvents {
        samples: 600,
        active_sessions: of(3.1, 9.0),
        by_class: classes.map(|(class, mean)| (class.to_owned(), mean)).into(),
        events: [("CPU", "CPU", 2.0), ("IO", "WALSync", 0.6), ("Lock", "transactionid", 0.5)]
            .map(|(class, event, active_sessions)| WaitEvent {
                class: class.to_owned(),
                event: event.to_owned(),
                active_sessions,
            })
            .to_vec(),
        by_statement: Some(vec![StatementWaits {
            queryid: "-6172839405162738495".to_owned(),
            text: Some("UPDATE games SET game_data = $2 WHERE game_id = $1".to_owned()),
            active_sessions: 1.4,
            events: vec![WaitEvent {
                class: "IO".to_owned(),
                event: "WALSync".to_owned(),
                active_sessions: 0.5,
            }],
        }]),
        by_statement_reason: None,
    }
}

fn vacuum() -> VacuumStats {
    let holder = XminHolder {
        kind: "session".to_owned(),
        name: "4250".to_owned(),
        at_s: 12.4,
        state: Some("idle in transaction".to_owned()),
        application: Some("psql".to_owned()),
        transaction_age_ms: Some(2400.0),
        statement: Some("SELECT 1".to_owned()),
    };
    let progress = VacuumProgress {
        table: "public.games".to_owned(),
        phase: "scanning heap".to_owned(),
        looks: 2,
    };
    VacuumStats {
        autovacuum_workers: of(0.03, 1.0),
        vacuums: Some(1),
        autovacuums: Some(1),
        analyzes: Some(1),
        autoanalyzes: Some(1),
        progress: vec![progress],
        xid_age: Some(120_000),
        freeze_max_age: Some(200_000_000),
        mxid_age: Some(10),
        multixact_freeze_max_age: Some(400_000_000),
        oldest_xmin: Some(OldestXmin {
            begin_age_xids: 1,
            end_age_xids: 3,
            max_age_xids: 900,
            holder: Some(holder),
        }),
    }
}

fn replication() -> ReplicationStats {
    let lag = Some(of(2000.0, 90_000.0));
    let standby = Standby {
        application: "replica".to_owned(),
        state: Some("streaming".to_owned()),
        sync_state: Some("async".to_owned()),
        sent_lag_bytes: lag,
        write_lag_bytes: lag,
        flush_lag_bytes: lag,
        replay_lag_bytes: lag,
        flush_lag_ms: Some(of(1.2, 9.0)),
        replay_lag_ms: Some(of(1.5, 11.0)),
    };
    let slot = ReplicationSlot {
        name: "replica".to_owned(),
        kind: "physical".to_owned(),
        active: true,
        retained_bytes: lag,
        wal_status: Some("reserved".to_owned()),
        safe_wal_bytes: Some(-1),
    };
    ReplicationStats { standby: false, standbys: vec![standby], slots: vec![slot] }
}

fn io() -> IoStats {
    let row = IoLoad {
        backend_type: "client backend".to_owned(),
        object: "relation".to_owned(),
        context: "normal".to_owned(),
        reads: Some(2000),
        read_bytes: Some(16_384_000),
        read_time_ms: Some(21.5),
        writes: Some(0),
        write_bytes: Some(0),
        write_time_ms: Some(0.0),
        writebacks: Some(0),
        writeback_time_ms: Some(0.0),
        extends: Some(1800),
        extend_bytes: Some(14_745_600),
        extend_time_ms: Some(9.5),
        hits: Some(998_000),
        evictions: Some(3800),
        reuses: None,
        fsyncs: Some(0),
        fsync_time_ms: Some(0.0),
    };
    IoStats { rows: vec![row] }
}

fn plans() -> QueryPlans {
    let node = PlanNode {
        node_type: "Seq Scan".to_owned(),
        table: Some("public.games".to_owned()),
        index: None,
        filter: Some("(games.owner = $1)".to_owned()),
        estimated_rows: 20.0,
        table_rows: Some(200_000.0),
    };
    let by_index = PlanNode { index: Some("games_pkey".to_owned()), ..node.clone() };
    let planned = StatementPlan {
        queryid: "-1".to_owned(),
        total_cost: Some(3582.0),
        nodes: vec![node, by_index],
        reason: None,
    };
    let unplanned = StatementPlan {
        queryid: "-2".to_owned(),
        reason: Some("read the plan: 42601".to_owned()),
        ..StatementPlan::default()
    };
    let candidate = IndexCandidate {
        table: "public.games".to_owned(),
        columns: vec!["owner".to_owned()],
        create_index: "CREATE INDEX CONCURRENTLY ON public.games (owner)".to_owned(),
        queryids: vec!["-1".to_owned()],
        table_rows: 200_000.0,
        estimated_rows: 20.0,
        sequential_scans: 600,
        sequential_rows: 120_000_000,
        cost_before: Some(3582.0),
        cost_after: Some(78.5),
        not_tried: None,
    };
    let not_tried = Some("the extension hypopg is not in this database".to_owned());
    let untried =
        IndexCandidate { cost_before: None, cost_after: None, not_tried, ..candidate.clone() };
    QueryPlans { statements: vec![planned, unplanned], candidates: vec![candidate, untried] }
}

fn tables() -> TableStats {
    let table = TableLoad {
        table: "public.games".to_owned(),
        sequential_scans: 1,
        sequential_rows: 2000,
        index_scans: 88_000,
        rows_updated: 44_000,
        rows_hot_updated: 43_000,
        rows_updated_to_new_page: Some(1000),
        live_rows: 2000,
        live_rows_begin: Some(1900),
        dead_rows: 300,
        dead_rows_begin: Some(0),
        rows_modified_since_analyze: Some(44_100),
        rows_inserted_since_vacuum: Some(100),
        vacuum_threshold_rows: Some(450),
        analyze_threshold_rows: Some(250),
        size_begin_bytes: Some(8_000_000),
        size_end_bytes: Some(9_000_000),
        autovacuums: Some(0),
        autoanalyzes: Some(0),
        ..TableLoad::default()
    };
    let appended = TableLoad {
        table: "public.game_events".to_owned(),
        rows_inserted: 44_000,
        live_rows: 240_000,
        size_begin_bytes: Some(60_000_000),
        size_end_bytes: Some(74_000_000),
        ..TableLoad::default()
    };
    TableStats { tables: vec![table, appended], left_out: 3 }
}

fn indexes() -> IndexUsage {
    let index = IndexLoad {
        index: "public.games_pkey".to_owned(),
        table: "public.games".to_owned(),
        scans: 88_000,
        rows_read: 88_000,
        rows_fetched: 88_000,
        unique: true,
        primary: Some(true),
        required: Some(true),
        valid: Some(true),
        size_bytes: Some(65_536),
        definition: Some("CREATE UNIQUE INDEX games_pkey ON public.games (game_id)".to_owned()),
    };
    let unused = IndexLoad {
        index: "public.games_owner".to_owned(),
        table: "public.games".to_owned(),
        size_bytes: Some(49_152),
        ..IndexLoad::default()
    };
    IndexUsage { indexes: vec![index, unused], left_out: 0 }
}

pub(crate) fn system() -> SystemMetrics {
    let server_host = read(HostMetrics {
        source: HostSource::Proc,
        cpus: 4,
        cpu_quota: Some(3.5),
        cpu_usage_percent: of(71.0, 93.5),
        cpu_user_percent: of(50.0, 70.0),
        cpu_system_percent: of(20.0, 25.0),
        cpu_iowait_percent: of(3.0, 9.0),
        cpu_steal_percent: of(1.0, 2.0),
        run_queue: Some(of(4.0, 9.0)),
        load_average_1m: Some(of(5.0, 6.5)),
        memory_usage_percent: Some(of(40.0, 41.0)),
        memory_bytes: Some(8 << 30),
        swap_in_pages_per_s: Some(of(0.0, 3.0)),
        swap_out_pages_per_s: Some(of(0.0, 0.0)),
        disk: part(disks()),
        network: part(network()),
        pressure: part(pressure()),
    });
    SystemMetrics {
        server_host,
        generator_host: None,
        generator_process: Some(read(GeneratorProcess {
            cpu_user_ms: 2000.0,
            cpu_system_ms: 7000.0,
            cpu_core_percent: of(15.0, 17.5),
            cpu_machine_percent: Some(of(3.75, 4.375)),
            resident_bytes: Some(of(21e6, 22e6)),
            voluntary_switches: 100_000,
            involuntary_switches: 900,
        })),
        server_processes: Some(read(ServerProcesses {
            processes: of(59.0, 60.0),
            cpu_ms: 150_000.0,
            cpu_core_percent: of(250.0, 340.0),
            cpu_machine_percent: Some(of(62.5, 85.0)),
        })),
    }
}

/// A part of a machine: its window is the machine's.
fn part<T>(data: T) -> Section<T> {
    Section { status: Status::Ok, data: Some(data), ..Section::default() }
}

fn disks() -> DiskMetrics {
    let device = DiskLoad {
        device: "nvme0n1".to_owned(),
        reads_per_s: Some(of(30.0, 90.0)),
        writes_per_s: Some(of(900.0, 1200.0)),
        read_bytes_per_s: Some(of(245_760.0, 737_280.0)),
        written_bytes_per_s: Some(of(8e6, 14e6)),
        read_await_ms: Some(of(0.2, 0.9)),
        write_await_ms: Some(of(0.6, 2.5)),
        utilisation_percent: Some(of(45.0, 70.0)),
    };
    DiskMetrics { holds_data: true, devices: vec![device] }
}

fn network() -> NetworkMetrics {
    let load = |received: f64, sent: f64| NetworkLoad {
        received_bytes_per_s: Some(of(received, received)),
        sent_bytes_per_s: Some(of(sent, sent)),
        errors: Some(0),
        drops: Some(2),
    };
    NetworkMetrics { all: load(800.0, 400.0), loopback: Some(load(2e6, 2e6)) }
}

fn pressure() -> Pressure {
    let stall = |some: f64, full: Option<f64>| {
        let full_percent = full.map(|full| of(full, full));
        Some(Stall { some_percent: of(some, some), full_percent })
    };
    Pressure { cpu: stall(20.0, None), io: stall(4.0, Some(1.5)), memory: stall(0.0, Some(0.0)) }
}

/// What the monitor puts into the record in one second.
pub(crate) fn lines(second: u32, warm_up_s: f64) -> [Line; 4] {
    let t = f64::from(second) - warm_up_s;
    let classes = [("CPU", 2.0), ("Lock", 0.5)];
    let server = ServerRow {
        t,
        length_s: Some(1.0),
        transactions_per_s: Some(966.0),
        cache_hit_ratio: Some(0.998),
        samples: 10,
        sessions: Some(50.0),
        active: Some(2.5),
        // Two seconds of ten, and one.
        checkpoint_active_percent: Some(if second % 10 < 2 { 100.0 } else { 0.0 }),
        autovacuum_active_percent: Some(if second % 10 == 5 { 60.0 } else { 0.0 }),
        // In every other second nobody waits for a lock.
        classes: classes
            .iter()
            .take(1 + second as usize % 2)
            .map(|(class, mean)| ((*class).to_owned(), *mean))
            .collect(),
        ..ServerRow::default()
    };
    let host = HostRow { t, length_s: 1.0, cpu_percent: 71.0, ..HostRow::default() };
    let ours = HostRow { generator: true, cpu_percent: 12.0, ..host.clone() };
    let pooler = PoolerRow { t, samples: 5, clients_waiting: 8.0, ..PoolerRow::default() };
    [Line::Server(server), Line::Host(host), Line::Host(ours), Line::Pooler(pooler)]
}
