//! The server's disks: reading, writing, making files longer.

use super::waiting::{evidence, severity, waiting};
use super::{BLOCK_BYTES, Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact};
use model::database_metrics::IoLoad;
use model::finding::{Confidence, Evidence, Severity};
use model::units::{bytes, count, milliseconds, percent};

/// The rules.
pub(super) const RULES: [Rule; 4] = [
    Rule {
        code: "storage_saturated",
        category: "storage",
        source: "Amazon RDS, wait event IO:DataFileRead; Brendan Gregg's USE method (utilisation \
                 and waiting of the disk); the shares are our limits",
        judge: saturated,
    },
    Rule {
        code: "relation_extension",
        category: "storage",
        source: "Amazon RDS, wait event Lock:extend; the share of busy sessions is our limit",
        judge: extension,
    },
    Rule {
        code: "backend_writes",
        category: "storage",
        source: "pg_profile, \"Cluster I/O\": pages written by sessions themselves; a tenth of all \
                 is our limit",
        judge: backend_writes,
    },
    Rule {
        code: "backend_fsyncs",
        category: "storage",
        source: "PostgreSQL manual, pg_stat_bgwriter.buffers_backend_fsync and pg_stat_io.fsyncs",
        judge: backend_fsyncs,
    },
];

/// Reading and writing of tables and indexes.
const DATA_FILES: &[&str] = &["IO:DataFile*", "IPC:BufferIO", "IO:AioIoCompletion"];
/// From this share of the busy time on the disk matters.
const STORAGE_PERCENT: f64 = 20.0;
/// A disk this busy, or this slow, has no more to give (Gregg; an SSD takes a tenth of
/// 5 ms).
const DISK_BUSY_PERCENT: f64 = 90.0;
const DISK_SLOW_MS: f64 = 5.0;

/// W8: sessions wait for data files, and the disk has no more to give.
fn saturated(facts: &Facts<'_>) -> Ruling {
    let waits = facts.waits()?;
    let Some(share) = waits.share(DATA_FILES, STORAGE_PERCENT) else { return Ok(None) };
    let disk = disk(facts);
    let (confidence, told) = match &disk {
        Ok((busy, slow, evidence)) if *busy || *slow => (Confidence::High, evidence.clone()),
        // It is not the disk that waits: the pages come from the system's cache.
        Ok(_) => return Ok(None),
        Err(_) => (Confidence::Low, Vec::new()),
    };
    let title = format!(
        "sessions wait for the disk with tables and indexes: {} of the busy time",
        percent(share.percent)
    );
    Ok(Some(
        Found::new(severity(facts, &share), Role::Resource, title)
            .explains(share.percent / 100.0)
            .sure(share.confidence)
            .sure(confidence)
            .seen(evidence(&share))
            .seen(told)
            .within(waits.window)
            .because("the disk serves reads and writes more slowly than sessions ask for them")
            .advise(
                "read less (indexes, a larger shared_buffers, fewer columns), or give the data a \
                 disk with more operations per second",
                again("the share of IO:DataFile* and the disk's utilisation fall"),
            ),
    ))
}

/// Whether the disk is busy, whether it is slow, and how much of both.
fn disk(facts: &Facts<'_>) -> Result<(bool, bool, Vec<Evidence>), Missing> {
    let disks = facts.host()?.disk.data();
    let why = "the disks of the server's host were not watched";
    let disk = disks.and_then(|it| it.devices.first()).ok_or_else(|| Missing::because(why))?;
    let busy = disk.utilisation_percent.map(|it| it.mean);
    let awaits = [
        ("read", "system_metrics.disk.devices.read_await_ms.mean", disk.read_await_ms),
        ("write", "system_metrics.disk.devices.write_await_ms.mean", disk.write_await_ms),
    ];
    let awaits = awaits.into_iter().filter_map(|(what, metric, it)| Some((what, metric, it?.mean)));
    let slowest = awaits.max_by(|(.., a), (.., b)| a.total_cmp(b));
    let name = &disk.device;
    let used = busy.map(|busy| {
        let text = format!("{name} was busy {} of the time", percent(busy));
        fact(text, "system_metrics.disk.devices.utilisation_percent.mean", busy)
    });
    let took = slowest.map(|(what, metric, ms)| {
        fact(format!("a {what} of {name} took {}", milliseconds(ms)), metric, ms)
    });
    let is_busy = busy.is_some_and(|it| it >= DISK_BUSY_PERCENT);
    let is_slow = slowest.is_some_and(|(.., ms)| ms >= DISK_SLOW_MS);
    Ok((is_busy, is_slow, used.into_iter().chain(took).collect()))
}

/// A file is made longer in no time, unless many want to at once.
const EXTEND_PERCENT: f64 = 5.0;

/// W9: sessions wait while tables grow.
fn extension(facts: &Facts<'_>) -> Ruling {
    let title = "sessions wait while tables grow";
    let events = &["Lock:extend", "IO:DataFileExtend"];
    Ok(waiting(facts, events, EXTEND_PERCENT, title)?.map(|found| {
        found
            .because(
                "many sessions add rows to the same table at once, and a file grows page by page",
            )
            .advise(
                "load with COPY or multi-row INSERT, spread the rows over partitions; version 16 \
                 and later make tables longer by more at once",
                again("the share of Lock:extend and IO:DataFileExtend falls below 5 %"),
            )
    }))
}

/// From this share on sessions do the work of the background writer.
const BACKEND_PERCENT: f64 = 10.0;
/// Fewer pages than this are no load.
const MIN_PAGES: f64 = 1000.0;

/// W5: sessions write pages out to make room for their own.
fn backend_writes(facts: &Facts<'_>) -> Ruling {
    let Written { by_sessions: own, by_all: all, told: (metric, value) } = written(facts)?;
    let share = own * 100.0 / all.max(1.0);
    if all < MIN_PAGES || share <= BACKEND_PERCENT {
        return Ok(None);
    }
    let title = format!("sessions wrote {} of the changed pages themselves", percent(share));
    let now = facts.setting("shared_buffers").map(|it| format!(" (now {it})"));
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([fact(
                format!("{} of {} pages", count(own as u64), count(all as u64)),
                metric,
                value,
            )])
            .because(
                "a session that needs a buffer has to write a changed page out first: the \
                 background writer is too slow, or shared_buffers too small",
            )
            .advise(
                format!(
                    "raise bgwriter_lru_maxpages and lower bgwriter_delay, or raise \
                     shared_buffers{}",
                    now.unwrap_or_default()
                ),
                again("the sessions' share of written pages falls below 10 %"),
            ),
    ))
}

/// Pages of tables and indexes that were written.
struct Written {
    by_sessions: f64,
    by_all: f64,
    /// Where those of sessions stand, and what is there.
    told: (&'static str, f64),
}

/// Who wrote pages. Bulk loads write through a ring of their own and are none of this.
fn written(facts: &Facts<'_>) -> Result<Written, Missing> {
    if let Ok(io) = facts.section(|it| &it.io) {
        let pages = |it: &IoLoad| it.write_bytes.map_or(0.0, |it| it as f64 / BLOCK_BYTES);
        let rows = io.rows.iter().filter(|it| it.object == "relation" && it.context == "normal");
        let (mut by_sessions, mut by_all) = (0.0, 0.0);
        for row in rows {
            by_all += pages(row);
            by_sessions += if row.backend_type == "client backend" { pages(row) } else { 0.0 };
        }
        let told = ("database_metrics.io.rows.write_bytes", by_sessions * BLOCK_BYTES);
        return Ok(Written { by_sessions, by_all, told });
    }
    let wal = facts.section(|it| &it.wal_checkpoints)?;
    let why = "who wrote pages was not counted";
    let own = wal.buffers_backend.ok_or_else(|| Missing::because(why))?;
    let others = wal.buffers_checkpoint.unwrap_or(0) + wal.buffers_background.unwrap_or(0);
    let told = ("database_metrics.wal_checkpoints.buffers_backend", own as f64);
    Ok(Written { by_sessions: own as f64, by_all: (own + others) as f64, told })
}

/// W6: sessions had to make files safe themselves.
fn backend_fsyncs(facts: &Facts<'_>) -> Ruling {
    let (own, metric, written) = synced(facts)?;
    if own == 0 {
        return Ok(None);
    }
    let title = format!("sessions synced {} files themselves", count(own));
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen([fact(
                format!(
                    "{} fsyncs by sessions; the checkpointer wrote {}",
                    count(own),
                    bytes(written)
                ),
                metric,
                own as f64,
            )])
            .because("the checkpointer's queue of files to sync was full: the disk can't keep up")
            .advise(
                "spread checkpoints (checkpoint_completion_target = 0.9, a larger max_wal_size), or \
                 give the data a faster disk",
                again("sessions sync no file"),
            ),
    ))
}

/// Files that sessions synced, where that stands, and the bytes that the checkpointer wrote. Since
/// version 16 `pg_stat_io` has them, before it `pg_stat_bgwriter`.
fn synced(facts: &Facts<'_>) -> Result<(u64, &'static str, f64), Missing> {
    if let Ok(io) = facts.section(|it| &it.io) {
        let of = |backend_type| io.rows.iter().filter(move |it| it.backend_type == backend_type);
        let own = of("client backend").filter(|it| it.object == "relation");
        let written: u64 = of("checkpointer").filter_map(|it| it.write_bytes).sum();
        let own = own.filter_map(|it| it.fsyncs).sum();
        return Ok((own, "database_metrics.io.rows.fsyncs", written as f64));
    }
    let wal = facts.section(|it| &it.wal_checkpoints)?;
    let why = "who synced files was not counted";
    let own = wal.backend_fsyncs.ok_or_else(|| Missing::because(why))?;
    let written = wal.buffers_checkpoint.unwrap_or(0) as f64 * BLOCK_BYTES;
    Ok((own, "database_metrics.wal_checkpoints.backend_fsyncs", written))
}
