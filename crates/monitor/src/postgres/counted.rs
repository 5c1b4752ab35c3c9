//! What the server counts, once a second: the database's transactions, rows and blocks, the
//! write-ahead log, checkpoints, and operations of `pg_stat_io`. Statements, tables and indexes, which
//! are many, come every ten seconds (`look`).

use super::counters::Counters;
use super::database;
use super::grouped::Grouped;
use super::io;
use super::session::{Cost, Session};
use super::wal::{Checkpoints, Wal};
use crate::timeline::round;
use model::database_metrics::Unread;
use model::series::ServerRow;
use std::time::Instant;

/// The counters at one moment; what this server has none of, or does not let us see, is none.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) at: Instant,
    /// What our own statements were until then.
    own: Cost,
    database: Counters,
    wal: Option<Wal>,
    checkpoints: Option<Checkpoints>,
    io: Option<Grouped>,
}

impl Counted {
    /// Reads them all; an error where the database's own can't be read.
    pub(super) fn read(session: &mut Session) -> Result<Counted, Unread> {
        let own = session.cost;
        let database = database::read(session)?;
        Ok(Counted {
            at: Instant::now(),
            own,
            database,
            wal: Wal::read(session).ok(),
            checkpoints: Checkpoints::read(session).ok(),
            io: io::rows(session).ok(),
        })
    }

    /// Puts what was added since `earlier` into the row of a second. After a reset there is nothing
    /// to compare with until the next one.
    pub(super) fn fill(&self, row: &mut ServerRow, earlier: &Counted) {
        let length_s = self.at.saturating_duration_since(earlier.at).as_secs_f64();
        if length_s <= 0.0 {
            return;
        }
        let per_s = |value: f64| round(value / length_s);
        row.length_s = Some(round(length_s));
        if let Ok(added) = self.database.since(&earlier.database) {
            database::fill(row, &added, &self.own.since(&earlier.own), length_s);
        }
        if let Some((now, then)) = self.wal.as_ref().zip(earlier.wal.as_ref()) {
            row.wal_bytes_per_s = now.bytes_since(then).map(per_s);
            row.wal_full_page_images_per_s = now.full_page_images_since(then).map(per_s);
        }
        if let Some((now, then)) = self.checkpoints.as_ref().zip(earlier.checkpoints.as_ref()) {
            let added = now.since(then);
            row.checkpoints = added.as_ref().and_then(|it| it.checkpoints);
            row.buffers_written_per_s = added.and_then(|it| it.buffers).map(per_s);
        }
        if let Some(added) = self.io.as_ref().zip(earlier.io.as_ref()).and_then(io::operations) {
            row.io_reads_per_s = Some(per_s(added.reads));
            row.io_writes_per_s = Some(per_s(added.writes));
            row.io_fsyncs_per_s = Some(per_s(added.fsyncs));
        }
    }
}
