//! From two looks and many samples to the sections of a result.

use super::io::{self, Timed};
use super::observed::Observed;
use super::sampled::Sampled;
use super::session::Session;
use super::snapshot::Span;
use super::tables::Tables;
use super::wal::{self, WalLooks};
use super::{database, ends, indexes, plans, statements};
use crate::timeline::round;
use model::database_metrics::{
    DatabaseMetrics, IndexUsage, Section, SettingStats, TableStats, TransactionStats, Unread,
    WalCheckpoints,
};

/// All sections but the monitor's own cost; beside them the execution time of its statements.
pub(super) fn all(
    session: &mut Session,
    span: &Span<'_>,
    observed: &Observed,
) -> (DatabaseMetrics, Option<f64>) {
    let found = span
        .both(|it| &it.look.statements)
        .and_then(|(then, now)| statements::compare(session, now, then));
    let query_plans = plans::section(session, span, found.as_ref().map(|it| &*it.to_explain));
    let (query_performance, own_exec_ms) =
        statements::section(found, span.window(|it| &it.look.statements));
    let index_usage = indexes(session, span);
    let sampled = Sampled::new(session, span, observed);
    let timed = Timed::of(span.begin.settings.ok(), span.end.settings.ok());
    let metrics = DatabaseMetrics {
        query_performance,
        query_plans,
        statements_over_time: None,
        connection_stats: sampled.connection_stats(),
        wait_events: sampled.wait_events(session),
        lock_contention: sampled.locks(),
        transaction_stats: transactions(span),
        buffer_cache: span.section(
            |it| &it.database,
            |then, now| Ok(database::cache(&now.since(then)?, timed.blocks)),
        ),
        temp_files: span
            .section(|it| &it.database, |then, now| Ok(database::temp_files(&now.since(then)?))),
        wal_checkpoints: wal_checkpoints(span, timed, (observed, &session.grant())),
        io: span.section(|it| &it.io, |then, now| io::io_stats((now, then), timed)),
        slru: span.section(|it| &it.slru, |then, now| io::slru_stats(now, then)),
        table_stats: tables(span),
        index_usage,
        database_size: span
            .section(|it| &it.size, |begin, end| Ok(ends::database_size(*begin, *end))),
        vacuum: sampled.vacuum(),
        replication: sampled.replication(),
        settings: settings(session, span),
        pooler: None,
        monitor: Section::default(),
    };
    (metrics, own_exec_ms)
}

/// Sections without a number, for one reason.
pub(crate) fn nothing(unread: &Unread) -> DatabaseMetrics {
    fn section<T>(unread: &Unread) -> Section<T> {
        Section::unread(unread.clone())
    }
    DatabaseMetrics {
        connection_stats: section(unread),
        query_performance: section(unread),
        statements_over_time: None,
        query_plans: section(unread),
        transaction_stats: section(unread),
        lock_contention: section(unread),
        wait_events: section(unread),
        buffer_cache: section(unread),
        wal_checkpoints: section(unread),
        io: section(unread),
        slru: section(unread),
        temp_files: section(unread),
        table_stats: section(unread),
        index_usage: section(unread),
        vacuum: section(unread),
        replication: section(unread),
        database_size: section(unread),
        settings: section(unread),
        pooler: None,
        monitor: section(unread),
    }
}

fn transactions(span: &Span<'_>) -> Section<TransactionStats> {
    let own = span.end.own_since(span.begin);
    let (from_s, _) = span.window(|it| &it.database);
    // The wait for the last counters is in the window, and no load.
    let window_s = span.load_end_s() - from_s;
    let kinds = span.both(|it| &it.conflicts).and_then(|(then, now)| now.since(then));
    let section = span.section(
        |it| &it.database,
        |then, now| {
            let made = database::transactions(&now.since(then)?, &own, window_s);
            let conflicts_by_kind = kinds.as_ref().map(database::kinds).unwrap_or_default();
            Ok(TransactionStats { conflicts_by_kind, ..made })
        },
    );
    let conflicts = section.data().is_some_and(|it| it.conflicts > 0);
    // Where there was none, there is nothing to tell apart.
    section.with_gap(kinds.err().filter(|_| conflicts))
}

fn wal_checkpoints(
    span: &Span<'_>,
    timed: Timed,
    (observed, grant): (&Observed, &str),
) -> Section<WalCheckpoints> {
    let io = span.both(|it| &it.io).ok();
    let looks = WalLooks {
        log: span.both(|it| &it.wal),
        checkpoints: span.both(|it| &it.checkpoints),
        io: io.and_then(|(then, now)| io::wal((now, then))),
        is_timed: timed.wal,
    };
    match wal::section(looks) {
        Ok((mut made, gap)) => {
            let window = span.window(|it| &it.wal);
            // The wait for the last counters is in the window, and no load.
            let window_s = (span.load_end_s() - window.0).max(0.001);
            made.wal_bytes_per_s = made.wal_bytes.map(|bytes| round(bytes as f64 / window_s));
            made.checkpoint_active_percent = observed.tally.checkpoint_percent();
            let mut section = Section::read(made, window);
            section.reason = gap.map(|unread| format!("not all of it: {unread}"));
            section.with_gap(observed.tally.no_checkpointer(grant))
        }
        Err(unread) => Section::unread(unread),
    }
}

fn tables(span: &Span<'_>) -> Section<TableStats> {
    span.section(
        |it| &it.look.tables,
        |earlier, now| {
            not_reset(span)?;
            let (sizes_now, sizes_earlier) = (span.end.sizes.ok(), span.begin.sizes.ok());
            let settings = span.end.settings.ok();
            Ok(Tables { now, earlier, sizes_now, sizes_earlier, settings }.stats())
        },
    )
}

fn indexes(session: &mut Session, span: &Span<'_>) -> Section<IndexUsage> {
    span.section(
        |it| &it.look.indexes,
        |then, now| {
            not_reset(span)?;
            let (tables_then, tables_now) = span.both(|it| &it.look.tables)?;
            indexes::index_usage(session, (now, then), (tables_now, tables_then))
        },
    )
}

/// Settings can be compared over a restart as well: that is when many of them change.
fn settings(session: &mut Session, span: &Span<'_>) -> Section<SettingStats> {
    let mut section = match (span.begin.settings.ok(), span.end.settings.ok()) {
        (Some(begin), Some(end)) => {
            Section::read(ends::changes(begin, end), span.window(|it| &it.settings))
        }
        _ => span.section(|it| &it.settings, |begin, end| Ok(ends::changes(begin, end))),
    };
    if let Some(made) = &mut section.data {
        match ends::values(session) {
            Ok(values) => made.values = values,
            Err(unread) => section.reason = Some(format!("no values: {unread}")),
        }
    }
    section
}

/// `pg_stat_reset()` resets the database's counters and those of all its tables.
fn not_reset(span: &Span<'_>) -> Result<(), Unread> {
    let (then, now) = span.both(|it| &it.database)?;
    now.since(then).map(|_| ())
}
