//! From two looks and many samples to the sections of a result.

use super::activity::Tally;
use super::session::Session;
use super::snapshot::Span;
use super::{database, ends, relations, statements, wal};
use model::database_metrics::{
    DatabaseMetrics, LockContention, LockMoment, Section, Unread, WalCheckpoints,
};

/// All sections but the monitor's own cost; beside them the execution time of its statements.
pub(super) fn all(
    session: &mut Session,
    span: &Span<'_>,
    tally: &Tally,
    worst: Option<LockMoment>,
) -> (DatabaseMetrics, Option<f64>) {
    let found = span
        .both(|it| &it.statements)
        .and_then(|(then, now)| statements::compare(session, now, then));
    let (query_performance, own_exec_ms) =
        statements::section(found, span.window(|it| &it.statements));
    let user = session.user().to_owned();
    let sampled = |window| -> Result<(f64, f64), Unread> {
        match tally.samples {
            0 => Err(session.no_samples()),
            _ => Ok(window),
        }
    };
    let window = span.sampled_window();
    let slots = span.end.slots.ok().or(span.begin.slots.ok()).copied();
    let connection_stats = match (sampled(window), slots) {
        (Ok(window), Some(slots)) => Section::read(tally.connection_stats(slots), window),
        (Err(unread), _) => Section::unread(unread),
        (_, None) => Section::unread(Unread::missing("the server does not say its slots")),
    };
    let wait_events = match sampled(window) {
        Ok(window) => Section::read(tally.wait_events(), window).with_gap(tally.gap(&user)),
        Err(unread) => Section::unread(unread),
    };
    let timed = |it: &ends::Settings| it.get("track_io_timing").is_some_and(|it| it == "on");
    let is_timed = [span.begin, span.end].iter().all(|it| it.settings.ok().is_some_and(timed));
    let own = span.end.own_since(span.begin);
    let counted = span.window(|it| &it.database);
    let metrics = DatabaseMetrics {
        query_performance,
        connection_stats: connection_stats.with_gap(tally.gap(&user)),
        wait_events,
        lock_contention: locks(span, tally, sampled(window), worst),
        transaction_stats: span.section(
            |it| &it.database,
            |then, now| {
                // The wait for the last counters is in the window, and no load.
                let window_s = span.load_end_s() - counted.0;
                Ok(database::transactions(&now.since(then)?, &own, window_s))
            },
        ),
        buffer_cache: span.section(
            |it| &it.database,
            |then, now| Ok(database::cache(&now.since(then)?, is_timed)),
        ),
        temp_files: span
            .section(|it| &it.database, |then, now| Ok(database::temp_files(&now.since(then)?))),
        wal_checkpoints: wal_checkpoints(span),
        table_stats: span.section(
            |it| &it.tables,
            |then, now| {
                not_reset(span)?;
                Ok(relations::table_stats(now, then))
            },
        ),
        index_usage: span.section(
            |it| &it.indexes,
            |then, now| {
                not_reset(span)?;
                let (tables_then, tables_now) = span.both(|it| &it.tables)?;
                Ok(relations::index_usage((now, then), (tables_now, tables_then)))
            },
        ),
        database_size: span
            .section(|it| &it.size, |begin, end| Ok(ends::database_size(*begin, *end))),
        settings: settings(span),
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
        transaction_stats: section(unread),
        lock_contention: section(unread),
        wait_events: section(unread),
        buffer_cache: section(unread),
        wal_checkpoints: section(unread),
        temp_files: section(unread),
        table_stats: section(unread),
        index_usage: section(unread),
        database_size: section(unread),
        settings: section(unread),
        monitor: section(unread),
    }
}

fn locks(
    span: &Span<'_>,
    tally: &Tally,
    sampled: Result<(f64, f64), Unread>,
    worst: Option<LockMoment>,
) -> Section<LockContention> {
    let window = match sampled {
        Ok(window) => window,
        Err(unread) => return Section::unread(unread),
    };
    let counters = span.both(|it| &it.database).and_then(|(then, now)| now.since(then));
    let contention = LockContention {
        samples: tally.samples,
        waiting_sessions: tally.waiting_sessions(),
        deadlocks: counters.as_ref().ok().and_then(database::deadlocks),
        worst,
    };
    let mut section = Section::read(contention, window);
    section.reason = counters.err().map(|unread| format!("no deadlocks: {unread}"));
    section
}

fn wal_checkpoints(span: &Span<'_>) -> Section<WalCheckpoints> {
    span.section(
        |it| &it.checkpoints,
        |then, now| {
            let (wal_then, wal_now) = span.both(|it| &it.wal)?;
            wal::section((wal_now, wal_then), (now, then))
        },
    )
}

/// Settings can be compared over a restart as well: that is when many of them change.
fn settings(span: &Span<'_>) -> Section<model::database_metrics::SettingStats> {
    match (span.begin.settings.ok(), span.end.settings.ok()) {
        (Some(begin), Some(end)) => {
            Section::read(ends::changes(begin, end), span.window(|it| &it.settings))
        }
        _ => span.section(|it| &it.settings, |begin, end| Ok(ends::changes(begin, end))),
    }
}

/// `pg_stat_reset()` resets the database's counters and those of all its tables.
fn not_reset(span: &Span<'_>) -> Result<(), Unread> {
    let (then, now) = span.both(|it| &it.database)?;
    now.since(then).map(|_| ())
}
