//! Standbys and replication slots.

use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Role, fact};
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
    let (log, ms) = lag(worst);
    let title = format!("the standby {} is up to {} behind", worst.application, bytes(log));
    Ok(Some(
        Found::new(Severity::High, Role::Remark, title)
            .seen([
                fact(
                    format!("up to {} of log not applied", bytes(log)),
                    "database_metrics.replication.standbys.replay_lag_bytes.max",
                    log,
                ),
                fact(
                    format!("up to {}", milliseconds(ms)),
                    "database_metrics.replication.standbys.replay_lag_ms.max",
                    ms,
                ),
            ])
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
    let kept =
        |it: &model::database_metrics::ReplicationSlot| it.retained_bytes.map_or(0.0, |it| it.max);
    let lost = |it: &model::database_metrics::ReplicationSlot| {
        matches!(it.wal_status.as_deref(), Some("lost" | "unreserved"))
    };
    let bad = slots.iter().filter(|it| kept(it) > RETAINED_BYTES || lost(it));
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
