//! `pg_stat_replication` and `pg_replication_slots`: who follows this server, how far behind, and
//! how much log is kept for whom.

use super::session::{Session, number, text};
use crate::timeline::round;
use model::database_metrics::{
    MeanMax, ReplicationSlot, ReplicationStats, Standby, Status, Unread,
};
use std::collections::BTreeMap;
use wire::blocking::OwnedRow;

/// More of either are not told apart.
const MOST: usize = 50;

/// Values over the looks that had them.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    sum: f64,
    max: f64,
    looks: u64,
}

impl Total {
    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value else { return };
        self.sum += value;
        self.max = self.max.max(value);
        self.looks += 1;
    }

    fn mean_max(self) -> Option<MeanMax> {
        let mean = round(self.sum / self.looks as f64);
        (self.looks > 0).then(|| MeanMax { mean, max: round(self.max) })
    }
}

/// A standby or a slot as it was last seen, and its numbers over time.
#[derive(Clone, Debug, Default)]
struct Followed {
    kind: Option<String>,
    status: Option<String>,
    is_active: Option<bool>,
    safe_bytes: Option<f64>,
    lags: [Total; 6],
}

/// What the looks came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Replicating {
    looks: u64,
    /// Why it could not be looked at for the last time.
    trouble: Option<Unread>,
    is_standby: bool,
    standbys: BTreeMap<String, Followed>,
    slots: BTreeMap<String, Followed>,
}

impl Replicating {
    /// Looks once; what can't be read now is no part of it.
    pub(super) fn look(&mut self, session: &mut Session) {
        self.trouble = self.read(session).err().or(self.trouble.take());
    }

    fn read(&mut self, session: &mut Session) -> Result<(), Unread> {
        session.ensure()?;
        let sql = statement(session);
        let rows = session.poll("replication", &sql, &[])?;
        self.looks += 1;
        for row in &rows {
            let name = text(row, 1).unwrap_or_default();
            match text(row, 0).as_deref() {
                Some("standby") => follow(&mut self.standbys, name, row),
                Some("slot") => follow(&mut self.slots, name, row),
                _ => self.is_standby = row.value(10).unwrap_or(false),
            }
        }
        Ok(())
    }

    pub(super) fn stats(&self) -> Result<ReplicationStats, Unread> {
        if self.looks == 0 {
            let never = || Unread::missing("replication could not be looked at");
            return Err(self.trouble.clone().unwrap_or_else(never));
        }
        let standby = |(name, it): (&String, &Followed)| {
            let [sent, write, flush, replay, flush_ms, replay_ms] = it.lags.map(Total::mean_max);
            Standby {
                application: name.clone(),
                state: it.kind.clone(),
                sync_state: it.status.clone(),
                sent_lag_bytes: sent,
                write_lag_bytes: write,
                flush_lag_bytes: flush,
                replay_lag_bytes: replay,
                flush_lag_ms: flush_ms,
                replay_lag_ms: replay_ms,
            }
        };
        let slot = |(name, it): (&String, &Followed)| ReplicationSlot {
            name: name.clone(),
            kind: it.kind.clone().unwrap_or_default(),
            active: it.is_active.unwrap_or(false),
            retained_bytes: it.lags[0].mean_max(),
            wal_status: it.status.clone(),
            safe_wal_bytes: it.safe_bytes.map(|bytes| bytes as i64),
        };
        Ok(ReplicationStats {
            standby: self.is_standby,
            standbys: self.standbys.iter().map(standby).collect(),
            slots: self.slots.iter().map(slot).collect(),
        })
    }
}

/// Standbys whose state and lags are hidden from us; `grant` shows them.
pub(super) fn gap(stats: &ReplicationStats, grant: &str) -> Option<Unread> {
    let hidden = stats.standbys.iter().filter(|it| it.state.is_none()).count();
    let reason = format!("{grant} shows the hidden state and lag of {hidden} standbys");
    (hidden > 0).then_some(Unread { status: Status::NoPrivilege, reason })
}

fn follow(all: &mut BTreeMap<String, Followed>, name: String, row: &OwnedRow) {
    if !all.contains_key(&name) && all.len() >= MOST {
        return;
    }
    let it = all.entry(name).or_default();
    (it.kind, it.status) = (text(row, 2), text(row, 3));
    it.lags.iter_mut().enumerate().for_each(|(at, lag)| lag.add(number(row, 4 + at)));
    it.is_active = row.value::<Option<bool>>(10).ok().flatten();
    it.safe_bytes = number(row, 11);
}

fn statement(session: &Session) -> String {
    let column = |name: &str| match session.catalogue().has_column("pg_replication_slots", name) {
        true => format!("s.{name}"),
        false => "NULL".to_owned(),
    };
    let (status, safe) = (column("wal_status"), column("safe_wal_size"));
    format!(
        "WITH here AS MATERIALIZED (SELECT pg_is_in_recovery() AS is_standby, \
             CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
                  ELSE pg_current_wal_lsn() END AS lsn) \
         SELECT 'here', NULL, NULL, NULL, NULL::float8, NULL::float8, NULL::float8, NULL::float8, \
                NULL::float8, NULL::float8, is_standby, NULL::float8 FROM here \
         UNION ALL \
         SELECT 'standby', application_name, state, sync_state, \
                pg_wal_lsn_diff(lsn, sent_lsn)::float8, pg_wal_lsn_diff(lsn, write_lsn)::float8, \
                pg_wal_lsn_diff(lsn, flush_lsn)::float8, pg_wal_lsn_diff(lsn, replay_lsn)::float8, \
                extract(epoch FROM flush_lag)::float8 * 1000, \
                extract(epoch FROM replay_lag)::float8 * 1000, NULL, NULL \
           FROM pg_catalog.pg_stat_replication, here \
         UNION ALL \
         SELECT 'slot', slot_name::text, slot_type, {status}::text, \
                pg_wal_lsn_diff(lsn, restart_lsn)::float8, NULL, NULL, NULL, NULL, NULL, active, \
                {safe}::float8 FROM pg_catalog.pg_replication_slots s, here"
    )
}
