//! The server's processors.

use super::{Rule, Ruling, again, beginning};
use crate::diagnosis::{Facts, Found, Role, Wait, fact, said};
use model::finding::{Confidence, Evidence, Severity};
use model::units::{decimal, percent};

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "cpu_saturated",
    category: "cpu",
    source: "Amazon RDS, \"CPU\" and the maximum vCPU line of Performance Insights: load above the \
             number of CPUs whose main wait is CPU; host CPU of 90 % as pgEdge's critical alert",
    judge: saturated,
}];

/// From here on a host has no CPU left (pgEdge's rule reference: warning 80, critical 90).
const HOST_BUSY_PERCENT: f64 = 90.0;
/// Where the host is busy, sessions that run or want to must fill this much of its CPUs for the
/// server to be what fills it: the load generator may sit beside it.
const SERVER_SHARE: f64 = 0.4;

/// C1: as many sessions want a CPU as there are, and none is left.
fn saturated(facts: &Facts<'_>) -> Ruling {
    let (waits, cpus) = (facts.waits()?, facts.cpus()?);
    let running = waits.sessions(Wait::CPU);
    let host = facts.host().ok().map(|host| host.cpu_usage_percent.mean);
    let fires = match host {
        Some(used) => used >= HOST_BUSY_PERCENT && running >= cpus * SERVER_SHARE,
        None => running >= cpus,
    };
    let share = waits.share(Wait::CPU, 0.0).filter(|_| fires);
    let Some(share) = share else { return Ok(None) };
    let (wanted, have) = (decimal(running), decimal(cpus));
    let title = format!("the server's CPUs are used up: {wanted} sessions want {have} CPUs");
    let severity = if facts.is_pressed() { Severity::High } else { Severity::Medium };
    let evidence = fact(
        format!(
            "{wanted} sessions ran or wanted a CPU on average, {} of all",
            percent(share.percent)
        ),
        "database_metrics.wait_events.by_class.CPU",
        running,
    );
    let used = host.map(|used| {
        let text = format!("the server's host used {} of its {have} CPUs", percent(used));
        fact(text, "system_metrics.cpu_usage_percent.mean", used)
    });
    Ok(Some(
        Found::new(severity, Role::Resource, title)
            .explains(share.percent / 100.0)
            .sure(if host.is_some() { Confidence::High } else { Confidence::Medium })
            .seen([evidence])
            .seen(used)
            .seen(top_statement(facts))
            .within(waits.window)
            .because(
                "more sessions want to run than there are processors: each further one makes all \
                 of them slower",
            )
            .advise(
                format!(
                    "make the statements that take the most time cheaper, let no more than about \
                     {} sessions run at once (a pooler), or give the server more CPUs",
                    decimal(cpus * 2.0)
                ),
                again("throughput rises, or host CPU falls below 90 % at the same rate"),
            ),
    ))
}

/// The statement that takes the most time, where the server counts them.
fn top_statement(facts: &Facts<'_>) -> Option<Evidence> {
    let queries = facts.section(|it| &it.query_performance).ok()?;
    let top = queries.statements.first()?;
    let text = top.text.as_deref().map(beginning).unwrap_or_else(|| top.queryid.clone());
    Some(said(format!("most execution time ({}): {text}", percent(top.share_percent))))
}
