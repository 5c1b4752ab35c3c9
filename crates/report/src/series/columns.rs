//! Which series a run has: a table of names and where their values stand in a line.

use model::histogram::Histogram;
use model::series::{ActionRow, HostRow, IntervalRow, PoolerRow, ServerRow, StatementRow};

/// One series of numbers from rows of type `R`.
pub(super) struct Column<R: 'static> {
    pub(super) metric: &'static str,
    pub(super) unit: &'static str,
    pub(super) value: fn(&R) -> Option<f64>,
}

/// A histogram in rows of type `R`, and the series that are made from it.
pub(super) struct Texts<R: 'static> {
    /// The metric without its unit (`response_time`).
    pub(super) metric: &'static str,
    pub(super) value: fn(&R) -> Option<&str>,
}

/// The percentiles that are made from every histogram, so that a reader without an HDR library
/// can still draw a chart.
pub(super) const QUANTILES: [(&str, f64); 4] =
    [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)];

/// Those of one histogram, in ms; none where the text is no histogram.
pub(super) fn quantiles(text: &str) -> Option<[f64; 4]> {
    let histogram = Histogram::<u64>::from_base64(text)?;
    let mut values = [0.0; 4];
    for (value, (_, quantile)) in values.iter_mut().zip(QUANTILES) {
        *value = (histogram.quantile_ms(quantile)? * 1000.0).round() / 1000.0;
    }
    Some(values)
}

macro_rules! column {
    ($metric:literal, $unit:literal, $value:expr) => {
        Column { metric: $metric, unit: $unit, value: $value }
    };
}

/// Of the whole run, every interval.
pub(super) const INTERVAL: [Column<IntervalRow>; 22] = [
    column!("interval_s", "s", |row| Some(row.length_s)),
    column!("slots_offered", "count", |row| row.offered),
    column!("behind_s", "s", |row| row.behind_s),
    column!("actions_scheduled", "count", |row| Some(row.scheduled as f64)),
    column!("actions_succeeded", "count", |row| Some(row.succeeded as f64)),
    column!("actions_failed", "count", |row| Some(row.failed as f64)),
    column!("actions_unknown", "count", |row| Some(row.unknown as f64)),
    column!("actions_skipped", "count", |row| Some(row.skipped as f64)),
    column!("actions_unfinished", "count", |row| Some(row.unfinished as f64)),
    column!("action_retries", "count", |row| Some(row.retries as f64)),
    column!("statements_answered", "count", |row| Some(row.statements as f64)),
    column!("statements_failed", "count", |row| Some(row.statements_failed as f64)),
    column!("rows", "count", |row| Some(row.rows as f64)),
    column!("connections_usable", "count", |row| Some(row.connected as f64)),
    column!("connections_in_use_max", "count", |row| Some(row.in_use_max as f64)),
    column!("connections_idle_mean", "count", |row| Some(row.idle_mean)),
    column!("connects", "count", |row| Some(row.connects as f64)),
    column!("connects_failed", "count", |row| Some(row.connects_failed as f64)),
    column!("connections_lost", "count", |row| Some(row.lost as f64)),
    column!("generator_cpu_ms", "ms", |row| Some(row.cpu_ms)),
    column!("generator_turn_max_ms", "ms", |row| row.turn_max_ms),
    column!("lateness_p99_ms", "ms", |row| row.lateness_p99_ms),
];

/// The one histogram of the whole run.
pub(super) const INTERVAL_TEXTS: [Texts<IntervalRow>; 1] =
    [Texts { metric: "response_time", value: |row| row.response_time.as_deref() }];

/// Of the server, every second. What is of one second of it has its length beside it.
pub(super) const SERVER: [Column<ServerRow>; 24] = [
    column!("server_interval_s", "s", |row| row.length_s),
    column!("server_transactions_per_s", "per_s", |row| row.transactions_per_s),
    column!("server_rollbacks_per_s", "per_s", |row| row.rollbacks_per_s),
    column!("server_deadlocks", "count", |row| row.deadlocks),
    column!("server_cache_hit_ratio", "ratio", |row| row.cache_hit_ratio),
    column!("server_blocks_read_per_s", "per_s", |row| row.blocks_read_per_s),
    column!("server_blocks_hit_per_s", "per_s", |row| row.blocks_hit_per_s),
    column!("server_temp_bytes_per_s", "per_s", |row| row.temp_bytes_per_s),
    column!("server_rows_read_per_s", "per_s", |row| row.rows_read_per_s),
    column!("server_rows_changed_per_s", "per_s", |row| row.rows_changed_per_s),
    column!("server_wal_bytes_per_s", "per_s", |row| row.wal_bytes_per_s),
    column!("server_wal_full_page_images_per_s", "per_s", |row| row.wal_full_page_images_per_s),
    column!("server_checkpoints", "count", |row| row.checkpoints),
    column!("server_buffers_written_per_s", "per_s", |row| row.buffers_written_per_s),
    column!("server_io_reads_per_s", "per_s", |row| row.io_reads_per_s),
    column!("server_io_writes_per_s", "per_s", |row| row.io_writes_per_s),
    column!("server_io_fsyncs_per_s", "per_s", |row| row.io_fsyncs_per_s),
    column!("server_session_samples", "count", |row| Some(row.samples as f64)),
    column!("server_sessions", "count", |row| row.sessions),
    column!("server_connection_usage_percent", "percent", |row| row.connection_usage_percent),
    column!("server_active_sessions", "count", |row| row.active),
    column!("server_idle_in_transaction_sessions", "count", |row| row.idle_in_transaction),
    column!("server_checkpoint_active_percent", "percent", |row| row.checkpoint_active_percent),
    column!("server_autovacuum_active_percent", "percent", |row| row.autovacuum_active_percent),
];

/// Active sessions by class of wait.
pub(super) const SERVER_CLASS: &str = "server_active_sessions_by_wait";

/// Of the pooler in front of the server, every second.
pub(super) const POOLER: [Column<PoolerRow>; 6] = [
    column!("pooler_samples", "count", |row| Some(row.samples as f64)),
    column!("pooler_clients_active", "count", |row| Some(row.clients_active)),
    column!("pooler_clients_waiting", "count", |row| Some(row.clients_waiting)),
    column!("pooler_servers_active", "count", |row| Some(row.servers_active)),
    column!("pooler_servers_idle", "count", |row| Some(row.servers_idle)),
    column!("pooler_wait_max_ms", "ms", |row| Some(row.wait_max_ms)),
];

/// Of a machine, every second.
pub(super) const HOST: [Column<HostRow>; 20] = [
    column!("host_interval_s", "s", |row| Some(row.length_s)),
    column!("host_cpu_percent", "percent", |row| Some(row.cpu_percent)),
    column!("host_cpu_user_percent", "percent", |row| Some(row.user_percent)),
    column!("host_cpu_system_percent", "percent", |row| Some(row.system_percent)),
    column!("host_cpu_iowait_percent", "percent", |row| Some(row.iowait_percent)),
    column!("host_cpu_steal_percent", "percent", |row| Some(row.steal_percent)),
    column!("host_run_queue", "count", |row| row.run_queue),
    column!("host_memory_percent", "percent", |row| row.memory_percent),
    column!("host_load_average_1m", "count", |row| row.load_average_1m),
    column!("host_swap_in_pages_per_s", "per_s", |row| row.swap_in_pages_per_s),
    column!("host_disk_utilisation_percent", "percent", |row| row.disk_utilisation_percent),
    column!("host_disk_read_bytes_per_s", "per_s", |row| row.disk_read_bytes_per_s),
    column!("host_disk_written_bytes_per_s", "per_s", |row| row.disk_written_bytes_per_s),
    column!("host_network_received_bytes_per_s", "per_s", |row| row.network_received_bytes_per_s),
    column!("host_network_sent_bytes_per_s", "per_s", |row| row.network_sent_bytes_per_s),
    column!("host_cpu_pressure_percent", "percent", |row| row.cpu_pressure_percent),
    column!("host_io_pressure_percent", "percent", |row| row.io_pressure_percent),
    column!("host_memory_pressure_percent", "percent", |row| row.memory_pressure_percent),
    column!("host_server_cpu_percent", "percent", |row| row.server_cpu_percent),
    column!("host_generator_cpu_percent", "percent", |row| row.generator_cpu_percent),
];

/// Of one action, every window.
pub(super) const ACTION: [Column<ActionRow>; 5] = [
    column!("interval_s", "s", |row| Some(row.length_s)),
    column!("actions_scheduled", "count", |row| Some(row.scheduled as f64)),
    column!("actions_succeeded", "count", |row| Some(row.succeeded as f64)),
    column!("actions_failed", "count", |row| Some(row.failed as f64)),
    column!("action_retries", "count", |row| Some(row.retries as f64)),
];

/// What is kept of an action over time is what users felt: one histogram of it, as of every
/// other operation, or an hour would not fit into 30 MB.
pub(super) const ACTION_TEXTS: [Texts<ActionRow>; 1] =
    [Texts { metric: "response_time", value: |row| row.response_time.as_deref() }];

/// Of one statement, every window.
pub(super) const STATEMENT: [Column<StatementRow>; 4] = [
    column!("interval_s", "s", |row| Some(row.length_s)),
    column!("statements_answered", "count", |row| Some(row.count as f64)),
    column!("statements_failed", "count", |row| Some(row.failed as f64)),
    column!("rows", "count", |row| Some(row.rows as f64)),
];

/// Its histogram.
pub(super) const STATEMENT_TEXTS: [Texts<StatementRow>; 1] =
    [Texts { metric: "service_time", value: |row| row.service_time.as_deref() }];
