//! Connections: slots, opening them, being refused, sitting on a transaction.

use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use model::finding::Severity;
use model::units::{count, decimal, milliseconds, percent, rate, several};

/// The rules.
pub(super) const RULES: [Rule; 4] = [
    Rule {
        code: "connections_refused",
        category: "connections",
        source: "SQLSTATE 53300 and 57P03: the server itself says so",
        judge: refused,
    },
    Rule {
        code: "connections_near_limit",
        category: "connections",
        source: "the alerts of postgres_exporter and pgEdge (80 %) and pgMonitor (75 and 90 %)",
        judge: near_limit,
    },
    Rule {
        code: "connection_churn",
        category: "connections",
        source: "postgresqltuner: a mean age of connections below a minute is bad",
        judge: churn,
    },
    Rule {
        code: "idle_in_transaction",
        category: "connections",
        source: "pgMonitor and pgEdge on idle in transaction; Amazon RDS, wait event \
                 Client:ClientRead; a tenth of the sessions is our limit",
        judge: idle_in_transaction,
    },
];

/// N4: the server took no more connections.
fn refused(facts: &Facts<'_>) -> Ruling {
    let load = facts.load();
    if load.connections.attempted == 0 {
        return Err(Missing::because("nothing connected"));
    }
    const CODES: [&str; 2] = ["53300", "57P03"];
    let is_refusal = |it: &&model::run_result::ErrorRow| {
        it.sqlstate.as_deref().is_some_and(|code| CODES.contains(&code))
    };
    let mut rows = load.errors.iter().chain(&load.early_errors).filter(is_refusal);
    let Some(first) = rows.next() else { return Ok(None) };
    let all = [
        ("while it was measured", "load_metrics.errors.count", &load.errors),
        ("before", "load_metrics.early_errors.count", &load.early_errors),
    ];
    let all = all.map(|(when, metric, rows)| {
        let n: u64 = rows.iter().filter(is_refusal).map(|it| it.count).sum();
        (n, format!("{} {when}", several(n, "refusal")), metric)
    });
    let n = all.iter().map(|(n, ..)| n).sum();
    let limit = facts.setting("max_connections").map(|it| format!(" (now {it})"));
    Ok(Some(
        Found::new(
            Severity::Critical,
            Role::Cause,
            format!("the server refused {}", several(n, "connect")),
        )
        .explains(shut_out(facts, n))
        .seen(
            all.into_iter()
                .filter(|(n, ..)| *n > 0)
                .map(|(n, text, metric)| fact(text, metric, n as f64)),
        )
        .seen([said(format!("the server says: {}", first.sample))])
        .because("there are more clients than the server has slots for, or it is not up")
        .advise(
            format!(
                "put a pooler in front, close what nobody uses, or raise max_connections{}",
                limit.unwrap_or_default()
            ),
            again("no error 53300 or 57P03"),
        ),
    ))
}

/// A connect that failed is tried again after a second at the latest (the engine's longest pause).
pub(super) const LONGEST_PAUSE_S: f64 = 1.0;

/// The share of the work that so many refusals kept out: actions, where each has a connection of its
/// own; else at most the time that connections were not there.
fn shut_out(facts: &Facts<'_>, refusals: u64) -> f64 {
    let load = facts.load();
    let of_connects = refusals as f64 / load.connections.attempted as f64;
    if facts.reconnects() {
        return of_connects;
    }
    let connected_s = load.elapsed_s * load.pool.size as f64;
    of_connects.min(refusals as f64 * LONGEST_PAUSE_S / connected_s.max(f64::MIN_POSITIVE))
}

/// Of the usable slots (the alerts named above).
const NEAR_PERCENT: f64 = 80.0;
const GONE_PERCENT: f64 = 90.0;

/// N1: hardly a slot is left.
fn near_limit(facts: &Facts<'_>) -> Ruling {
    let stats = facts.section(|it| &it.connection_stats)?;
    let used = stats.pool_usage_percent;
    if used < NEAR_PERCENT {
        return Ok(None);
    }
    let severity = if used >= GONE_PERCENT { Severity::High } else { Severity::Medium };
    let (most, of) = (count(stats.used_connections_max), count(stats.usable_connections));
    let states = stats.by_state.iter().map(|(state, n)| format!("{state} {}", decimal(n.mean)));
    let states: Vec<String> = states.collect();
    Ok(Some(
        Found::new(severity, Role::Remark, format!("{most} of {of} connections were in use"))
            .seen([
                fact(
                    format!("{} of the usable connections", percent(used)),
                    "database_metrics.connection_stats.pool_usage_percent",
                    used,
                ),
                said(format!("sessions on average: {}", states.join(", "))),
            ])
            .because("when the last one is taken, the next client is refused (53300)")
            .advise(
                "put a pooler in front (server connections about twice the CPUs) before you raise \
                 max_connections: each connection costs memory and makes snapshots dearer",
                again("pool_usage_percent stays below 80 %"),
            ),
    ))
}

/// A connection that lives less than this is opened for nothing.
const MEAN_AGE_S: f64 = 60.0;
/// Connects per second from which opening them is work.
const CONNECTS_PER_S: f64 = 1.0;

/// N3: connections are opened all the time.
fn churn(facts: &Facts<'_>) -> Ruling {
    let load = facts.load();
    let (all, elapsed_s) = (&load.connections, load.elapsed_s + load.warm_up_s);
    if all.attempted == 0 || elapsed_s <= 0.0 {
        return Err(Missing::because("nothing connected"));
    }
    // Those that the run begins with are no churn, and those that were lost are another matter.
    let opened = all.attempted.saturating_sub(load.pool.size + all.failed + all.lost);
    let per_s = opened as f64 / elapsed_s;
    let mean_age_s = load.pool.size as f64 / per_s.max(f64::MIN_POSITIVE);
    if per_s < CONNECTS_PER_S || mean_age_s >= MEAN_AGE_S {
        return Ok(None);
    }
    let connect_ms = all.connect_ms.map_or(0.0, |it| it.mean);
    let response_ms = load.all_actions.response_time_ms.map_or(0.0, |it| it.mean);
    let share = (connect_ms / response_ms.max(f64::MIN_POSITIVE)).min(1.0);
    let severity = if share >= 0.2 { Severity::High } else { Severity::Medium };
    let title = format!("{} connects: each takes {}", rate(per_s), milliseconds(connect_ms));
    Ok(Some(
        Found::new(severity, Role::Cause, title)
            .explains(share)
            .seen([
                fact(
                    format!("{} connects in {elapsed_s:.0} s", count(all.attempted)),
                    "load_metrics.connections.attempted",
                    all.attempted as f64,
                ),
                fact(
                    format!("{} of the response time goes into connecting", percent(share * 100.0)),
                    "load_metrics.connections.connect_ms.mean",
                    connect_ms,
                ),
            ])
            .because(
                "each connection is a process of the server that has to start, log in and fill \
                 its caches before it does any work",
            )
            .advise(
                "keep connections open: a pool in the application, or PgBouncer in front",
                again("without --reconnect, or through a pooler, the response time falls"),
            ),
    ))
}

/// Of all sessions.
const IDLE_PERCENT: f64 = 10.0;
/// However few they are (pgMonitor and pgEdge warn at 300 s).
const LONG_IDLE_MS: f64 = 300_000.0;
/// A session at least.
const IDLE_SESSIONS: f64 = 1.0;

/// L9: clients hold transactions open and do nothing.
fn idle_in_transaction(facts: &Facts<'_>) -> Ruling {
    let stats = facts.section(|it| &it.connection_stats)?;
    let sum = |of: fn(&str) -> bool| -> f64 {
        stats.by_state.iter().filter(|(state, _)| of(state)).map(|(_, n)| n.mean).sum()
    };
    let (idle, all) = (sum(|it| it.starts_with("idle in transaction")), sum(|_| true));
    let share = idle * 100.0 / all.max(f64::MIN_POSITIVE);
    let longest = stats.longest_idle_in_transaction.as_ref();
    let is_long = longest.is_some_and(|it| it.age_ms >= LONG_IDLE_MS);
    if !is_long && (idle < IDLE_SESSIONS || share < IDLE_PERCENT) {
        return Ok(None);
    }
    let title = format!("{} of the sessions sat idle in a transaction", percent(share));
    let blocks = facts.section(|it| &it.lock_contention).ok().and_then(|it| it.worst.as_ref());
    let root = blocks.and_then(|it| {
        let idle = |state: &str| state.starts_with("idle in transaction");
        it.blocking.iter().find(|root| root.state.as_deref().is_some_and(idle))
    });
    let severity = if root.is_some() { Severity::High } else { Severity::Medium };
    Ok(Some(
        Found::new(severity, Role::Remark, title)
            .seen([fact(
                format!("{} of {} sessions on average", decimal(idle), decimal(all)),
                "database_metrics.connection_stats.by_state",
                idle,
            )])
            .seen(longest.map(|it| {
                let who = it.application.as_deref().unwrap_or("an unnamed application");
                let statement = it.statement.as_deref().map(super::beginning).unwrap_or_default();
                fact(
                    format!(
                        "process {} of {who} for {}: {statement}",
                        it.pid,
                        milliseconds(it.age_ms)
                    ),
                    "database_metrics.connection_stats.longest_idle_in_transaction.age_ms",
                    it.age_ms,
                )
            }))
            .seen(root.map(|it| {
                said(format!(
                    "others waited for process {}: {}",
                    it.pid,
                    super::beginning(&it.statement)
                ))
            }))
            .because(
                "clients began transactions and think, or do something else, before they go on: \
                 their locks and snapshots stay, vacuum can't clean up behind them",
            )
            .advise(
                "send BEGIN as late and COMMIT as early as possible, do nothing slow in between, \
                 pipeline what needs no answer; idle_in_transaction_session_timeout ends forgotten \
                 ones",
                again("sessions that are idle in transaction fall below a tenth"),
            ),
    ))
}
