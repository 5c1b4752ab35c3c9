//! Others who use the server while load runs.

use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use model::finding::Severity;
use model::units::{decimal, percent};

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "other_traffic",
    category: "noise",
    source: "pgwatch, backends by application; a twentieth of the busy sessions is our limit",
    judge: other_traffic,
}];

/// Of the busy sessions.
pub(crate) const OTHERS_PERCENT: f64 = 5.0;
/// Fewer than this are somebody who looks.
pub(crate) const OTHERS: f64 = 0.05;

/// G6: sessions that are not of this run are at work.
fn other_traffic(facts: &Facts<'_>) -> Ruling {
    let stats = facts.section(|it| &it.connection_stats)?;
    let why = "whose sessions were active was not read";
    let others = stats.other_active_sessions.ok_or_else(|| Missing::because(why))?.mean;
    let waits = facts.waits()?;
    let share = others * 100.0 / waits.busy.max(others).max(f64::MIN_POSITIVE);
    if others < OTHERS || share <= OTHERS_PERCENT {
        return Ok(None);
    }
    let named = stats.other_applications.iter().map(|(name, n)| format!("{name} {n:.2}"));
    let named: Vec<String> = named.collect();
    let title =
        format!("others used the server: {} of the busy sessions", percent(share.min(100.0)));
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .explains(share / 100.0)
            .seen([
                fact(
                    format!("{} active sessions of others on average", decimal(others)),
                    "database_metrics.connection_stats.other_active_sessions.mean",
                    others,
                ),
                said(format!("by application: {}", named.join(", "))),
            ])
            .within(waits.window)
            .because("what they take, this run did not have; what they wait for is in its numbers")
            .advise(
                "measure on a server that nobody else uses, or take this run for one with that \
                 traffic",
                again("no session of another application is active"),
            ),
    ))
}
