//! The busiest statements of a window.

use super::super::counters::Counters;
use super::super::session::Session;
use super::super::statements::Statements;
use super::SHOWN;
use super::known::Known;
use crate::timeline::round;
use model::database_metrics::Unread;
use model::series::StatementWindow;
use std::collections::{BTreeMap, BTreeSet};

/// Of so many we find out what they are: beside those that are shown there may be transaction
/// control and the monitor's own.
const CANDIDATES: usize = 60;

/// What a statement came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sum {
    pub(super) calls: f64,
    pub(super) exec_ms: f64,
    pub(super) rows: f64,
}

impl std::ops::AddAssign<&Sum> for Sum {
    fn add_assign(&mut self, other: &Sum) {
        self.calls += other.calls;
        self.exec_ms += other.exec_ms;
        self.rows += other.rows;
    }
}

/// What was added to each statement that ran, the users of it together.
pub(super) struct Added {
    pub(super) by_id: BTreeMap<i64, Sum>,
    /// Of how many nothing is known.
    pub(super) unknown: u64,
}

/// What was added between two looks.
pub(super) fn added(now: &Statements, earlier: &Statements) -> Result<Added, Unread> {
    let mut by_id = BTreeMap::<i64, Sum>::new();
    let mut unknown = BTreeSet::new();
    for (id, added) in now.each_since(earlier)? {
        match added {
            Some(added) => *by_id.entry(id).or_default() += &sum(&added),
            None => drop(unknown.insert(id)),
        }
    }
    // What one user's share is missing of would look like less.
    by_id.retain(|id, sum| sum.calls > 0.0 && !unknown.contains(id));
    Ok(Added { by_id, unknown: unknown.len() as u64 })
}

fn sum(added: &Counters) -> Sum {
    let get = |name| added.get(name).unwrap_or(0.0);
    Sum { calls: get("calls"), exec_ms: get("exec_ms"), rows: get("rows") }
}

/// The numbers of those of the load that took the most execution time.
pub(super) fn most(
    session: &mut Session,
    known: &mut Known,
    by_id: &BTreeMap<i64, Sum>,
) -> Result<Vec<i64>, Unread> {
    let mut ids: Vec<i64> = by_id.keys().copied().collect();
    ids.sort_by(|a, b| by_id[b].exec_ms.total_cmp(&by_id[a].exec_ms));
    ids.truncate(CANDIDATES);
    known.learn(session, &ids)?;
    ids.retain(|id| known.is_of_load(*id));
    ids.truncate(SHOWN);
    Ok(ids)
}

/// The same as rows of a window.
pub(super) fn busiest(
    session: &mut Session,
    known: &mut Known,
    by_id: &BTreeMap<i64, Sum>,
) -> Result<Vec<StatementWindow>, Unread> {
    let ids = most(session, known, by_id)?;
    let row = |id: i64| StatementWindow {
        queryid: id.to_string(),
        text: known.tell(id),
        calls: by_id[&id].calls as u64,
        exec_ms: round(by_id[&id].exec_ms),
        rows: by_id[&id].rows as u64,
    };
    Ok(ids.into_iter().map(row).collect())
}
