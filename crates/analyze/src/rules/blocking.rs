//! Who waits for whom: chains of sessions behind one that keeps its locks.

use super::waiting::evidence;
use super::{Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Missing, Role, Wait, fact, said};
use model::database_metrics::LockMoment;
use model::finding::{Evidence, Severity};
use model::units::{count, milliseconds, percent};
use std::collections::BTreeMap;

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "blocking_chain",
    category: "locks",
    source: "pgEdge's rule reference (more than 5 sessions, a minute) and pganalyze's check \
                 of blocking queries; PostgreSQL itself tells of waits longer than \
                 deadlock_timeout \
                 (1 s)",
    judge: blocking_chain,
}];

/// A transaction that is open for this long while others wait is no part of a queue that moves
/// (deadlock_timeout, from which on PostgreSQL can tell of waits in its log).
const LONG_HELD_MS: f64 = 1000.0;
/// Or for this long, where actions take far less: then it is no action that is merely slow.
const HELD_MS: f64 = 200.0;
const HELD_RESPONSES: f64 = 5.0;
/// Sessions behind one, from which it is a matter however deep they are (pgEdge).
const MANY_BLOCKED: u64 = 5;
/// Below this share of the busy time nobody stands still for long.
const CHAIN_PERCENT: f64 = 10.0;
/// Levels of waiting below the root.
const DEEP: usize = 2;
/// Waiting as long as this is a matter whoever waits (pgEdge).
const WAITED_MS: f64 = 60_000.0;

/// L8: sessions wait behind one that keeps its locks, and others behind them.
fn blocking_chain(facts: &Facts<'_>) -> Ruling {
    let waits = facts.waits()?;
    let contention = facts.section(|it| &it.lock_contention)?;
    let Some(worst) = &contention.worst else { return Ok(None) };
    let held = worst.blocking.iter().filter_map(|it| Some((it, it.transaction_age_ms?)));
    let Some((root, held_ms)) = held.max_by(|(_, a), (_, b)| a.total_cmp(b)) else {
        return Err(Missing::because("how long the blocking session held its locks is not known"));
    };
    let depth = depth(worst);
    // Where the server does not tell since when it waits, it waits no longer than its statement runs.
    let waited_ms = worst.blocked.iter().filter_map(|it| it.waiting_ms.or(it.statement_age_ms));
    let waited_ms = waited_ms.fold(0.0, f64::max);
    let is_chain = depth >= DEEP || worst.waiting_sessions > MANY_BLOCKED || waited_ms > WAITED_MS;
    let share = waits.share(Wait::LOCK, CHAIN_PERCENT);
    let (true, Some(share)) = (is_chain && is_long(facts, held_ms), share) else {
        return Ok(None);
    };
    let (held, state) = (milliseconds(held_ms), root.state.as_deref().unwrap_or("unknown"));
    let title = format!(
        "{} sessions wait behind one that is {state}, {} deep: {} of the busy time",
        count(worst.waiting_sessions),
        depth + 1,
        percent(share.percent)
    );
    let holder = beginning(&root.statement);
    Ok(Some(
        Found::new(Severity::High, Role::Cause, title)
            .explains(share.percent / 100.0)
            .sure(share.confidence)
            .seen(evidence(&share))
            .seen(moment(worst))
            .seen([fact(
                format!("the root's transaction had been open for {held}"),
                "database_metrics.lock_contention.worst.blocking.transaction_age_ms",
                held_ms,
            )])
            .within(waits.window)
            .at(Some(worst.at_s))
            .because(format!(
                "process {} keeps its locks ({state}, transaction open for {held}): everyone \
                 behind it stands still until it commits",
                root.pid
            ))
            .advise(
                format!(
                    "end the transaction that holds the locks sooner: its last statement was \
                     `{holder}`; idle_in_transaction_session_timeout ends forgotten ones, \
                     lock_timeout those that wait too long"
                ),
                again("database_metrics.lock_contention.waiting_sessions falls"),
            ),
    ))
}

/// Whether a transaction has been open for longer than the load's own ever are.
fn is_long(facts: &Facts<'_>, held_ms: f64) -> bool {
    let p95 = facts.load().all_actions.response_time_ms.map_or(f64::INFINITY, |it| it.p95);
    held_ms >= LONG_HELD_MS || (held_ms >= HELD_MS && held_ms >= p95 * HELD_RESPONSES)
}

/// Levels of waiting below the roots. Those that queue for a tuple stand behind the first of their
/// queue, which adds no level: they all wait for the same row.
fn depth(worst: &LockMoment) -> usize {
    let queued = |lock: &str| lock == "tuple";
    let waits: BTreeMap<i64, (&[i64], bool)> = worst
        .blocked
        .iter()
        .map(|it| (it.pid, (it.blocked_by.as_slice(), queued(&it.lock))))
        .collect();
    let mut deepest = 0;
    for pid in waits.keys() {
        let (mut at, mut levels) = (*pid, 0);
        // A circle of waiting (a deadlock that is not found yet) ends where all have been seen.
        for _ in 0..=waits.len() {
            let Some((by, queued)) = waits.get(&at) else { break };
            levels += usize::from(!queued);
            let Some(next) = by.first() else { break };
            at = *next;
        }
        deepest = deepest.max(levels.min(waits.len()));
    }
    deepest
}

pub(super) fn worst<'a>(facts: &Facts<'a>) -> Option<&'a LockMoment> {
    facts.section(|it| &it.lock_contention).ok()?.worst.as_ref()
}

/// Who waited for whom when most did.
pub(super) fn moment(worst: &LockMoment) -> Vec<Evidence> {
    let mut all = vec![fact(
        format!("{} sessions waited at {:.1} s", count(worst.waiting_sessions), worst.at_s),
        "database_metrics.lock_contention.worst.waiting_sessions",
        worst.waiting_sessions as f64,
    )];
    all.extend(worst.blocking.first().map(|root| {
        let state = root.state.as_deref().unwrap_or("state unknown");
        let statement = beginning(&root.statement);
        said(format!("held by process {} ({state}): {statement}", root.pid))
    }));
    all.extend(worst.blocked.first().map(|it| {
        let statement = beginning(&it.statement);
        said(format!("waited for ({}): {statement}", it.lock))
    }));
    all
}
