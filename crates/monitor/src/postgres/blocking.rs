//! Who blocks whom, looked at when more sessions wait for locks than ever before in this run, or as
//! many for longer: asking takes the lock manager for a moment, so it is not done all the time.

use super::session::{Session, number, text};
use super::shown::shown;
use model::database_metrics::{BlockedSession, BlockingSession, LockMoment, Unread};
use wire::blocking::OwnedRow;

/// At most 50 that wait, and those that they wait for without waiting themselves.
const SQL: &str = "\
    WITH waiting AS MATERIALIZED (
        SELECT pid, pg_catalog.pg_blocking_pids(pid) AS blockers, wait_event, query,
               extract(epoch FROM clock_timestamp() - query_start)::float8 * 1000 AS age_ms,
               extract(epoch FROM clock_timestamp() - {waitstart})::float8 * 1000 AS waiting_ms
          FROM pg_catalog.pg_stat_get_activity(NULL::int4)
         WHERE wait_event_type = 'Lock' LIMIT 50)
    SELECT pid::float8, array_to_string(blockers, ','), wait_event, left(query, 200), age_ms,
           NULL::text, waiting_ms
      FROM waiting WHERE cardinality(blockers) > 0
    UNION ALL
    SELECT pid::float8, NULL, NULL, left(query, 200),
           extract(epoch FROM clock_timestamp() - xact_start)::float8 * 1000, state,
           NULL::float8
      FROM pg_catalog.pg_stat_get_activity(NULL::int4)
     WHERE pid IN (SELECT unnest(blockers) FROM waiting)
       AND pid NOT IN (SELECT pid FROM waiting)";
/// Since when a session waits; a server before PostgreSQL 14 does not know.
const WAIT_START: &str = "(SELECT min(l.waitstart) FROM pg_catalog.pg_locks l \
                            WHERE l.pid = pg_stat_get_activity.pid AND NOT l.granted)";

/// How long not to ask again where no more wait than at the worst moment, s.
const AGAIN_S: f64 = 1.0;

/// The worst moment so far: when most waited, and of those moments the one when whoever they waited
/// for had kept its locks the longest.
#[derive(Debug, Default)]
pub(super) struct Worst {
    moment: Option<LockMoment>,
    asked_s: f64,
    /// Why it could not be asked for the last time.
    trouble: Option<Unread>,
}

impl Worst {
    /// Looks closer where more sessions wait than at the worst moment so far, or as many as then.
    pub(super) fn look(&mut self, session: &mut Session, at_s: f64, waiting: f64) {
        let most = self.moment.as_ref().map_or(0, |worst| worst.waiting_sessions);
        let waiting = waiting as u64;
        let is_due = at_s >= self.asked_s + AGAIN_S;
        if waiting < most.max(1) || (waiting == most && !is_due) {
            return;
        }
        self.asked_s = at_s;
        // Where they can't be listed, their number stands in `waiting_sessions` all the same.
        let mut moment = match read(session) {
            Ok(moment) => moment,
            Err(unread) => {
                self.trouble = Some(unread);
                return;
            }
        };
        // By the time we ask, some may have what they waited for: then it was not that moment.
        moment.waiting_sessions = moment.waiting_sessions.max(moment.blocked.len() as u64);
        let is_worst = self.moment.as_ref().is_none_or(|worst| is_worse(&moment, worst));
        // Whoever waited may have had its lock by then: a moment without anybody is none.
        if moment.waiting_sessions > 0 && is_worst {
            self.moment = Some(LockMoment { at_s, ..moment });
        }
    }

    pub(super) fn finish(&self) -> Option<LockMoment> {
        self.moment.clone()
    }

    /// Why who blocked whom was not seen at some moment that may have been the worst.
    pub(super) fn trouble(&self) -> Option<Unread> {
        self.trouble.clone()
    }
}

fn is_worse(moment: &LockMoment, than: &LockMoment) -> bool {
    let held_ms = |it: &LockMoment| {
        let ages = it.blocking.iter().filter_map(|root| root.transaction_age_ms);
        ages.fold(0.0, f64::max)
    };
    let longer = held_ms(moment) > held_ms(than);
    moment.waiting_sessions > than.waiting_sessions
        || (moment.waiting_sessions == than.waiting_sessions && longer)
}

fn read(session: &mut Session) -> Result<LockMoment, Unread> {
    session.ensure()?;
    let since = match session.catalogue().has_column("pg_locks", "waitstart") {
        true => WAIT_START,
        false => "NULL::timestamptz",
    };
    let sql = SQL.replace("{waitstart}", since);
    let mut moment = LockMoment::default();
    for row in session.poll("who blocks whom", &sql, &[])? {
        let statement = text(&row, 3).map(|text| shown(&text)).unwrap_or_default();
        let pid = number(&row, 0).unwrap_or(0.0) as i64;
        let age_ms = number(&row, 4).map(f64::round);
        match text(&row, 1) {
            Some(blockers) => moment.blocked.push(BlockedSession {
                pid,
                blocked_by: pids(&blockers),
                lock: text(&row, 2).unwrap_or_default(),
                waiting_ms: number(&row, 6).map(f64::round),
                statement_age_ms: age_ms,
                statement,
            }),
            None => moment.blocking.push(blocking(&row, pid, age_ms, statement)),
        }
    }
    moment.waiting_sessions = moment.blocked.len() as u64;
    Ok(moment)
}

fn blocking(row: &OwnedRow, pid: i64, age_ms: Option<f64>, statement: String) -> BlockingSession {
    BlockingSession { pid, state: text(row, 5), transaction_age_ms: age_ms, statement }
}

fn pids(list: &str) -> Vec<i64> {
    let mut pids: Vec<i64> = list.split(',').filter_map(|pid| pid.parse().ok()).collect();
    // Parallel workers of one blocker are listed one by one under its number.
    pids.dedup();
    pids
}
