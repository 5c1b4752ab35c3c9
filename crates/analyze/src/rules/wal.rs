//! The write-ahead log and checkpoints.

use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Role, fact, said};
use model::finding::Severity;
use model::units::{bytes, decimal, percent};

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "wal_sync",
    category: "wal",
    source: "Amazon RDS, wait event IO:WALWrite; PostgreSQL manual, \"WAL Configuration\"; the \
             share of busy sessions is our limit",
    judge: sync,
}];

/// From this share of the busy time on, commits wait for the disk more than a little.
const SYNC_PERCENT: f64 = 20.0;

/// W1: commits wait until the log is on disk.
fn sync(facts: &Facts<'_>) -> Ruling {
    let waits = facts.waits()?;
    let events = &["IO:WALSync", "IO:WALWrite", "LWLock:WALWrite"];
    let Some(share) = waits.share(events, SYNC_PERCENT) else { return Ok(None) };
    let severity = if facts.is_pressed() { Severity::High } else { Severity::Medium };
    let title = format!(
        "commits wait for the write-ahead log to reach the disk: {} of the busy time",
        percent(share.percent)
    );
    let events = share.events.iter().map(|(name, n)| format!("{name} {n:.2}"));
    let events: Vec<String> = events.collect();
    let stats = facts.section(|it| &it.transaction_stats).ok();
    let log = facts.section(|it| &it.wal_checkpoints).ok().and_then(|it| it.wal_bytes);
    let per_commit = stats.zip(log).filter(|(it, _)| it.commits > 0).map(|(it, wal)| {
        let each = wal as f64 / it.commits as f64;
        fact(
            format!(
                "{} of log per commit, {} commits/s",
                bytes(each),
                decimal(it.transactions_per_s)
            ),
            "database_metrics.wal_checkpoints.wal_bytes",
            wal as f64,
        )
    });
    Ok(Some(
        Found::new(severity, Role::Cause, title)
            .explains(share.percent / 100.0)
            .sure(share.confidence)
            .seen([fact(
                format!("{} sessions waited for it on average", decimal(share.sessions)),
                "database_metrics.wait_events.events",
                share.sessions,
            )])
            .seen([said(format!("sessions in each: {}", events.join(", ")))])
            .seen(per_commit)
            .within(waits.window)
            .because(
                "each commit is answered when its log is on disk: the disk's time to sync is the \
                 floor of every transaction that writes",
            )
            .advise(
                "put more work into each transaction, put pg_wal on a faster disk (pg_test_fsync \
                 measures it), try commit_delay with many connections, or set \
                 synchronous_commit = off for transactions whose last moments may be lost",
                again("the share of IO:WalSync and LWLock:WALWrite falls, throughput rises"),
            ),
    ))
}
