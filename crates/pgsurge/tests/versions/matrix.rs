//! One version: its server, the loads on it, and what its sections must have.

use crate::provoke;
use crate::running::Load;
use crate::server::Place;
use model::database_metrics::{DatabaseMetrics, Section, Status};
use model::run_result::RunResult;
use servers::{Environment, Postgres, PostgresOptions};
use std::fmt::Debug;
use std::path::Path;

/// Where the first columns of something came, and none before.
struct Since(u32);

/// A server of one version.
pub struct Version {
    major: u32,
    server: Postgres,
}

impl Version {
    pub fn start(major: u32) -> Version {
        // Beside the folder that cargo makes for the files of tests.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let home = target.join(format!("postgres-versions/{major}"));
        assert!(
            home.join("installed").is_file(),
            "PostgreSQL {major} is not in {}: run scripts/install-versions",
            home.display()
        );
        let settings = [
            ("shared_buffers", "16MB"),
            ("track_io_timing", "on"),
            ("pg_stat_statements.track_planning", "on"),
        ];
        let settings = settings.iter().filter(|(name, _)| major > 12 || !name.contains("planning"));
        let settings = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let options = PostgresOptions {
            bin_dir: Some(home.join("bin")),
            settings: settings.collect(),
            ..PostgresOptions::default()
        };
        let server = Postgres::start(&Environment::from_pairs(std::env::vars_os()), &options);
        let server = server.unwrap();
        assert_eq!((server.major_version(), server.has_pg_stat_statements()), (major, true));
        Version { major, server }
    }

    /// A short run of a workload that must be without a fault: long enough that what the set-up did
    /// last, which some versions count up to a second late, is a small part of it.
    fn run(&self, workload: &str) -> RunResult {
        let url = format!("{}?sslmode=disable", self.server.url());
        let load = if workload == "hokm" { Load::hokm(&url) } else { Load::at(&url) };
        let load = load.watched().args(&format!("--workload {workload} --rate 200"));
        let ended = load.args("--connections 4 --warm-up 0 --duration 4s").run();
        let result = ended.result();
        let actions = &result.load_metrics.all_actions;
        assert!(actions.failed == 0 && actions.succeeded > 100, "{workload}: {actions:?}");
        result
    }

    /// pgbench's three run, and each is counted by the server as we count it.
    pub fn carries_pgbench(&self) {
        for workload in ["select-only", "simple-update", "tpcb-like"] {
            let result = self.run(workload);
            let seen = result.database_metrics.unwrap();
            let counted = ok("transactions", &seen.transaction_stats).commits as f64;
            let ours = result.load_metrics.all_actions.succeeded as f64;
            assert!((counted / ours - 1.0).abs() < 0.2, "{workload}: {counted}, by us {ours}");
        }
    }

    /// Every section that this version has is there, and every number in it that it counts.
    pub fn tells_all_it_has(&self) {
        let result = self.run("hokm");
        let seen = result.database_metrics.unwrap();
        self.statements(&seen);
        self.storage(&seen);
        let sessions = ok("sessions", &seen.connection_stats);
        assert!(sessions.by_state.contains_key("idle"), "{sessions:?}");
        self.has(Since(18), "parallel workers", sessions.parallel_workers_planned);
        assert!(ok("waits", &seen.wait_events).samples > 10);
        assert_eq!(ok("locks", &seen.lock_contention).deadlocks, Some(0));
        assert!(ok("tables", &seen.table_stats).tables.iter().any(|it| it.rows_inserted > 0));
        assert!(ok("indexes", &seen.index_usage).indexes.iter().any(|it| it.scans > 0));
        assert!(ok("settings", &seen.settings).compared > 200);
        assert!(ok("cost", &seen.monitor).statements_failed == 0, "{:?}", seen.monitor);
    }

    /// What a test does to it is what the monitor counts.
    pub fn counts_what_is_provoked(&self) {
        let place = Place::of(&self.server, self.server.database());
        provoke::storage(&place);
        provoke::relations(&place);
        provoke::sessions(&place);
        provoke::replication(&place);
        provoke::plans(&place);
        provoke::checkpoint(&place);
        provoke::jit(&place);
        provoke::workers(&place);
    }

    fn statements(&self, seen: &DatabaseMetrics) {
        let queries = ok("statements", &seen.query_performance);
        let top = &queries.statements[0];
        assert!(top.text.is_some() && top.calls > 0, "{top:?}");
        assert!(queries.total_exec_time_ms > 0.0, "{queries:?}");
        self.has(Since(13), "planning", queries.total_plan_time_ms);
        self.has(Since(13), "WAL of a statement", top.wal_bytes);
        self.has(Since(12), "blocks of a statement", top.blocks_hit);
        self.has(Since(15), "JIT of a statement", top.total_jit_time_ms);
    }

    fn storage(&self, seen: &DatabaseMetrics) {
        let cache = ok("cache", &seen.buffer_cache);
        self.has(Since(12), "hit ratio", cache.hit_ratio);
        self.has(Since(12), "time of reads", cache.read_time_ms);
        let wal = ok("WAL", &seen.wal_checkpoints);
        self.has(Since(12), "WAL", wal.wal_bytes);
        self.has(Since(14), "WAL records", wal.wal_records);
        self.has(Since(14), "full WAL buffers", wal.wal_buffers_full);
        self.has(Since(14), "writes of WAL", wal.wal_writes);
        self.has(Since(14), "syncs of WAL", wal.wal_syncs);
        self.has(Since(12), "buffers of checkpoints", wal.buffers_checkpoint);
        self.has(Since(12), "time of checkpoints", wal.checkpoint_write_ms);
        self.has(Since(12), "checkpoints at work", wal.checkpoint_active_percent);
        assert_eq!(ok("temporary files", &seen.temp_files).files, 0);
        assert!(ok("size", &seen.database_size).end_bytes > 1_000_000);
    }

    #[track_caller]
    fn has<T: Debug>(&self, since: Since, what: &str, number: Option<T>) {
        let major = self.major;
        assert_eq!(number.is_some(), major >= since.0, "{what} of version {major}: {number:?}");
    }
}

#[track_caller]
fn ok<'a, T: Debug>(what: &str, section: &'a Section<T>) -> &'a T {
    assert_eq!(section.status, Status::Ok, "{what}: {section:?}");
    section.data().unwrap()
}
