//! Who blocks whom, looked at when more sessions wait for locks than ever before in this run, or as
//! many for longer: asking takes the lock manager for a moment, so it is not done all the time.

use super::session::{Session, number, text};
use super::shown::shown;
use model::database_metrics::{BlockedSession, BlockingSession, LockMoment, Unread};
use wire::blocking::OwnedRow;

/// Those that wait, at most `MOST` of them, whose statements are the oldest, and those that they wait
/// for without waiting themselves. How many wait in all stands beside each.
const SQL: &str = "\
    WITH waiting AS MATERIALIZED (
        SELECT pid, wait_event, query, query_start
          FROM pg_catalog.pg_stat_get_activity(NULL::int4) WHERE wait_event_type = 'Lock'),
    since AS MATERIALIZED ({since}),
    listed AS MATERIALIZED (
        SELECT pid, pg_catalog.pg_blocking_pids(pid) AS blockers, wait_event, query, query_start
          FROM (SELECT * FROM waiting ORDER BY query_start LIMIT 50) first)
    SELECT pid::float8, array_to_string(blockers, ','), wait_event, left(query, 200),
           extract(epoch FROM clock_timestamp() - query_start)::float8 * 1000, NULL::text,
           extract(epoch FROM clock_timestamp() - waitstart)::float8 * 1000,
           (SELECT count(*) FROM waiting)::float8
      FROM listed LEFT JOIN since USING (pid) WHERE cardinality(blockers) > 0
    UNION ALL
    SELECT pid::float8, NULL, NULL, left(query, 200),
           extract(epoch FROM clock_timestamp() - xact_start)::float8 * 1000, state,
           NULL::float8, NULL::float8
      FROM pg_catalog.pg_stat_get_activity(NULL::int4)
     WHERE pid IN (SELECT unnest(blockers) FROM listed)
       AND pid NOT IN (SELECT pid FROM waiting)";
/// As many as the statement lists.
const MOST: u64 = 50;
/// Since when each session waits; a server before PostgreSQL 14 does not know.
const WAIT_START: &str = "SELECT pid, min(waitstart) AS waitstart FROM pg_catalog.pg_locks WHERE NOT granted GROUP BY pid";
const NO_WAIT_START: &str = "SELECT NULL::int4 AS pid, NULL::timestamptz AS waitstart";

/// How long not to ask again where not plainly more wait than ever before, s.
const AGAIN_S: f64 = 1.0;
/// How long not to ask again where it failed: it may have taken all the time that a call may.
const AGAIN_AFTER_FAILURE_S: f64 = 10.0;
/// So many times as many are plainly more.
const MORE: f64 = 1.25;

/// The worst moment so far: when most waited, and of those moments the one when whoever they waited
/// for had kept its locks the longest.
#[derive(Debug, Default)]
pub(super) struct Worst {
    moment: Option<LockMoment>,
    /// The most that waited when we asked.
    most: f64,
    again_s: f64,
    has_failed: bool,
    /// Why it could not be asked for the last time.
    trouble: Option<Unread>,
}

impl Worst {
    /// Looks closer where as many sessions wait as at the worst moment so far or more, once a second,
    /// and at once where plainly more do than ever before.
    pub(super) fn look(&mut self, session: &mut Session, at_s: f64, waiting: f64) {
        if !self.is_worth_asking(at_s, waiting) {
            return;
        }
        self.most = self.most.max(waiting);
        // Where they can't be listed, their number stands in `waiting_sessions` all the same.
        let read = read(session);
        self.has_failed = read.is_err();
        self.again_s = at_s + if self.has_failed { AGAIN_AFTER_FAILURE_S } else { AGAIN_S };
        let moment = match read {
            Ok(moment) => moment,
            Err(unread) => {
                self.trouble = Some(unread);
                return;
            }
        };
        let is_worst = self.moment.as_ref().is_none_or(|worst| is_worse(&moment, worst));
        // Whoever waited may have had its lock by then: a moment without anybody is none.
        if moment.waiting_sessions > 0 && is_worst {
            self.moment = Some(LockMoment { at_s, ..moment });
        }
    }

    /// By the time that we asked, some may have had what they waited for: the worst moment on record
    /// may be one of fewer than we asked for.
    fn is_worth_asking(&self, at_s: f64, waiting: f64) -> bool {
        let worst = self.moment.as_ref().map_or(0, |worst| worst.waiting_sessions);
        let is_plainly_more = waiting >= self.most * MORE && !self.has_failed;
        waiting >= worst.max(1) as f64 && (at_s >= self.again_s || is_plainly_more)
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
        false => NO_WAIT_START,
    };
    let sql = SQL.replace("{since}", since);
    let mut moment = LockMoment::default();
    let mut waiting = 0;
    for row in session.poll("who blocks whom", &sql, &[])? {
        let statement = text(&row, 3).map(|text| shown(&text)).unwrap_or_default();
        let pid = number(&row, 0).unwrap_or(0.0) as i64;
        let age_ms = number(&row, 4).map(f64::round);
        match text(&row, 1) {
            Some(blockers) => {
                waiting = number(&row, 7).unwrap_or(0.0) as u64;
                moment.blocked.push(BlockedSession {
                    pid,
                    blocked_by: pids(&blockers),
                    lock: text(&row, 2).unwrap_or_default(),
                    waiting_ms: number(&row, 6).map(f64::round),
                    statement_age_ms: age_ms,
                    statement,
                });
            }
            None => moment.blocking.push(blocking(&row, pid, age_ms, statement)),
        }
    }
    // Some of those that waited may have had their lock a moment later, when their blockers were
    // asked for; of those that are not listed nobody knows.
    let unlisted = waiting.saturating_sub(MOST);
    moment.waiting_sessions = moment.blocked.len() as u64 + unlisted;
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
