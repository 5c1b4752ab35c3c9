//! `pg_stat_database` of the database under load: transactions, rows, blocks, temporary files.

use super::catalogue::{Wanted, wanted};
use super::counters::Counters;
use super::session::{Cost, Session};
use crate::timeline::round;
use model::database_metrics::{BufferCache, ConnectionStats, TempFiles, TransactionStats, Unread};
use model::series::ServerRow;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const VIEW: &str = "pg_stat_database";
const COLUMNS: &[Wanted] = &wanted![
    "xact_commit",
    "xact_rollback",
    "blks_read",
    "blks_hit",
    "tup_returned",
    "tup_fetched",
    "tup_inserted",
    "tup_updated",
    "tup_deleted",
    "conflicts",
    "temp_files",
    "temp_bytes",
    "deadlocks",
    "blk_read_time",
    "blk_write_time",
    // Since version 14.
    "sessions",
    "sessions_abandoned",
    "sessions_fatal",
    "sessions_killed",
    // Since version 18.
    "parallel_workers_to_launch",
    "parallel_workers_launched",
];

pub(super) fn read(session: &mut Session) -> Result<Counters, Unread> {
    Counters::read(session, VIEW, COLUMNS, "WHERE datname = current_database()")
}

/// What statements of a standby collided over with its recovery.
const CONFLICTS: &[Wanted] = &wanted![
    "confl_tablespace",
    "confl_lock",
    "confl_snapshot",
    "confl_bufferpin",
    "confl_deadlock",
    "confl_active_logicalslot",
];

pub(super) fn conflicts(session: &mut Session) -> Result<Counters, Unread> {
    let here = "WHERE datname = current_database()";
    Counters::read(session, "pg_stat_database_conflicts", CONFLICTS, here)
}

/// Those that were, by kind.
pub(super) fn kinds(added: &Counters) -> BTreeMap<String, u64> {
    let kinds = CONFLICTS.iter().filter_map(|it| Some((it.name, added.whole(it.name)?)));
    let named = |(name, count): (&str, u64)| (name.trim_start_matches("confl_").to_owned(), count);
    kinds.filter(|(_, count)| *count > 0).map(named).collect()
}

/// How long a server may take to tell of a new database; up to version 14 that is about half a
/// second after it was used for the first time (`PGSTAT_STAT_INTERVAL`).
const UNTIL_TOLD: Duration = Duration::from_secs(2);
/// How often it is asked meanwhile.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Waits until the server has told of this database: before that its row is zeros, and counters
/// that begin in the middle of a window can't be compared with anything.
pub(super) fn wait_until_told(session: &mut Session) {
    let give_up = Instant::now() + UNTIL_TOLD;
    while read(session).is_ok_and(|counters| !counters.has_begun()) && Instant::now() < give_up {
        std::thread::sleep(ASK_EVERY);
    }
}

/// Transactions of a window of so many seconds. `own` is what the monitor's statements were in
/// it: each is a transaction of its own.
pub(super) fn transactions(added: &Counters, own: &Cost, window_s: f64) -> TransactionStats {
    let commits = added.count("xact_commit").saturating_sub(own.commits());
    let rollbacks = added.count("xact_rollback").saturating_sub(own.failed);
    TransactionStats {
        commits,
        rollbacks,
        transactions_per_s: round((commits + rollbacks) as f64 / window_s.max(0.001)),
        rollback_ratio: ratio(rollbacks as f64, commits as f64),
        conflicts: added.count("conflicts"),
        conflicts_by_kind: BTreeMap::new(),
        deadlocks: added.count("deadlocks"),
        rows_returned: added.count("tup_returned"),
        rows_fetched: added.count("tup_fetched"),
        rows_inserted: added.count("tup_inserted"),
        rows_updated: added.count("tup_updated"),
        rows_deleted: added.count("tup_deleted"),
    }
}

/// Blocks; their times only where the server measures them.
pub(super) fn cache(added: &Counters, is_timed: bool) -> BufferCache {
    let (hit, read) = (added.count("blks_hit"), added.count("blks_read"));
    let time = |name| added.get(name).filter(|_| is_timed).map(round);
    BufferCache {
        blocks_hit: hit,
        blocks_read: read,
        hit_ratio: ratio(hit as f64, read as f64),
        read_time_ms: time("blk_read_time"),
        write_time_ms: time("blk_write_time"),
    }
}

pub(super) fn temp_files(added: &Counters) -> TempFiles {
    TempFiles { files: added.count("temp_files"), bytes: added.count("temp_bytes") }
}

pub(super) fn deadlocks(added: &Counters) -> Option<u64> {
    added.whole("deadlocks")
}

/// Sessions that came and went in the window, the monitor's own connects aside, and the workers
/// that helped them.
pub(super) fn sessions(stats: &mut ConnectionStats, added: &Counters, own: &Cost) {
    let opened = added.whole("sessions");
    stats.sessions_opened = opened.map(|opened| opened.saturating_sub(own.connects));
    stats.sessions_abandoned = added.whole("sessions_abandoned");
    stats.sessions_fatal = added.whole("sessions_fatal");
    stats.sessions_killed = added.whole("sessions_killed");
    stats.parallel_workers_planned = added.whole("parallel_workers_to_launch");
    stats.parallel_workers_launched = added.whole("parallel_workers_launched");
}

/// Puts the counters of a second into its row, without the transactions that were the monitor's
/// own: as near as the server tells, which may count some of them a second later.
pub(super) fn fill(row: &mut ServerRow, added: &Counters, own: &Cost, length_s: f64) {
    let per_s = |name| added.get(name).map(|value| round(value / length_s));
    let others = |name, own: u64| Some((added.get(name)? - own as f64).max(0.0) / length_s);
    let commits = others("xact_commit", own.commits());
    let rollbacks = others("xact_rollback", own.failed);
    row.transactions_per_s = commits.zip(rollbacks).map(|(commits, back)| round(commits + back));
    row.rollbacks_per_s = rollbacks.map(round);
    row.deadlocks = added.get("deadlocks");
    row.blocks_read_per_s = per_s("blks_read");
    row.blocks_hit_per_s = per_s("blks_hit");
    row.temp_bytes_per_s = per_s("temp_bytes");
    row.rows_read_per_s = per_s("tup_returned");
    let changed = ["tup_inserted", "tup_updated", "tup_deleted"].map(|it| added.get(it));
    let changed: Option<f64> = changed.into_iter().sum();
    row.rows_changed_per_s = changed.map(|rows| round(rows / length_s));
    let blocks = added.get("blks_hit").zip(added.get("blks_read"));
    row.cache_hit_ratio = blocks.and_then(|(hit, read)| ratio(hit, read));
}

/// A share of all, with five decimals: 99.99 % is not 100 %.
fn ratio(part: f64, rest: f64) -> Option<f64> {
    let all = part + rest;
    (all > 0.0).then(|| (part / all * 1e5).floor() / 1e5)
}
