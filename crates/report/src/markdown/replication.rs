//! Standbys and replication slots, where the server has any.

use super::grid;
use crate::table::{ABSENT, Table};
use model::database_metrics::{DatabaseMetrics, MeanMax, ReplicationSlot, Standby};
use model::units::{bytes, milliseconds};

/// Both tables; nothing on a server that nobody follows.
pub(super) fn text(database: &DatabaseMetrics) -> String {
    let Some(replication) = database.replication.data() else { return String::new() };
    let mut parts = Vec::new();
    if replication.standby {
        parts.push("The server is a standby itself.\n".to_owned());
    }
    let tables = [standbys(&replication.standbys), slots(&replication.slots)];
    parts.extend(tables.iter().filter(|it| !it.is_empty()).map(grid));
    parts.join("\n")
}

fn standbys(standbys: &[Standby]) -> Table {
    let mut table = Table::new(
        ["standby", "state", "commits", "not sent", "not safe", "not applied", "applied after"],
        3,
    );
    table.rows.extend(standbys.iter().map(|it| {
        vec![
            it.application.clone(),
            text_or_absent(it.state.as_ref()),
            text_or_absent(it.sync_state.as_ref()),
            both(it.sent_lag_bytes, bytes),
            both(it.flush_lag_bytes, bytes),
            both(it.replay_lag_bytes, bytes),
            both(it.replay_lag_ms, milliseconds),
        ]
    }));
    table
}

fn slots(slots: &[ReplicationSlot]) -> Table {
    let mut table = Table::new(["slot", "kind", "in use", "its log", "log kept for it"], 4);
    table.rows.extend(slots.iter().map(|it| {
        vec![
            it.name.clone(),
            it.kind.clone(),
            if it.active { "yes" } else { "no" }.to_owned(),
            text_or_absent(it.wal_status.as_ref()),
            both(it.retained_bytes, bytes),
        ]
    }));
    table
}

fn text_or_absent(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| ABSENT.to_owned())
}

/// `1.2 MiB, at most 30 MiB`.
fn both(of: Option<MeanMax>, show: fn(f64) -> String) -> String {
    of.map_or_else(
        || ABSENT.to_owned(),
        |it| format!("{}, at most {}", show(it.mean), show(it.max)),
    )
}
