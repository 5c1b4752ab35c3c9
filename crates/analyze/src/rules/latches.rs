//! Lightweight locks: short waits for the server's own structures in shared memory.

use super::waiting::waiting;
use super::{Rule, Ruling, again};
use crate::diagnosis::Facts;

/// The rules.
pub(super) const RULES: [Rule; 6] = [
    Rule {
        code: "lock_manager",
        category: "locks",
        source: "Amazon RDS, wait event LWLock:LockManager; the share of busy sessions is our \
                 limit",
        judge: lock_manager,
    },
    Rule {
        code: "hot_page",
        category: "locks",
        source: "Amazon RDS, wait event LWLock:BufferContent; the share of busy sessions is our \
                 limit",
        judge: hot_page,
    },
    Rule {
        code: "wal_insert",
        category: "wal",
        source: "PostgreSQL manual, wait event LWLock:WALInsert; the share of busy sessions is our \
                 limit",
        judge: wal_insert,
    },
    Rule {
        code: "snapshot_contention",
        category: "connections",
        source: "Amazon RDS, wait event IPC:ProcArrayGroupUpdate; the share of busy sessions is \
                 our \
                 limit",
        judge: snapshots,
    },
    Rule {
        code: "buffer_mapping",
        category: "memory",
        source: "Amazon RDS, wait event LWLock:BufferMapping; the share of busy sessions is our \
                 limit",
        judge: buffer_mapping,
    },
    Rule {
        code: "slru_contention",
        category: "transactions",
        source: "Amazon RDS, wait events LWLock:SubtransSLRU and the like; the share of busy \
                 sessions is our limit",
        judge: slru,
    },
];

/// Structures in memory are held for microseconds: from a twentieth of the time on they are a
/// queue.
const QUEUE_PERCENT: f64 = 5.0;

/// L4: the table of locks, when a statement takes more than the fast path holds.
fn lock_manager(facts: &Facts<'_>) -> Ruling {
    let title = "sessions queue for the server's table of locks";
    let found = waiting(facts, &["LWLock:LockManager"], QUEUE_PERCENT, title)?;
    Ok(found.map(|found| {
        found
            .because(
                "statements lock more tables and indexes than a session's fast path holds (16 up \
                 to version 17, more with max_locks_per_transaction since 18): the rest goes \
                 through a table that all share",
            )
            .advise(
                "touch fewer relations per statement: prune partitions, drop indexes that nobody \
                 uses, prepare statements, and let fewer sessions run at once (a pooler)",
                again("the share of LWLock:LockManager falls below 5 %"),
            )
    }))
}

/// L5: one page in memory that everybody changes.
fn hot_page(facts: &Facts<'_>) -> Ruling {
    let title = "sessions queue for the same pages in memory";
    let found = waiting(facts, &["LWLock:BufferContent"], QUEUE_PERCENT, title)?;
    Ok(found.map(|found| {
        found
            .because(
                "many sessions change the same pages at once: the last leaf of an index on a \
                 growing key, a small table, the parent of foreign keys",
            )
            .advise(
                "drop indexes that nobody uses, spread what grows at one end (hash partitions, a \
                 random key), fillfactor for small hot tables, CACHE for sequences",
                again("the share of LWLock:BufferContent falls below 5 %"),
            )
    }))
}

/// L6: copying into the log's buffers.
fn wal_insert(facts: &Facts<'_>) -> Ruling {
    let events = &["LWLock:WALInsert", "LWLock:WALBufMapping"];
    let title = "sessions queue to put their changes into the log";
    let found = waiting(facts, events, QUEUE_PERCENT, title)?;
    Ok(found.map(|found| {
        found.because("more log is made than its insertion locks and buffers let through").advise(
            "make less log: fewer indexes, COPY and multi-row INSERT, rarer checkpoints, \
                 wal_compression; wal_buffers = 64MB",
            again("the share of LWLock:WALInsert falls below 5 %"),
        )
    }))
}

/// L7: the list of running transactions.
fn snapshots(facts: &Facts<'_>) -> Ruling {
    let events = &["LWLock:ProcArray", "IPC:ProcArrayGroupUpdate", "LWLock:XidGen"];
    let title = "sessions queue for the list of running transactions";
    let found = waiting(facts, events, QUEUE_PERCENT, title)?;
    Ok(found.map(|found| {
        found
            .because("many sessions begin and end transactions at once, and all read the same list")
            .advise(
                "let fewer sessions run at once (a pooler); version 14 and later make this cheaper",
                again("the share of LWLock:ProcArray falls below 5 %"),
            )
    }))
}

/// M4: pages come and go.
fn buffer_mapping(facts: &Facts<'_>) -> Ruling {
    let title = "sessions queue to bring pages into shared_buffers";
    let found = waiting(facts, &["LWLock:BufferMapping"], QUEUE_PERCENT, title)?;
    let now = facts.setting("shared_buffers").map(|it| format!(" (now {it})"));
    let now = now.unwrap_or_default();
    Ok(found.map(|found| {
        found
            .because("pages are thrown out and read in again faster than the map of them allows")
            .advise(
                format!(
                    "read fewer pages (indexes for what scans whole tables) or raise \
                     shared_buffers{now}"
                ),
                again("the share of LWLock:BufferMapping falls below 5 %"),
            )
    }))
}

/// W11: caches of transaction states.
fn slru(facts: &Facts<'_>) -> Ruling {
    let events =
        &["LWLock:Subtrans*", "LWLock:MultiXact*", "LWLock:Xact*", "LWLock:CommitTs*", "IO:SLRU*"];
    let title = "sessions queue for the states of old transactions";
    let found = waiting(facts, events, QUEUE_PERCENT, title)?;
    Ok(found.map(|found| {
        found
            .because(
                "more than 64 savepoints in a transaction, or rows that many transactions lock \
                 FOR SHARE (foreign keys do), are looked up in small caches on disk",
            )
            .advise(
                "use fewer savepoints per transaction, lock fewer rows FOR SHARE; since version 17 \
                 subtransaction_buffers and multixact_*_buffers make the caches larger",
                again("the share of LWLock:Subtrans*, MultiXact* and Xact* falls below 5 %"),
            )
    }))
}
