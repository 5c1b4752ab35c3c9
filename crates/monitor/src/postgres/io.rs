//! `pg_stat_io` (since version 16) and `pg_stat_slru` (since 13), of the whole server.

use super::catalogue::{Wanted, wanted};
use super::counters::Counters;
use super::ends::Settings;
use super::grouped::{self, Grouped, Names};
use super::session::Session;
use crate::timeline::round;
use model::database_metrics::{IoLoad, IoStats, SlruLoad, SlruStats, Unread};

const IO: &[Wanted] = &wanted![
    "reads",
    "read_bytes",
    "read_time",
    "writes",
    "write_bytes",
    "write_time",
    "writebacks",
    "writeback_time",
    "extends",
    "extend_bytes",
    "extend_time",
    "hits",
    "evictions",
    "reuses",
    "fsyncs",
    "fsync_time",
];
const SLRU: &[Wanted] = &wanted!["blks_hit", "blks_read", "blks_written", "blks_zeroed"];
/// Rows beyond these are none that a server has: processes × objects × contexts come to 80.
const MOST: usize = 200;

/// `pg_stat_io` at one moment.
#[derive(Clone, Debug)]
pub(super) struct Io {
    rows: Grouped,
    /// What one operation moves, where the view says it once for all (versions 16 and 17).
    op_bytes: Option<f64>,
}

const VIEW: &str = "pg_stat_io";

/// Its rows alone.
pub(super) fn rows(session: &mut Session) -> Result<Grouped, Unread> {
    let of = ["backend_type", "object", "context"];
    grouped::read(session, VIEW, &of, IO, "PostgreSQL 16 and later have it")
}

pub(super) fn read(session: &mut Session) -> Result<Io, Unread> {
    let rows = rows(session)?;
    let op_bytes = match session.catalogue().has_column(VIEW, "op_bytes") {
        true => {
            let sql = "SELECT max(op_bytes)::float8 FROM pg_catalog.pg_stat_io";
            let answer = session.query("the size of a block", sql, &[])?;
            answer.first().and_then(|row| super::session::number(row, 0))
        }
        false => None,
    };
    Ok(Io { rows, op_bytes })
}

pub(super) fn slru(session: &mut Session) -> Result<Grouped, Unread> {
    let absent = "PostgreSQL 13 and later have it";
    grouped::read(session, "pg_stat_slru", &["name"], SLRU, absent)
}

/// Operations on data and temporary files, whoever did them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Operations {
    pub(super) reads: f64,
    pub(super) writes: f64,
    pub(super) fsyncs: f64,
}

/// Those since `earlier`, the log's aside; none after a reset.
pub(super) fn operations((now, earlier): (&Grouped, &Grouped)) -> Option<Operations> {
    let added = grouped::since(now, earlier).ok()?;
    let rows = added.iter().filter(|(names, _)| !is_wal(names));
    Some(rows.fold(Operations::default(), |sum, (_, counters)| {
        let of = |name| counters.get(name).unwrap_or(0.0);
        Operations {
            reads: sum.reads + of("reads"),
            writes: sum.writes + of("writes"),
            fsyncs: sum.fsyncs + of("fsyncs"),
        }
    }))
}

/// Which times the server measures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timed {
    pub(super) blocks: bool,
    pub(super) wal: bool,
}

impl Timed {
    /// What was measured from one end to the other; a setting we can't see measures nothing.
    pub(super) fn of(begin: Option<&Settings>, end: Option<&Settings>) -> Timed {
        let on = |name: &str| {
            let is = |settings: &Settings| settings.get(name).is_some_and(|value| value == "on");
            begin.is_some_and(is) && end.is_some_and(is)
        };
        Timed { blocks: on("track_io_timing"), wal: on("track_wal_io_timing") }
    }
}

/// What the log's own rows come to (since version 18).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WalIo {
    pub(super) writes: f64,
    pub(super) syncs: f64,
    pub(super) write_ms: f64,
    pub(super) sync_ms: f64,
}

/// The log's part; none where this version counts it elsewhere.
pub(super) fn wal((now, earlier): (&Io, &Io)) -> Option<WalIo> {
    let added = grouped::since(&now.rows, &earlier.rows).ok()?;
    let mut rows = added.iter().filter(|(names, _)| is_wal(names) && names[2] == "normal");
    let first = WalIo::default().plus(&rows.next()?.1);
    Some(rows.fold(first, |sum, (_, counters)| sum.plus(counters)))
}

impl WalIo {
    fn plus(self, counters: &Counters) -> WalIo {
        let of = |name| counters.get(name).unwrap_or(0.0);
        WalIo {
            writes: self.writes + of("writes"),
            syncs: self.syncs + of("fsyncs"),
            write_ms: self.write_ms + of("write_time"),
            sync_ms: self.sync_ms + of("fsync_time"),
        }
    }
}

fn is_wal(names: &Names) -> bool {
    names.get(1).is_some_and(|object| object == "wal")
}

pub(super) fn io_stats((now, earlier): (&Io, &Io), timed: Timed) -> Result<IoStats, Unread> {
    let mut added = grouped::since(&now.rows, &earlier.rows)?;
    added.retain(|(_, counters)| IO.iter().any(|it| counters.get(it.name) > Some(0.0)));
    let rows = added.iter().take(MOST).map(|(names, counters)| {
        let is_timed = if is_wal(names) { timed.wal } else { timed.blocks };
        load(names, counters, now.op_bytes, is_timed)
    });
    Ok(IoStats { rows: rows.collect() })
}

fn load(names: &Names, added: &Counters, op_bytes: Option<f64>, is_timed: bool) -> IoLoad {
    let time = |name| added.get(name).filter(|_| is_timed).map(round);
    let bytes = |bytes: &str, operations: &str| {
        let blocks = || Some(added.get(operations)? * op_bytes?);
        added.get(bytes).or_else(blocks).map(|bytes| bytes as u64)
    };
    let name = |at: usize| names.get(at).cloned().unwrap_or_default();
    IoLoad {
        backend_type: name(0),
        object: name(1),
        context: name(2),
        reads: added.whole("reads"),
        read_bytes: bytes("read_bytes", "reads"),
        read_time_ms: time("read_time"),
        writes: added.whole("writes"),
        write_bytes: bytes("write_bytes", "writes"),
        write_time_ms: time("write_time"),
        writebacks: added.whole("writebacks"),
        writeback_time_ms: time("writeback_time"),
        extends: added.whole("extends"),
        extend_bytes: bytes("extend_bytes", "extends"),
        extend_time_ms: time("extend_time"),
        hits: added.whole("hits"),
        evictions: added.whole("evictions"),
        reuses: added.whole("reuses"),
        fsyncs: added.whole("fsyncs"),
        fsync_time_ms: time("fsync_time"),
    }
}

pub(super) fn slru_stats(now: &Grouped, earlier: &Grouped) -> Result<SlruStats, Unread> {
    let mut added = grouped::since(now, earlier)?;
    added.retain(|(_, counters)| SLRU.iter().any(|it| counters.get(it.name) > Some(0.0)));
    let caches = added.into_iter().take(MOST).map(|(mut names, counters)| SlruLoad {
        name: names.pop().unwrap_or_default(),
        pages_hit: counters.count("blks_hit"),
        pages_read: counters.count("blks_read"),
        pages_written: counters.count("blks_written"),
        pages_zeroed: counters.count("blks_zeroed"),
    });
    Ok(SlruStats { caches: caches.collect() })
}
