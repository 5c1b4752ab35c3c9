//! What rules about waiting have in common: a share of the busy sessions, and how bad it is.

use super::beginning;
use crate::diagnosis::{Facts, Found, Missing, Role, Share, fact, said};
use model::finding::{Evidence, Severity};
use model::units::{decimal, percent};

/// Fewer waiting sessions than this, where the load leaves the server room, only add to the
/// response time what the work takes anyway.
const MANY_SESSIONS: f64 = 1.0;

/// A finding about waiting for these events, where they are `at_least` so many hundredths of the
/// busy time: its title ends in the share, its evidence names the events.
pub(super) fn waiting(
    facts: &Facts<'_>,
    events: &[&str],
    at_least: f64,
    title: &str,
) -> Result<Option<Found>, Missing> {
    let waits = facts.waits()?;
    let Some(share) = waits.share(events, at_least) else { return Ok(None) };
    let title = format!("{title}: {} of the busy time", percent(share.percent));
    let found = Found::new(severity(facts, &share), Role::Cause, title)
        .explains(share.percent / 100.0)
        .sure(share.confidence)
        .seen(evidence(&share))
        .seen(by_statement(facts, events))
        .within(waits.window);
    Ok(Some(found))
}

/// The statement that waited most, where the server tells (`compute_query_id`, since version 14).
pub(super) fn by_statement(facts: &Facts<'_>, events: &[&str]) -> Option<Evidence> {
    let waits = facts.waits().ok()?;
    let (statement, sessions) = waits.statement(events)?;
    let text = statement.text.as_deref().map(beginning);
    let text = text.unwrap_or_else(|| format!("queryid {}", statement.queryid));
    Some(fact(
        format!("most of them ({sessions:.2}) in: {text}"),
        "database_metrics.wait_events.by_statement",
        sessions,
    ))
}

/// A smaller share of the busy time limits nothing much, however the load is made.
const LIMITS_PERCENT: f64 = 10.0;

/// High where the load asks for all that the server gives, for then it limits; low where it is
/// part of what a fast answer takes.
pub(super) fn severity(facts: &Facts<'_>, share: &Share) -> Severity {
    match (facts.is_pressed(), share.sessions) {
        (true, _) if share.percent >= LIMITS_PERCENT => Severity::High,
        (true, _) => Severity::Medium,
        (false, many) if many >= MANY_SESSIONS => Severity::Medium,
        _ => Severity::Low,
    }
}

/// How many sessions waited, and for what.
pub(super) fn evidence(share: &Share) -> Vec<Evidence> {
    let mut all = vec![fact(
        format!("{} sessions waited for it on average", decimal(share.sessions)),
        "database_metrics.wait_events.events",
        share.sessions,
    )];
    let events = share.events.iter().take(4);
    let events: Vec<String> = events.map(|(name, n)| format!("{name} {n:.2}")).collect();
    if !events.is_empty() {
        all.push(said(format!("sessions in each event: {}", events.join(", "))));
    }
    all
}
