//! The write-ahead log (`pg_stat_wal`, since version 14) and checkpoints (`pg_stat_bgwriter`,
//! since version 17 `pg_stat_checkpointer`), of the whole server.

use super::catalogue::{Wanted, wanted};
use super::counters::Counters;
use super::session::{Session, number};
use crate::timeline::round;
use model::database_metrics::{Unread, WalCheckpoints};

const WAL: &[Wanted] = &wanted!["wal_bytes", "wal_records", "wal_fpi", "wal_buffers_full"];
const CHECKPOINTS: &[Wanted] = &[
    Wanted { name: "timed", columns: &["num_timed", "checkpoints_timed"] },
    Wanted { name: "requested", columns: &["num_requested", "checkpoints_req"] },
    Wanted { name: "write_ms", columns: &["write_time", "checkpoint_write_time"] },
    Wanted { name: "sync_ms", columns: &["sync_time", "checkpoint_sync_time"] },
    Wanted { name: "buffers", columns: &["buffers_written", "buffers_checkpoint"] },
];
const WRITER: &[Wanted] = &wanted!["buffers_clean", "buffers_backend"];

/// The log's counters at one moment.
#[derive(Clone, Debug)]
pub(super) struct Wal {
    /// None before version 14.
    counters: Option<Counters>,
    /// Where the log ends; none on a standby.
    written_bytes: Option<f64>,
}

impl Wal {
    pub(super) fn read(session: &mut Session) -> Result<Wal, Unread> {
        session.ensure()?;
        let counters = match session.catalogue().has("pg_stat_wal") {
            true => Some(Counters::read(session, "pg_stat_wal", WAL, "")?),
            false => None,
        };
        let sql = "SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE \
             pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 END";
        let rows = session.query("the write-ahead log's end", sql, &[])?;
        Ok(Wal { counters, written_bytes: rows.first().and_then(|row| number(row, 0)) })
    }

    /// Bytes since `earlier`: how far the log's end has moved, which no reset can change.
    pub(super) fn bytes_since(&self, earlier: &Wal) -> Option<f64> {
        Some((self.written_bytes? - earlier.written_bytes?).max(0.0))
    }
}

/// Counters of checkpoints and of the background writer at one moment.
#[derive(Clone, Debug)]
pub(super) struct Checkpoints {
    checkpoints: Counters,
    writer: Counters,
}

impl Checkpoints {
    pub(super) fn read(session: &mut Session) -> Result<Checkpoints, Unread> {
        session.ensure()?;
        let view = match session.catalogue().has("pg_stat_checkpointer") {
            true => "pg_stat_checkpointer",
            false => "pg_stat_bgwriter",
        };
        let checkpoints = Counters::read(session, view, CHECKPOINTS, "")?;
        let writer = Counters::read(session, "pg_stat_bgwriter", WRITER, "")?;
        Ok(Checkpoints { checkpoints, writer })
    }
}

pub(super) fn section(
    (wal, earlier_wal): (&Wal, &Wal),
    (now, earlier): (&Checkpoints, &Checkpoints),
) -> Result<WalCheckpoints, Unread> {
    let counted = match (&wal.counters, &earlier_wal.counters) {
        (Some(now), Some(then)) => Some(now.since(then)?),
        _ => None,
    };
    let counted = |name| counted.as_ref().and_then(|counters| counters.whole(name));
    let checkpoints = now.checkpoints.since(&earlier.checkpoints)?;
    let writer = now.writer.since(&earlier.writer)?;
    Ok(WalCheckpoints {
        checkpoints_timed: checkpoints.count("timed"),
        checkpoints_requested: checkpoints.count("requested"),
        wal_bytes: wal.bytes_since(earlier_wal).map(|bytes| bytes as u64),
        wal_records: counted("wal_records"),
        wal_full_page_images: counted("wal_fpi"),
        wal_buffers_full: counted("wal_buffers_full"),
        checkpoint_write_ms: checkpoints.get("write_ms").map(round),
        checkpoint_sync_ms: checkpoints.get("sync_ms").map(round),
        buffers_checkpoint: checkpoints.whole("buffers"),
        buffers_background: writer.whole("buffers_clean"),
        buffers_backend: writer.whole("buffers_backend"),
    })
}
