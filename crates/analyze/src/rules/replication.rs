//! Standbys and replication slots.

use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Role, fact, said};
use model::database_metrics::ReplicationSlot;
use model::finding::Severity;
use model::units::{bytes, milliseconds};

/// The rules.
pub(super) const RULES: [Rule; 2] = [
    Rule {
        code: "replica_behind",
        category: "replication",
        source: "pgEdge's rule reference: a lag of 30 s or 100 MB",
        judge: behind,
    },
    Rule {
        code: "slot_retention",
        category: "replication",
        source: "pgEdge's rule reference: a slot that keeps more than 1 GB, or whose log is lost",
        judge: retention,
    },
];

/// What a standby may be behind (pgEdge).
const LAG_BYTES: f64 = 100.0 * 1_048_576.0;
const LAG_MS: f64 = 30_000.0;

/// S10: a standby does not follow.
fn behind(facts: &Facts<'_>) -> Ruling {
    let standbys = &facts.section(|it| &it.replication)?.standbys;
    let lag = |it: &model::database_metrics::Standby| {
        (it.replay_lag_bytes.map_or(0.0, |it| it.max), it.replay_lag_ms.map_or(0.0, |it| it.max))
    };
    let late = standbys.iter().filter(|it| lag(it).0 > LAG_BYTES || lag(it).1 > LAG_MS);
    let Some(worst) = late.max_by(|a, b| lag(a).0.total_cmp(&lag(b).0)) else { return Ok(None) };
    // What is far behind in time may be little log, and the other way round.
    let (log, ms) = lag(worst);
    let far = if log > LAG_BYTES { bytes(log) } else { milliseconds(ms) };
    let title = format!("the standby {} is up to {far} behind", worst.application);
    Ok(Some(
        Found::new(Severity::High, Role::Remark, title)
            .seen(worst.replay_lag_bytes.map(|it| {
                fact(
                    format!("up to {} of log not applied", bytes(it.max)),
                    "database_metrics.replication.standbys.replay_lag_bytes.max",
                    it.max,
                )
            }))
            .seen(worst.replay_lag_ms.map(|it| {
                fact(
                    format!("up to {}", milliseconds(it.max)),
                    "database_metrics.replication.standbys.replay_lag_ms.max",
                    it.max,
                )
            }))
            .because("more log is made than the standby receives, writes or applies")
            .advise(
                "look at its disk and network, and at queries there that hold replay up \
                 (max_standby_streaming_delay); expect a failover to lose or wait this long",
                again("replay_lag_bytes stays below 100 MB"),
            ),
    ))
}

/// What a slot may keep (pgEdge).
const RETAINED_BYTES: f64 = 1_073_741_824.0;

/// S10: a slot keeps log for somebody who does not take it.
fn retention(facts: &Facts<'_>) -> Ruling {
    let slots = &facts.section(|it| &it.replication)?.slots;
    if let Some(slot) = slots.iter().find(|it| it.wal_status.as_deref() == Some("lost")) {
        return Ok(Some(lost(slot)));
    }
    let kept = |it: &ReplicationSlot| it.retained_bytes.map_or(0.0, |it| it.max);
    let nearly_lost = |it: &ReplicationSlot| it.wal_status.as_deref() == Some("unreserved");
    let bad = slots.iter().filter(|it| kept(it) > RETAINED_BYTES || nearly_lost(it));
    let Some(worst) = bad.max_by(|a, b| kept(a).total_cmp(&kept(b))) else { return Ok(None) };
    let (name, size) = (&worst.name, bytes(kept(worst)));
    let used = if worst.active { "" } else { ", and nobody uses it" };
    Ok(Some(
        Found::new(
            Severity::High,
            Role::Remark,
            format!("the slot {name} keeps {size} of log{used}"),
        )
        .seen([fact(
            format!("up to {size}, {}", worst.wal_status.as_deref().unwrap_or("status unknown")),
            "database_metrics.replication.slots.retained_bytes.max",
            kept(worst),
        )])
        .because("log that a slot keeps is not removed: the disk may fill up")
        .advise(
            format!(
                "let its consumer catch up, or SELECT pg_drop_replication_slot('{name}'); \
                     max_slot_wal_keep_size limits what slots keep"
            ),
            again("retained_bytes stays small"),
        ),
    ))
}

/// S10 where it is too late: the log is gone.
fn lost(slot: &ReplicationSlot) -> Found {
    let name = &slot.name;
    let title = format!("the slot {name} has lost its log");
    Found::new(Severity::High, Role::Remark, title)
        .seen([said("the server says of its log: lost")])
        .because(
            "more log was written than max_slot_wal_keep_size lets a slot keep: what its consumer \
             had not taken is gone, and it can't go on from where it was",
        )
        .advise(
            format!(
                "make the consumer anew and SELECT pg_drop_replication_slot('{name}'); raise \
                 max_slot_wal_keep_size to keep more next time"
            ),
            again("no slot is lost"),
        )
}
