//! Heavyweight locks: rows and tables that sessions wait for.

use super::blocking::{moment, worst};
use super::waiting::{by_statement, evidence, severity, waiting};
use super::{Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Role};
use model::finding::Severity;
use model::units::percent;

/// The rules.
pub(super) const RULES: [Rule; 2] = [
    Rule {
        code: "lock_hot_row",
        category: "locks",
        source: "Amazon RDS, wait event Lock:transactionid; its share of busy sessions is our \
                 limit",
        judge: hot_row,
    },
    Rule {
        code: "lock_relation",
        category: "locks",
        source: "Amazon RDS, wait event Lock:relation; its share of busy sessions is our limit",
        judge: relation,
    },
];

/// Waiting for rows (and for the transactions that hold them).
const ROWS: &[&str] = &["Lock:transactionid", "Lock:tuple"];
/// Below this share of the busy time rows are no matter.
const HOT_ROW_PERCENT: f64 = 10.0;
/// From here on it limits, however the load is made, where a session waits all the time.
const LIMITS_PERCENT: f64 = 30.0;
const LIMITS_SESSIONS: f64 = 1.0;

/// L1: sessions wait for rows that others change.
fn hot_row(facts: &Facts<'_>) -> Ruling {
    let waits = facts.waits()?;
    let Some(share) = waits.share(ROWS, HOT_ROW_PERCENT) else { return Ok(None) };
    let worst = worst(facts).filter(|it| {
        it.blocked.iter().any(|blocked| matches!(blocked.lock.as_str(), "transactionid" | "tuple"))
    });
    let severity = match share.percent >= LIMITS_PERCENT && share.sessions >= LIMITS_SESSIONS {
        true => Severity::High,
        false => severity(facts, &share).max(Severity::Medium),
    };
    let share_of = percent(share.percent);
    let title = format!("sessions wait for rows that others change: {share_of} of the busy time");
    let named = worst.and_then(|it| it.blocked.first()).map(|it| beginning(&it.statement));
    let which = named.map_or_else(String::new, |it| format!(" (`{it}`)"));
    Ok(Some(
        Found::new(severity, Role::Cause, title)
            .explains(share.percent / 100.0)
            .sure(share.confidence)
            .seen(evidence(&share))
            .seen(by_statement(facts, ROWS))
            .seen(worst.into_iter().flat_map(moment))
            .within(waits.window)
            .at(worst.map(|it| it.at_s))
            .because(
                "transactions change the same rows and wait until the one before them has \
                 committed: they run one after another, however many connections there are",
            )
            .advise(
                format!(
                    "shorten the transactions that change these rows{which}: change the shared row \
                     last and commit at once; spread a counter over several rows, or take work \
                     with FOR UPDATE SKIP LOCKED"
                ),
                again("the share of lock waits (database_metrics.wait_events) falls"),
            ),
    ))
}

/// Tables are locked against each other by little else than DDL and LOCK TABLE.
const RELATION_PERCENT: f64 = 2.0;

/// L2: sessions wait for whole tables.
fn relation(facts: &Facts<'_>) -> Ruling {
    let title = "sessions wait for locks on whole tables";
    let found = waiting(facts, &["Lock:relation"], RELATION_PERCENT, title)?;
    let worst = worst(facts)
        .filter(|it| it.blocked.iter().any(|blocked| blocked.lock.as_str() == "relation"));
    let holder = worst.and_then(|it| it.blocking.first()).map(|it| beginning(&it.statement));
    let holder = holder.map_or_else(String::new, |it| format!(" (held by `{it}`)"));
    Ok(found.map(|mut found| {
        found.severity = found.severity.max(Severity::Medium);
        found
            .seen(worst.into_iter().flat_map(moment))
            .at(worst.map(|it| it.at_s))
            .because(format!(
                "somebody changes or locks a whole table{holder} while load runs, and whoever \
                 comes after queues behind the one that waits"
            ))
            .advise(
                "run DDL and LOCK TABLE with a short lock_timeout and try again, at a quiet hour; \
                 CREATE INDEX CONCURRENTLY and NOT VALID constraints lock less",
                again("no session waits for Lock:relation"),
            )
    }))
}
