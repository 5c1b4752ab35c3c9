//! What active sessions waited for, by event and by statement.

use super::{grid, shortened};
use crate::table::Table;
use model::database_metrics::{DatabaseMetrics, WaitEvent, WaitEvents};
use model::units::{decimal, percent};

/// How many events are shown: what is beyond is noise beside them.
const EVENTS: usize = 10;
/// How many statements.
const STATEMENTS: usize = 5;
/// How many events of each statement.
const EVENTS_OF_STATEMENT: usize = 2;

/// Both tables; nothing where no session was active.
pub(super) fn text(database: &DatabaseMetrics) -> String {
    let Some(waits) = database.wait_events.data() else { return String::new() };
    let tables = [by_event(waits), by_statement(waits)];
    let tables = tables.iter().filter(|it| !it.is_empty()).map(grid);
    tables.collect::<Vec<_>>().join("\n")
}

fn by_event(waits: &WaitEvents) -> Table {
    let mut table = Table::new(["sessions waited for", "sessions on average", "share"], 1);
    table.rows.extend(
        waits
            .events
            .iter()
            .take(EVENTS)
            .map(|it| vec![name(it), mean(it.active_sessions), share(it.active_sessions, waits)]),
    );
    table
}

fn by_statement(waits: &WaitEvents) -> Table {
    let mut table = Table::new(["statement", "most of it", "sessions on average", "share"], 2);
    let statements = waits.by_statement.as_deref().unwrap_or_default();
    table.rows.extend(statements.iter().take(STATEMENTS).map(|it| {
        let text = it.text.as_deref().map(shortened);
        let most = it.events.iter().take(EVENTS_OF_STATEMENT);
        let most = most.map(|it| format!("{} {}", name(it), mean(it.active_sessions)));
        vec![
            text.unwrap_or_else(|| format!("queryid {}", it.queryid)),
            most.collect::<Vec<_>>().join(", "),
            mean(it.active_sessions),
            share(it.active_sessions, waits),
        ]
    }));
    table
}

/// `IO:WALSync`; without a wait a session runs.
fn name(event: &WaitEvent) -> String {
    match event.class == event.event {
        true => format!("{} (no wait)", event.class),
        false => format!("{}:{}", event.class, event.event),
    }
}

/// Two decimals: a tenth of a session is much on an idle server.
fn mean(sessions: f64) -> String {
    if sessions < 1.0 { format!("{sessions:.2}") } else { decimal(sessions) }
}

fn share(sessions: f64, waits: &WaitEvents) -> String {
    match waits.active_sessions.mean {
        all if all > 0.0 => percent(sessions * 100.0 / all),
        _ => percent(0.0),
    }
}
