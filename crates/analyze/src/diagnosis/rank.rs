//! The order of findings, and the one that limits.

use super::facts::Facts;
use super::found::Role;
use crate::rules::Fired;
use model::diagnosis::{NotEvaluated, Primary};
use model::finding::Severity;
use model::units::decimal;
use std::cmp::Reverse;

/// What explains less of the time than this is no bottleneck, however bad it is: a single deadlock
/// of ten minutes is worth mending, and the server would be no faster without it. Our limit, half
/// of the smallest share of busy time that any rule calls high.
const LEAST: f64 = 0.05;
/// Where the load asks for all that the server gives, a finding of medium severity limits plainly
/// when it explains half of the time.
const PLAIN: f64 = 0.5;
/// A cause that explains this much of the time stands before the resource that it uses up.
const TELLING: f64 = 0.2;

/// Puts findings into order and names the first, where it limits throughput or latency. Of a run
/// that is not valid nothing is named but the generator: its other numbers prove nothing.
pub(super) fn sort(facts: &Facts<'_>, fired: &mut [Fired]) -> Option<Primary> {
    fired.sort_by(|a, b| {
        key(facts, a).partial_cmp(&key(facts, b)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let first = fired.first().filter(|it| limits(facts, it))?;
    if facts.is_invalid() && !first.rule.is_generator() {
        return None;
    }
    Some(Primary { code: first.rule.code.to_owned(), title: first.found.title.clone() })
}

/// What limits first: a fault of our own set-up, then causes that explain much, then resources;
/// after them by severity and impact.
fn key(facts: &Facts<'_>, fired: &Fired) -> (u8, Reverse<Severity>, f64) {
    let found = &fired.found;
    let order = match (limits(facts, fired), found.role) {
        (true, _) if fired.rule.is_generator() => 0,
        (true, Role::Cause) if found.impact() >= TELLING => 1,
        (true, _) => 2,
        (false, _) => 3,
    };
    // Of things that limit, the one that explains most comes first, however it is called.
    let severity = if order < 3 { Severity::High } else { found.severity };
    // What is the same to a thousandth is the same: sums of the same sessions differ by less.
    (order, Reverse(severity), -(found.impact() * 1000.0).round())
}

/// Whether a finding says what limits throughput or latency.
fn limits(facts: &Facts<'_>, fired: &Fired) -> bool {
    let found = &fired.found;
    let enough = match found.severity {
        // What pgsurge did itself counts whatever it took: the numbers are not the server's. Of what
        // nobody could measure it is not known that it is little.
        Severity::High | Severity::Critical => {
            fired.rule.is_generator() || found.explains.is_none() || found.impact() >= LEAST
        }
        Severity::Medium => facts.is_pressed() && found.impact() >= PLAIN,
        Severity::Low => false,
    };
    found.role != Role::Remark && enough
}

/// Why nothing was named.
pub(super) fn none_reason(facts: &Facts<'_>, not_evaluated: &[NotEvaluated]) -> String {
    if facts.is_invalid() {
        return "the run is not valid: its numbers say too little about the server".to_owned();
    }
    let unknown = not_evaluated.len();
    let Ok(waits) = facts.waits() else {
        return format!("what sessions did was not seen: {unknown} rules could not be judged");
    };
    let busy = decimal(waits.busy);
    let cpus = facts.cpus().map(|cpus| format!(", for {} CPUs", decimal(cpus)));
    let kept_up = match (facts.load().offered_per_s, facts.is_pressed()) {
        (Some(_), false) => "the server kept up with the load; ",
        _ => "",
    };
    let rules = match unknown {
        0 => "no rule says what limits".to_owned(),
        n => format!("no rule says what limits, {n} could not be judged"),
    };
    format!("{kept_up}busy sessions: {busy} on average{}; {rules}", cpus.unwrap_or_default())
}
