//! The write-ahead log (`pg_stat_wal`, since version 14) and checkpoints (`pg_stat_bgwriter`,
//! since version 17 `pg_stat_checkpointer`), of the whole server.

use super::catalogue::{Wanted, wanted};
use super::counters::Counters;
use super::io::WalIo;
use super::session::{Session, number};
use crate::timeline::round;
use model::database_metrics::{Unread, WalCheckpoints};

const WAL: &[Wanted] = &wanted![
    "wal_records",
    "wal_fpi",
    "wal_buffers_full",
    // Up to version 17; since 18 `pg_stat_io` has them.
    "wal_write",
    "wal_sync",
    "wal_write_time",
    "wal_sync_time",
];
const CHECKPOINTS: &[Wanted] = &[
    Wanted { name: "timed", columns: &["num_timed", "checkpoints_timed"] },
    Wanted { name: "requested", columns: &["num_requested", "checkpoints_req"] },
    // Those of a standby; up to version 16 the two above have them.
    Wanted { name: "restart_timed", columns: &["restartpoints_timed"] },
    Wanted { name: "restart_done", columns: &["restartpoints_done"] },
    Wanted { name: "write_ms", columns: &["write_time", "checkpoint_write_time"] },
    Wanted { name: "sync_ms", columns: &["sync_time", "checkpoint_sync_time"] },
    Wanted { name: "buffers", columns: &["buffers_written", "buffers_checkpoint"] },
];
const WRITER: &[Wanted] = &wanted!["buffers_clean", "buffers_backend", "buffers_backend_fsync"];

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
        let rows = session.poll("the write-ahead log's end", sql, &[])?;
        Ok(Wal { counters, written_bytes: rows.first().and_then(|row| number(row, 0)) })
    }

    /// Bytes since `earlier`: how far the log's end has moved, which no reset can change.
    pub(super) fn bytes_since(&self, earlier: &Wal) -> Option<f64> {
        Some((self.written_bytes? - earlier.written_bytes?).max(0.0))
    }

    /// Whole pages since `earlier`; none where the server does not count them, or was reset.
    pub(super) fn full_page_images_since(&self, earlier: &Wal) -> Option<f64> {
        let (now, then) = (self.counters.as_ref()?, earlier.counters.as_ref()?);
        now.since(then).ok()?.get("wal_fpi")
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

    /// What was added since `earlier`; none after a reset.
    pub(super) fn since(&self, earlier: &Checkpoints) -> Option<AddedCheckpoints> {
        let checkpoints = self.checkpoints.since(&earlier.checkpoints).ok()?;
        let writer = self.writer.since(&earlier.writer).ok()?;
        let buffers = checkpoints.get("buffers").zip(writer.get("buffers_clean"));
        Some(AddedCheckpoints {
            checkpoints: timed(&checkpoints).zip(requested(&checkpoints)).map(add),
            buffers: buffers.map(add),
        })
    }
}

/// What a second added.
#[derive(Clone, Copy, Debug)]
pub(super) struct AddedCheckpoints {
    /// Checkpoints, timed and requested. A server counts one up to version 16 when it begins, from
    /// then on when it is done.
    pub(super) checkpoints: Option<f64>,
    /// Buffers that the checkpointer and the background writer wrote.
    pub(super) buffers: Option<f64>,
}

/// Those that were due by time, a standby's restart points among them.
fn timed(added: &Counters) -> Option<f64> {
    Some(added.get("timed")? + restarted_by_time(added))
}

/// Those that somebody asked for, or that the log's size did.
fn requested(added: &Counters) -> Option<f64> {
    let done = added.get("restart_done").unwrap_or(0.0);
    Some(added.get("requested")? + done - restarted_by_time(added))
}

/// Restart points that were made because of the time: it also counts those for which there was
/// nothing to do, every quarter of a minute.
fn restarted_by_time(added: &Counters) -> f64 {
    let of = |name| added.get(name).unwrap_or(0.0);
    of("restart_timed").min(of("restart_done"))
}

fn add((one, other): (f64, f64)) -> f64 {
    one + other
}

/// The log's counters, of as much as could be read of them.
pub(super) struct WalLooks<'a> {
    pub(super) log: Result<(&'a Wal, &'a Wal), Unread>,
    pub(super) checkpoints: Result<(&'a Checkpoints, &'a Checkpoints), Unread>,
    /// What `pg_stat_io` says of the log (since version 18).
    pub(super) io: Option<WalIo>,
    pub(super) is_timed: bool,
}

/// The numbers that could be read, and why others could not; an error where none could.
pub(super) fn section(looks: WalLooks<'_>) -> Result<(WalCheckpoints, Option<Unread>), Unread> {
    let mut made = WalCheckpoints::default();
    let log = looks.log.and_then(|(then, now)| log(&mut made, (now, then), looks.is_timed));
    if let (Some(io), Ok(())) = (looks.io, &log) {
        let time = |ms: f64| Some(round(ms)).filter(|_| looks.is_timed);
        made.wal_writes = made.wal_writes.or(Some(io.writes as u64));
        made.wal_syncs = made.wal_syncs.or(Some(io.syncs as u64));
        made.wal_write_time_ms = made.wal_write_time_ms.or(time(io.write_ms));
        made.wal_sync_time_ms = made.wal_sync_time_ms.or(time(io.sync_ms));
    }
    let checkpoints = looks.checkpoints.and_then(|(then, now)| checkpoints(&mut made, (now, then)));
    match (log, checkpoints) {
        (Err(unread), Err(_)) => Err(unread),
        (log, checkpoints) => Ok((made, log.err().or(checkpoints.err()))),
    }
}

fn log(made: &mut WalCheckpoints, (now, then): (&Wal, &Wal), is_timed: bool) -> Result<(), Unread> {
    // How far its end has moved is known whatever became of the counters.
    made.wal_bytes = now.bytes_since(then).map(|bytes| bytes as u64);
    let (Some(now), Some(then)) = (&now.counters, &then.counters) else { return Ok(()) };
    let added = now.since(then)?;
    let time = |name| added.get(name).filter(|_| is_timed).map(round);
    made.wal_records = added.whole("wal_records");
    made.wal_full_page_images = added.whole("wal_fpi");
    made.wal_buffers_full = added.whole("wal_buffers_full");
    made.wal_writes = added.whole("wal_write");
    made.wal_syncs = added.whole("wal_sync");
    made.wal_write_time_ms = time("wal_write_time");
    made.wal_sync_time_ms = time("wal_sync_time");
    Ok(())
}

fn checkpoints(
    made: &mut WalCheckpoints,
    (now, then): (&Checkpoints, &Checkpoints),
) -> Result<(), Unread> {
    let checkpoints = now.checkpoints.since(&then.checkpoints)?;
    let writer = now.writer.since(&then.writer)?;
    made.checkpoints_timed = timed(&checkpoints).map(|it| it as u64);
    made.checkpoints_requested = requested(&checkpoints).map(|it| it as u64);
    made.checkpoint_write_ms = checkpoints.get("write_ms").map(round);
    made.checkpoint_sync_ms = checkpoints.get("sync_ms").map(round);
    made.buffers_checkpoint = checkpoints.whole("buffers");
    made.buffers_background = writer.whole("buffers_clean");
    made.buffers_backend = writer.whole("buffers_backend");
    made.backend_fsyncs = writer.whole("buffers_backend_fsync");
    Ok(())
}
