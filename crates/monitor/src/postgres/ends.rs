//! What is looked at only at both ends: the database's size, and the server's settings.

use super::session::{Session, number, text};
use super::shown::masked;
use model::database_metrics::{DatabaseSize, SettingChange, SettingStats, SettingValue, Unread};
use std::collections::BTreeMap;
use wire::blocking::Param;

/// Settings that our own connection decides.
const OURS: [&str; 2] = ["application_name", "statement_timeout"];

pub(super) fn size(session: &mut Session) -> Result<f64, Unread> {
    let sql = "SELECT pg_database_size(current_database())::float8";
    let rows = session.query("the size of the database", sql, &[])?;
    rows.first()
        .and_then(|row| number(row, 0))
        .ok_or_else(|| Unread::missing("the server does not say the size of the database"))
}

pub(super) fn database_size(begin: f64, end: f64) -> DatabaseSize {
    DatabaseSize {
        begin_bytes: begin as u64,
        end_bytes: end as u64,
        growth_bytes: (end - begin) as i64,
    }
}

/// Every setting that we may see, by name.
pub(super) type Settings = BTreeMap<String, String>;

pub(super) fn settings(session: &mut Session) -> Result<Settings, Unread> {
    let sql = "SELECT name, setting FROM pg_catalog.pg_settings";
    let rows = session.query("settings", sql, &[])?;
    let pair = |row| Some((text(row, 0)?, text(row, 1).unwrap_or_default()));
    let mut settings: Settings = rows.iter().filter_map(pair).collect();
    OURS.iter().for_each(|name| drop(settings.remove(*name)));
    Ok(settings)
}

/// Those that throughput and safety depend on; none that could hold a secret. Beside them all of
/// the families below.
const VALUES: &[&str] = &[
    "bgwriter_delay",
    "bgwriter_lru_maxpages",
    "checkpoint_completion_target",
    "checkpoint_timeout",
    "commit_delay",
    "commit_siblings",
    "compute_query_id",
    "deadlock_timeout",
    "debug_assertions",
    "default_statistics_target",
    "default_transaction_isolation",
    "effective_cache_size",
    "effective_io_concurrency",
    "fsync",
    "full_page_writes",
    "hash_mem_multiplier",
    "hot_standby_feedback",
    "huge_pages",
    "huge_pages_status",
    "idle_in_transaction_session_timeout",
    "io_method",
    "io_workers",
    "lock_timeout",
    "log_duration",
    "log_lock_waits",
    "log_min_duration_statement",
    "log_statement",
    "log_temp_files",
    "maintenance_work_mem",
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_slot_wal_keep_size",
    "max_wal_size",
    "max_worker_processes",
    "min_wal_size",
    "old_snapshot_threshold",
    "plan_cache_mode",
    "random_page_cost",
    "reserved_connections",
    "seq_page_cost",
    "shared_buffers",
    "shared_preload_libraries",
    "superuser_reserved_connections",
    "synchronous_commit",
    "synchronous_standby_names",
    "temp_buffers",
    "temp_file_limit",
    "track_activities",
    "track_counts",
    "track_io_timing",
    "track_wal_io_timing",
    "vacuum_cost_delay",
    "vacuum_cost_limit",
    "wal_buffers",
    "wal_compression",
    "wal_keep_size",
    "wal_level",
    "wal_sync_method",
    "wal_writer_delay",
    "work_mem",
];

/// The values at the end, as the monitor's own session has them.
pub(super) fn values(session: &mut Session) -> Result<BTreeMap<String, SettingValue>, Unread> {
    let sql = "SELECT name, setting, unit, source FROM pg_catalog.pg_settings \
                WHERE name = ANY($1) OR name ~ '^(autovacuum|enable_|jit|max_parallel_|max_wal_s)'";
    let rows = session.query("values of settings", sql, &[Param::TextArray(VALUES)])?;
    let value = |row| {
        let name = text(row, 0)?;
        let value = masked(&name, &text(row, 1)?);
        let source = text(row, 3).unwrap_or_default();
        Some((name, SettingValue { value, unit: text(row, 2), source }))
    };
    Ok(rows.iter().filter_map(value).collect())
}

pub(super) fn changes(begin: &Settings, end: &Settings) -> SettingStats {
    let mut names: Vec<&String> = begin.keys().chain(end.keys()).collect();
    names.sort();
    names.dedup();
    let value = |of: &Settings, name: &str| of.get(name).map(|value| masked(name, value));
    let changed = names.iter().filter(|name| begin.get(**name) != end.get(**name));
    SettingStats {
        compared: names.len() as u64,
        changed: changed
            .map(|name| SettingChange {
                name: (*name).clone(),
                from: value(begin, name),
                to: value(end, name),
            })
            .collect(),
        values: BTreeMap::new(),
    }
}
