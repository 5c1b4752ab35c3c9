//! One look at the sessions: how many in which state, what the active ones run and wait for; and
//! at what the server does on its own meanwhile.

use super::idle::Idle;
use super::session::{Session, number, text};
use model::database_metrics::Unread;
use std::collections::BTreeMap;
use wire::blocking::{OwnedRow, Param};

/// The function behind `pg_stat_activity`: the view joins two more catalogues, which costs the
/// server several times as much and says nothing that we ask. Of other users' sessions a user
/// without `pg_monitor` sees that they are there, and neither a state nor when they began; one that
/// has just logged in has no state yet, and is `starting` (as version 18 says itself). Those without
/// a user are autovacuum's, but for the checkpointer, of which such a user sees not even that.
/// `$1` is the run's own application name.
const SQL: &str = "\
    SELECT state, wait_event_type, wait_event, kind, count(*)::float8, query_id, other,
           extract(epoch FROM clock_timestamp() - min(idle_since))::float8 * 1000,
           (array_agg(pid ORDER BY idle_since) FILTER (WHERE idle_since IS NOT NULL))[1]
      FROM (SELECT pid, wait_event_type, wait_event,
                   CASE WHEN backend_start IS NOT NULL THEN coalesce(state, 'starting')
                        END AS state,
                   CASE WHEN backend_type = 'parallel worker' THEN 'worker'
                        WHEN backend_type = 'checkpointer' THEN 'checkpointer'
                        WHEN backend_type = 'client backend' OR usesysid IS NOT NULL THEN 'client'
                        ELSE 'autovacuum' END AS kind,
                   CASE WHEN state = 'active' THEN {query_id} END AS query_id,
                   CASE WHEN state = 'active' AND application_name <> $1
                         AND application_name NOT LIKE 'pgsurge%' THEN application_name END AS other,
                   CASE WHEN state LIKE 'idle in transaction%' THEN state_change END AS idle_since
              FROM pg_catalog.pg_stat_get_activity(NULL::int4)
             WHERE pid <> pg_catalog.pg_backend_pid()
               AND (backend_type IN ('client backend', 'parallel worker', 'autovacuum worker',
                                     'checkpointer')
                    OR (backend_type IS NULL AND datid IS NOT NULL))) AS session
     GROUP BY 1, 2, 3, 4, 6, 7";

/// What no wait means: the session runs, or waits for a CPU.
const CPU: &str = "CPU";
/// The class of what a process of the server waits for that has nothing to do. The checkpointer's
/// event is `CheckpointerMain` in all versions; between two writes of a checkpoint it is in no wait
/// (up to version 13) or in `Timeout:CheckpointWriteDelay`, which is a part of the work.
const NOTHING_TO_DO: &str = "Activity";

/// What a session waits for: class and event.
pub(super) type Event = (String, String);

/// Active sessions that do the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Active {
    pub(super) event: Event,
    /// Of the statement; none where the server does not tell.
    pub(super) query_id: Option<i64>,
    /// The application, where it is not this run's.
    pub(super) other: Option<String>,
    pub(super) count: f64,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    pub(super) states: BTreeMap<String, f64>,
    pub(super) active: Vec<Active>,
    pub(super) autovacuum: f64,
    /// Whether a checkpoint was at work; none where we may not see.
    pub(super) checkpoint: Option<bool>,
    /// The one that is idle inside a transaction for the longest time.
    pub(super) idle: Option<Idle>,
}

impl Sample {
    pub(super) fn take(session: &mut Session) -> Result<Sample, Unread> {
        session.ensure()?;
        let query_id = match session.catalogue().has_column("pg_stat_activity", "query_id") {
            true => "query_id",
            false => "NULL::int8",
        };
        let sql = SQL.replace("{query_id}", query_id);
        let own = session.application().to_owned();
        let mut sample = Sample::default();
        for row in session.poll("sessions", &sql, &[Param::Text(&own)])? {
            sample.row(&row);
        }
        Ok(sample)
    }

    fn row(&mut self, row: &OwnedRow) {
        let (state, kind) = (text(row, 0), text(row, 3));
        let count = number(row, 4).unwrap_or(0.0);
        match kind.as_deref() {
            Some("autovacuum") => {
                self.autovacuum += count;
                return;
            }
            Some("checkpointer") => {
                self.checkpoint = Some(text(row, 1).as_deref() != Some(NOTHING_TO_DO));
                return;
            }
            _ => {}
        }
        if matches!(state.as_deref(), Some("active" | "fastpath function call")) {
            let event = |column| text(row, column).unwrap_or_else(|| CPU.to_owned());
            self.active.push(Active {
                event: (event(1), event(2)),
                query_id: row.value::<Option<i64>>(5).ok().flatten(),
                other: text(row, 6),
                count,
            });
        }
        if let (Some(age_ms), Ok(Some(pid))) = (number(row, 7), row.value::<Option<i32>>(8))
            && self.idle.is_none_or(|idle| idle.age_ms < age_ms)
        {
            self.idle = Some(Idle { pid, age_ms });
        }
        if kind.as_deref() != Some("worker") {
            let state = state.unwrap_or_else(|| "hidden".to_owned());
            *self.states.entry(state).or_default() += count;
        }
    }

    /// Sessions that wait for a heavyweight lock.
    pub(super) fn waiting(&self) -> f64 {
        self.active.iter().filter(|it| it.event.0 == "Lock").map(|it| it.count).sum()
    }

    pub(super) fn sessions(&self) -> f64 {
        self.states.values().sum()
    }

    pub(super) fn active(&self) -> f64 {
        self.active.iter().map(|it| it.count).sum()
    }

    /// Active ones that are not of this run.
    pub(super) fn others(&self) -> f64 {
        self.active.iter().filter(|it| it.other.is_some()).map(|it| it.count).sum()
    }

    pub(super) fn idle_in_transaction(&self) -> f64 {
        let idle = self.states.iter().filter(|(it, _)| it.starts_with("idle in transaction"));
        idle.map(|(_, count)| count).sum()
    }
}

/// How many sessions the server takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots {
    pub(super) max: u64,
    pub(super) usable: u64,
}

impl Slots {
    pub(super) fn read(session: &mut Session) -> Result<Slots, Unread> {
        let sql = "SELECT current_setting('max_connections')::float8, \
            current_setting('superuser_reserved_connections')::float8 \
                + coalesce(current_setting('reserved_connections', true), '0')::float8";
        let rows = session.query("max_connections", sql, &[])?;
        let read = |at| rows.first().and_then(|row| number(row, at));
        let (Some(max), Some(reserved)) = (read(0), read(1)) else {
            return Err(Unread::missing("the server does not say its max_connections"));
        };
        Ok(Slots { max: max as u64, usable: (max - reserved).max(0.0) as u64 })
    }
}
