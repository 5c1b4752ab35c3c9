//! What is read every ten seconds, at the borders of stages and at both ends: statements, tables,
//! indexes. What stands only at both ends is in `snapshot`.

use super::relations::Relations;
use super::session::{Session, number};
use super::snapshot::Part;
use super::statements::Statements;
use super::{indexes, tables};
use model::database_metrics::Unread;
use std::time::Instant;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// When it began.
    pub(super) at: Instant,
    pub(super) epoch: Part<Epoch>,
    pub(super) statements: Part<Statements>,
    pub(super) tables: Part<Relations>,
    pub(super) indexes: Part<Relations>,
}

impl Look {
    /// Reads all parts, one after the other.
    pub(super) fn take(session: &mut Session) -> Look {
        Look {
            at: Instant::now(),
            epoch: Part::read(session, epoch),
            statements: Part::read(session, Statements::read),
            tables: Part::read(session, tables::read),
            indexes: Part::read(session, indexes::read),
        }
    }
}

/// Since when the server counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Epoch {
    /// When it was started, seconds since 1970.
    started: f64,
    /// When the counters that all databases share were last reset: whatever ended a session the hard
    /// way has reset all counters, and has not started the server anew.
    shared_reset_at: Option<f64>,
    /// How often we had connected by then: we too lose our connection to that.
    connects: u64,
    /// When the counters of this database and of its tables were last reset; none where they never
    /// were.
    reset_at: Option<f64>,
}

impl Epoch {
    /// Counters of a server that was started anew meanwhile can't be compared.
    pub(super) fn same_server(&self, earlier: &Epoch) -> Result<(), Unread> {
        let has_crashed =
            self.shared_reset_at != earlier.shared_reset_at && self.connects != earlier.connects;
        match self.started == earlier.started && !has_crashed {
            true => Ok(()),
            false => Err(Unread::missing("the server was restarted while load ran")),
        }
    }

    /// Nor those of tables and indexes over a reset: one that has grown beyond where it was before
    /// would look like any other.
    pub(super) fn same_counters(&self, earlier: &Epoch) -> Result<(), Unread> {
        match self.reset_at == earlier.reset_at {
            true => Ok(()),
            false => Err(Unread::missing("the server's counters were reset while load ran")),
        }
    }
}

fn epoch(session: &mut Session) -> Result<Epoch, Unread> {
    let sql = "SELECT extract(epoch FROM pg_catalog.pg_postmaster_start_time())::float8, \
                      extract(epoch FROM pg_catalog.pg_stat_get_db_stat_reset_time(oid))::float8, \
                      extract(epoch FROM pg_catalog.pg_stat_get_bgwriter_stat_reset_time())::float8 \
                 FROM pg_catalog.pg_database WHERE datname = current_database()";
    let rows = session.poll("when the server started", sql, &[])?;
    let connects = session.cost.connects;
    let epoch = |row| {
        let (reset_at, shared_reset_at) = (number(row, 1), number(row, 2));
        Some(Epoch { started: number(row, 0)?, reset_at, shared_reset_at, connects })
    };
    rows.first()
        .and_then(epoch)
        .ok_or_else(|| Unread::missing("the server does not say when it started"))
}
