//! Were we the limit? The checks of validity have judged it; here it becomes a finding, and the
//! first of all, since no number of such a run says anything about the server.

use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use model::finding::{Evidence, Severity};
use model::units::{milliseconds, percent};
use model::verdict::ValidityOutcome;

/// Findings of this category are about us.
pub(super) const CATEGORY: &str = "generator";

/// The rules.
pub(super) const RULES: [Rule; 2] = [
    Rule {
        code: "generator_saturated",
        category: CATEGORY,
        source: "our own limit: a load thread at 95 % has no time left that its clock could show; \
                 k6, \"Running large tests\", advises to stay below 80 %",
        judge: saturated,
    },
    Rule {
        code: "generator_late",
        category: CATEGORY,
        source: "coordinated omission (G. Tene): what is sent late measures the sender; limits of \
                 validity: our delay, before sending or before reading, is more than half of the \
                 response time, or a turn of our loop takes more than 20 ms at the p99",
        judge: late,
    },
];

/// G1: a load thread without a processor left.
fn saturated(facts: &Facts<'_>) -> Ruling {
    let ours = &facts.load().generator;
    let busiest = ours.busiest_thread_percent;
    let busiest = busiest.ok_or_else(|| Missing::because("our CPU time was not measured"))?;
    if !is_invalid(facts, "generator_cpu") {
        return Ok(None);
    }
    let title = format!("the load generator is the limit: a thread at {} CPU", percent(busiest));
    Ok(Some(
        Found::new(Severity::Critical, Role::Cause, title)
            .explains(1.0)
            .seen([fact(
                format!("the busiest of {} load threads used {}", ours.threads, percent(busiest)),
                "load_metrics.generator.busiest_thread_percent",
                busiest,
            )])
            .because(
                "pgsurge itself had no processor time left: it measured its own limit, not the \
                 server's",
            )
            .advise(
                "raise --threads up to the CPUs of this machine, lower the load, or run pgsurge on \
                 another machine than the server",
                again("the check generator_cpu is ok"),
            ),
    ))
}

/// The checks that find a delay of ours.
const DELAYS: [&str; 3] = ["generator_lateness", "generator_loop_delay", "generator_wake_delay"];

/// G2: sent later than a connection was free, or answers lay unread.
fn late(facts: &Facts<'_>) -> Ruling {
    let all = &facts.load().all_actions;
    let late = all.lateness_ms.ok_or_else(|| Missing::because("no action was sent"))?;
    let told = DELAYS.iter().filter(|code| is_invalid(facts, code));
    let told: Vec<_> = told.filter_map(|code| facts.check(code)).collect();
    if told.is_empty() {
        return Ok(None);
    }
    let own = fact(
        format!("our own delay before sending is {} at the p99", milliseconds(late.p99)),
        "load_metrics.all_actions.lateness_ms.p99",
        late.p99,
    );
    let waits = told.iter().any(|check| check.code == "generator_wake_delay");
    let waits = facts.load().generator.wake_delay_ms.filter(|_| waits);
    let stood = told.iter().any(|check| check.code == "generator_loop_delay");
    let stood = facts.load().generator.standstill_max_ms.filter(|ms| stood && *ms > late.p99);
    let (delay, because, advice) = match waits {
        None if let Some(ms) = stood => (
            format!("it stood still for up to {}", milliseconds(ms)),
            "pgsurge was not let run for so long: what fell due meanwhile waited for it, whatever \
             the server did",
            "run it again; where that comes back, find what stops it or takes its processor (a \
             suspended machine, a debugger, a cgroup's limit), or give it a machine of its own",
        ),
        Some(ms) => (
            format!("a thread of it waits {} for a processor before it reads", milliseconds(ms)),
            "answers lay unread while others had the processors that pgsurge needed: the \
             latencies are partly its own, whatever the server did",
            "end what else keeps the processors of this machine busy, raise the CPU limit of the \
             container or cgroup that pgsurge runs in, or give it a machine of its own",
        ),
        None => (
            format!("its own delay is {} (p99)", milliseconds(late.p99)),
            "connections were free and pgsurge did not use them in time: the latencies are \
             partly its own",
            "raise --threads, lower the load, or give pgsurge a machine of its own",
        ),
    };
    let title = format!("the load generator is the limit: {delay}");
    Ok(Some(
        Found::new(Severity::Critical, Role::Cause, title)
            .explains(1.0)
            .seen([own])
            .seen(waited(facts).into_iter().flatten().filter(|_| waits.is_some()))
            .seen(told.iter().map(|check| said(check.evidence.clone())))
            .because(because)
            .advise(advice, again(&format!("the checks {} are ok", DELAYS.join(", ")))),
    ))
}

/// How long our threads waited for a processor, where it was measured.
fn waited(facts: &Facts<'_>) -> Option<[Evidence; 2]> {
    let ours = &facts.load().generator;
    let (share, delay) = ours.run_queue_wait_percent.zip(ours.wake_delay_ms)?;
    Some([
        fact(
            format!("our threads waited for a processor for {} of the time", percent(share)),
            "load_metrics.generator.run_queue_wait_percent",
            share,
        ),
        fact(
            format!("one such wait was {} on average", milliseconds(delay)),
            "load_metrics.generator.wake_delay_ms",
            delay,
        ),
    ])
}

fn is_invalid(facts: &Facts<'_>, code: &str) -> bool {
    facts.check(code).is_some_and(|check| check.outcome == ValidityOutcome::Invalid)
}
