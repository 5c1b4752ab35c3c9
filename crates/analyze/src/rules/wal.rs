//! The write-ahead log and checkpoints.

use super::shown::setting_bytes;
use super::waiting::waiting;
use super::{BLOCK_BYTES, Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact};
use model::finding::{Evidence, Severity};
use model::units::{bytes, count, decimal, percent, rate};

/// The rules. That of small transactions comes first: where both hold, it says more.
pub(super) const RULES: [Rule; 6] = [
    Rule {
        code: "commit_heavy",
        category: "wal",
        source: "PostgreSQL manual, \"Populating a Database\" (one commit for many rows) and \"WAL \
                 Configuration\"; Amazon RDS, wait event IO:WALWrite; the limits are ours",
        judge: commit_heavy,
    },
    Rule {
        code: "wal_sync",
        category: "wal",
        source: "Amazon RDS, wait event IO:WALWrite; PostgreSQL manual, \"WAL Configuration\"; the \
                 share of busy sessions is our limit",
        judge: sync,
    },
    Rule {
        code: "checkpoints_too_frequent",
        category: "wal",
        source: "PostgreSQL's checkpoint_warning (30 s) and the alerts of postgres_exporter and \
                 pgEdge: more checkpoints asked for than by time",
        judge: checkpoints,
    },
    Rule {
        code: "full_page_images",
        category: "wal",
        source: "PostgreSQL manual, full_page_writes and wal_compression; half of the log is our \
                 limit",
        judge: full_page_images,
    },
    Rule {
        code: "wal_buffers_full",
        category: "wal",
        source: "PostgreSQL manual, wal_buffers and pg_stat_wal; PGTune gives 16 MB; one in a \
                 hundred commits is our limit",
        judge: buffers_full,
    },
    Rule {
        code: "sync_replication",
        category: "replication",
        source: "PostgreSQL manual, wait event IPC:SyncRep; the share of busy sessions is our \
                 limit",
        judge: sync_replication,
    },
];

/// Waiting until the log is on disk.
const TO_DISK: &[&str] = &["IO:WALSync", "IO:WALWrite", "LWLock:WALWrite"];
/// From this share of the busy time on, commits wait for the disk more than a little.
const SYNC_PERCENT: f64 = 20.0;
/// Rows changed per commit: with fewer, most of a transaction is its commit.
const FEW_ROWS: f64 = 1.5;

/// W1 where each transaction changes next to nothing: commits are what the server does.
fn commit_heavy(facts: &Facts<'_>) -> Ruling {
    let title = "one small change per commit, and each waits for the disk";
    let found = waiting(facts, TO_DISK, SYNC_PERCENT, title)?;
    let stats = facts.section(|it| &it.transaction_stats)?;
    let rows = stats.rows_inserted + stats.rows_updated + stats.rows_deleted;
    let each = rows as f64 / stats.commits.max(1) as f64;
    let Some(found) = found.filter(|_| rows > 0 && each <= FEW_ROWS) else { return Ok(None) };
    Ok(Some(
        found
            .seen([fact(
                format!("{each:.1} rows changed per commit, {} commits", count(stats.commits)),
                "database_metrics.transaction_stats.commits",
                stats.commits as f64,
            )])
            .seen(log_per_commit(facts))
            .because(
                "a commit that changes one row waits for the disk as long as one that changes a \
                 thousand: the disk's syncs are spent on single rows",
            )
            .advise(
                "change more rows per transaction (one BEGIN and COMMIT around several changes, \
                 multi-row INSERT, COPY); where the last moments may be lost, set \
                 synchronous_commit = off for these transactions",
                again("rows changed per commit rise, and the share of IO:WalSync falls"),
            ),
    ))
}

/// W1: commits wait until the log is on disk.
fn sync(facts: &Facts<'_>) -> Ruling {
    let title = "commits wait for the write-ahead log to reach the disk";
    let found = waiting(facts, TO_DISK, SYNC_PERCENT, title)?;
    Ok(found.map(|found| {
        found
            .seen(log_per_commit(facts))
            .because(
                "each commit is answered when its log is on disk: the disk's time to sync is the \
                 floor of every transaction that writes",
            )
            .advise(
                "put more work into each transaction, put pg_wal on a faster disk (pg_test_fsync \
                 measures it), try commit_delay with many connections, or set \
                 synchronous_commit = off for transactions whose last moments may be lost",
                again("the share of IO:WalSync and LWLock:WALWrite falls, throughput rises"),
            )
    }))
}

/// How much log a commit makes, where both are known.
fn log_per_commit(facts: &Facts<'_>) -> Option<Evidence> {
    let stats = facts.section(|it| &it.transaction_stats).ok().filter(|it| it.commits > 0)?;
    let wal = facts.section(|it| &it.wal_checkpoints).ok()?.wal_bytes? as f64;
    let each = bytes(wal / stats.commits as f64);
    let per_s = rate(stats.transactions_per_s);
    let text = format!("{each} of log per commit, {per_s} transactions");
    Some(fact(text, "database_metrics.wal_checkpoints.wal_bytes", wal))
}

/// Checkpoints closer than this are told of in the server's own log (checkpoint_warning).
const CHECKPOINT_WARNING_S: f64 = 30.0;
/// One may be somebody's CHECKPOINT.
const CHECKPOINTS: u64 = 2;
/// The log asks for one when it has grown by `max_wal_size / (1 + checkpoint_completion_target)`
/// since the last (PostgreSQL manual, "WAL Configuration"): half of it or more. With less than half
/// of that for each it was somebody's CHECKPOINT, a backup, or a new database.
const LOG_OF_EACH: f64 = 0.25;

/// W2: `max_wal_size` is used up long before `checkpoint_timeout`.
pub(super) fn checkpoints(facts: &Facts<'_>) -> Ruling {
    let wal = facts.section(|it| &it.wal_checkpoints)?;
    let (Some(asked), Some(timed)) = (wal.checkpoints_requested, wal.checkpoints_timed) else {
        return Err(Missing::because("checkpoints were not counted"));
    };
    if asked < CHECKPOINTS || asked <= timed || is_asked_by_others(facts, asked) {
        return Ok(None);
    }
    let every_s = facts.load().elapsed_s / asked as f64;
    let close = every_s < CHECKPOINT_WARNING_S;
    let (severity, role) = match close && facts.waits().is_ok() {
        true => (Severity::High, Role::Cause),
        false => (Severity::Medium, Role::Remark),
    };
    let images = image_share(facts).ok().flatten().unwrap_or(0.0);
    let waits = facts.waits().ok();
    let written = waits.and_then(|it| it.share(&["IO:*", "LWLock:WAL*"], 0.0));
    let log_bytes = wal.wal_bytes.map(|n| n as f64);
    let now = facts.setting("max_wal_size").map(|it| format!(" (now {it})")).unwrap_or_default();
    let size = log_bytes.map(|n| {
        let per_s = n / facts.load().elapsed_s.max(f64::MIN_POSITIVE);
        format!(", to {} for one in five minutes at this load", bytes(per_s * 300.0 * 2.0))
    });
    let title = format!("checkpoints every {every_s:.1} s: max_wal_size is too small");
    Ok(Some(
        Found::new(severity, role, title)
            .explains(images * written.map_or(0.0, |it| it.percent / 100.0))
            .seen([
                fact(
                    format!("{} checkpoints because the log was full", count(asked)),
                    "database_metrics.wal_checkpoints.checkpoints_requested",
                    asked as f64,
                ),
                fact(
                    format!("{} by time", count(timed)),
                    "database_metrics.wal_checkpoints.checkpoints_timed",
                    timed as f64,
                ),
            ])
            .seen(log_bytes.map(|n| {
                let text = format!("{} of log", bytes(n));
                fact(text, "database_metrics.wal_checkpoints.wal_bytes", n)
            }))
            .because(
                "the log fills max_wal_size before checkpoint_timeout is over: all changed pages \
                 are written again and again, and each first change after a checkpoint puts a \
                 whole page into the log",
            )
            .advise(
                format!(
                    "raise max_wal_size{now}{}, with checkpoint_completion_target = 0.9",
                    size.unwrap_or_default()
                ),
                again("database_metrics.wal_checkpoints.checkpoints_requested is 0"),
            ),
    ))
}

/// Whether there is too little log for it to have asked for so many checkpoints.
fn is_asked_by_others(facts: &Facts<'_>, asked: u64) -> bool {
    let log_bytes = facts.section(|it| &it.wal_checkpoints).ok().and_then(|it| it.wal_bytes);
    let size = setting_bytes(facts, "max_wal_size").ok();
    let both = log_bytes.zip(size);
    both.is_some_and(|(log, size)| (log as f64) < size * LOG_OF_EACH * asked as f64)
}

/// From half of the log on, most of what is written is not change.
const IMAGES_PERCENT: f64 = 50.0;
/// Less log than this says nothing: the first changes after a checkpoint are whole pages.
const LITTLE_LOG_BYTES: u64 = 16 << 20;

/// W3: most of the log is whole pages.
fn full_page_images(facts: &Facts<'_>) -> Ruling {
    let Some(share) = image_share(facts)? else { return Ok(None) };
    if share * 100.0 < IMAGES_PERCENT {
        return Ok(None);
    }
    let images = facts.section(|it| &it.wal_checkpoints)?.wal_full_page_images.unwrap_or_default();
    let title = format!("{} of the write-ahead log is whole pages", percent(share * 100.0));
    let timeout = facts.setting("checkpoint_timeout").map(|it| format!(" (now {it})"));
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([fact(
                format!("{} full page images of up to 8 KiB", count(images)),
                "database_metrics.wal_checkpoints.wal_full_page_images",
                images as f64,
            )])
            .because(
                "the first change of a page after a checkpoint puts the whole page into the log, \
                 so that a torn write can be mended; soon after a checkpoint this is most of it",
            )
            .advise(
                format!(
                    "make checkpoints rarer (checkpoint_timeout{}, max_wal_size) and compress the \
                     images (wal_compression = lz4 since version 15, else on); never switch \
                     full_page_writes off. In a short run right after a checkpoint, run longer",
                    timeout.unwrap_or_default()
                ),
                again("wal_full_page_images and wal_bytes fall per transaction"),
            ),
    ))
}

/// Whole pages of the log, 0 to 1; none where there is too little log.
fn image_share(facts: &Facts<'_>) -> Result<Option<f64>, Missing> {
    let wal = facts.section(|it| &it.wal_checkpoints)?;
    let why = "full page images are counted since version 14";
    let images = wal.wal_full_page_images.ok_or_else(|| Missing::because(why))?;
    let all = wal.wal_bytes.ok_or_else(|| Missing::because("the log was not measured"))?;
    let share = images as f64 * BLOCK_BYTES / all.max(1) as f64;
    Ok((all >= LITTLE_LOG_BYTES).then_some(share.min(1.0)))
}

/// Full buffers per commit from which sessions write for others.
const FULL_PER_COMMIT: f64 = 0.01;

/// W4: sessions had to write the log out to make room.
fn buffers_full(facts: &Facts<'_>) -> Ruling {
    let why = "full buffers of the log are counted since version 14";
    let wal = facts.section(|it| &it.wal_checkpoints)?;
    let full = wal.wal_buffers_full.ok_or_else(|| Missing::because(why))?;
    let commits = facts.section(|it| &it.transaction_stats)?.commits;
    if full == 0 || (full as f64) < commits as f64 * FULL_PER_COMMIT {
        return Ok(None);
    }
    let now = facts.setting("wal_buffers").map(|it| format!(" (now {it})")).unwrap_or_default();
    let title = format!("the buffers of the write-ahead log were full {} times", count(full));
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([fact(
                format!("{} times in {} commits", count(full), count(commits)),
                "database_metrics.wal_checkpoints.wal_buffers_full",
                full as f64,
            )])
            .because("sessions wrote the log out in the middle of their work to make room for more")
            .advise(
                format!("set wal_buffers to 16MB{now}, to 64MB where much is loaded at once"),
                again("database_metrics.wal_checkpoints.wal_buffers_full is near 0"),
            ),
    ))
}

/// From this share of the busy time on, the standby's answer is what commits wait for.
const REPLICATION_PERCENT: f64 = 10.0;

/// W10: commits wait for a standby.
fn sync_replication(facts: &Facts<'_>) -> Ruling {
    let title = "commits wait for a synchronous standby";
    let found = waiting(facts, &["IPC:SyncRep"], REPLICATION_PERCENT, title)?;
    let standbys = facts.setting("synchronous_standby_names").ok().filter(|it| !it.is_empty());
    let named = standbys.map(|it| format!("; synchronous_standby_names is {it}"));
    Ok(found.map(|found| {
        found
            .because(format!(
                "a commit is answered when the standby has it: its disk and the way to it are \
                 part of every transaction that writes{}",
                named.unwrap_or_default()
            ))
            .advise(
                "look at the standby's disk and the network to it; synchronous_commit = \
                 remote_write asks for less than on, and local for transactions that may miss on \
                 the standby",
                again(&format!("less than {} of sessions wait", decimal(REPLICATION_PERCENT))),
            )
    }))
}
