//! The session that was idle inside a transaction for the longest time: it may hold locks, and
//! dead rows stay for it.

use super::session::{Session, text};
use super::shown::shown;
use crate::timeline::round;
use model::database_metrics::IdleTransaction;
use wire::blocking::Param;

/// Shorter ones are between two statements of a busy transaction.
const WORTH_A_LOOK_MS: f64 = 100.0;
/// Two looks at one pause differ in its beginning by no more than this.
const SAME_MS: f64 = 50.0;

/// A session that is idle inside a transaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Idle {
    pub(super) pid: i32,
    /// Since its last statement ended.
    pub(super) age_ms: f64,
}

/// The longest so far.
#[derive(Debug, Default)]
pub(super) struct Longest(Option<IdleTransaction>);

impl Longest {
    /// Takes the longest of a look; asks for its statement where it is another than before.
    pub(super) fn look(&mut self, session: &mut Session, at_s: f64, idle: Option<Idle>) {
        let known_ms = self.0.as_ref().map_or(WORTH_A_LOOK_MS, |it| it.age_ms);
        let Some(idle) = idle.filter(|it| it.age_ms > known_ms) else { return };
        let began = |at_s: f64, age_ms: f64| at_s * 1000.0 - age_ms;
        if let Some(known) = &mut self.0
            && known.pid == i64::from(idle.pid)
            && (began(known.at_s, known.age_ms) - began(at_s, idle.age_ms)).abs() < SAME_MS
        {
            (known.at_s, known.age_ms) = (at_s, round(idle.age_ms));
            return;
        }
        let sql = "SELECT left(query, 200), application_name \
                     FROM pg_catalog.pg_stat_get_activity($1)";
        let rows = session.query("who is idle in a transaction", sql, &[Param::Int4(idle.pid)]);
        let rows = rows.unwrap_or_default();
        let read = |at| rows.first().and_then(|row| text(row, at)).filter(|it| !it.is_empty());
        self.0 = Some(IdleTransaction {
            pid: i64::from(idle.pid),
            at_s,
            age_ms: round(idle.age_ms),
            application: read(1),
            statement: read(0).map(|text| shown(&text)),
        });
    }

    pub(super) fn finish(&self) -> Option<IdleTransaction> {
        self.0.clone()
    }
}
