//! Vacuum while load ran: what was at work, and what keeps it from removing dead rows, which is
//! the oldest snapshot or transaction that is still open.

use super::session::{Session, number, text};
use super::shown::shown;
use crate::timeline::round;
use model::database_metrics::{OldestXmin, Unread, VacuumProgress, XminHolder};
use std::collections::BTreeMap;

/// More tables under vacuum than this are not told apart.
const MOST: usize = 50;

/// What is at work in this database, and the oldest that holds it up. Vacuum itself holds nobody
/// up; sessions of other databases only this one's shared tables.
const SQL: &str = "\
    WITH holder AS (
        SELECT 'session' AS kind, pid::text AS name, state, application_name AS application,
               extract(epoch FROM clock_timestamp() - xact_start)::float8 * 1000 AS age_ms,
               greatest(age(backend_xid), age(backend_xmin))::float8 AS xids, query
          FROM pg_catalog.pg_stat_get_activity(NULL::int4)
         WHERE (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)
           AND pid <> pg_catalog.pg_backend_pid() AND backend_type <> 'autovacuum worker'
           AND (datid IS NULL OR datid = (SELECT oid FROM pg_catalog.pg_database
                                           WHERE datname = current_database()))
        UNION ALL
        SELECT 'replication slot', slot_name::text, CASE WHEN active THEN 'active' ELSE 'inactive' END,
               NULL, NULL, greatest(age(xmin), age(catalog_xmin))::float8, NULL
          FROM pg_catalog.pg_replication_slots
         WHERE xmin IS NOT NULL OR catalog_xmin IS NOT NULL
        UNION ALL
        SELECT 'prepared transaction', gid, NULL, NULL,
               extract(epoch FROM clock_timestamp() - prepared)::float8 * 1000,
               age(transaction)::float8, NULL
          FROM pg_catalog.pg_prepared_xacts WHERE database = current_database())
    (SELECT kind, name, state, application, age_ms, xids, left(query, 200)
       FROM holder ORDER BY xids DESC, age_ms DESC NULLS LAST LIMIT 1)
    UNION ALL
    SELECT NULL, pg_catalog.format('%I.%I', n.nspname, c.relname), phase, NULL, NULL, NULL, NULL
      FROM pg_catalog.pg_stat_progress_vacuum p
      JOIN pg_catalog.pg_class c ON c.oid = p.relid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE p.datname = current_database()";

/// What the looks came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Vacuuming {
    looks: u64,
    /// Why it could not be looked at for the last time.
    trouble: Option<Unread>,
    progress: BTreeMap<(String, String), u64>,
    begin_xids: Option<f64>,
    end_xids: f64,
    oldest: Option<(f64, XminHolder)>,
}

impl Vacuuming {
    /// Looks once, `at_s` on the run's clock; what can't be read now is no part of it.
    pub(super) fn look(&mut self, session: &mut Session, at_s: f64) {
        self.trouble = self.read(session, at_s).err().or(self.trouble.take());
    }

    fn read(&mut self, session: &mut Session, at_s: f64) -> Result<(), Unread> {
        let rows = session.poll("vacuum and what holds it up", SQL, &[])?;
        self.looks += 1;
        self.end_xids = 0.0;
        for row in &rows {
            let name = text(row, 1).unwrap_or_default();
            let Some(kind) = text(row, 0) else {
                self.progress(name, text(row, 2).unwrap_or_default());
                continue;
            };
            self.end_xids = number(row, 5).unwrap_or(0.0);
            if self.oldest.as_ref().is_none_or(|(xids, _)| *xids < self.end_xids) {
                let holder = XminHolder {
                    kind,
                    name,
                    at_s,
                    state: text(row, 2),
                    application: text(row, 3).filter(|it| !it.is_empty()),
                    transaction_age_ms: number(row, 4).map(round),
                    statement: text(row, 6).map(|text| shown(&text)),
                };
                self.oldest = Some((self.end_xids, holder));
            }
        }
        self.begin_xids.get_or_insert(self.end_xids);
        Ok(())
    }

    fn progress(&mut self, table: String, phase: String) {
        let place = (table, phase);
        if self.progress.contains_key(&place) || self.progress.len() < MOST {
            *self.progress.entry(place).or_default() += 1;
        }
    }

    pub(super) fn seen(&self) -> Vec<VacuumProgress> {
        let seen = |((table, phase), looks): (&(String, String), &u64)| VacuumProgress {
            table: table.clone(),
            phase: phase.clone(),
            looks: *looks,
        };
        self.progress.iter().map(seen).collect()
    }

    /// Why nobody could look, not even once.
    pub(super) fn gap(&self) -> Option<Unread> {
        self.trouble.clone().filter(|_| self.looks == 0)
    }

    /// None where nobody could look.
    pub(super) fn oldest_xmin(&self) -> Option<OldestXmin> {
        Some(OldestXmin {
            begin_age_xids: self.begin_xids? as u64,
            end_age_xids: self.end_xids as u64,
            max_age_xids: self.oldest.as_ref().map_or(0.0, |(xids, _)| *xids) as u64,
            holder: self.oldest.as_ref().map(|(_, holder)| holder.clone()),
        })
    }
}

/// How old the database's oldest row versions are, in transactions, and likewise in multixacts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Freeze {
    pub(super) xids: u64,
    pub(super) mxids: u64,
}

pub(super) fn freeze(session: &mut Session) -> Result<Freeze, Unread> {
    let sql = "SELECT age(datfrozenxid)::float8, mxid_age(datminmxid)::float8 \
                 FROM pg_catalog.pg_database WHERE datname = current_database()";
    let rows = session.query("the age of the database", sql, &[])?;
    let read = |at| rows.first().and_then(|row| number(row, at)).map(|age| age as u64);
    let (Some(xids), Some(mxids)) = (read(0), read(1)) else {
        return Err(Unread::missing("the server does not say the age of the database"));
    };
    Ok(Freeze { xids, mxids })
}
