//! What lies between client and server: the way, and the connections.

use super::connections::LONGEST_PAUSE_S;
use super::pooler::is_queueing;
use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact};
use model::finding::{Confidence, Severity};
use model::units::{count, decimal, milliseconds, percent};

/// The rules.
pub(super) const RULES: [Rule; 2] = [
    Rule {
        code: "network_round_trips",
        category: "network",
        source: "Amazon RDS, wait event Client:ClientRead; that more than half of the time is \
                 spent \
                 outside of a server with half a CPU in use is our limit",
        judge: round_trips,
    },
    Rule {
        code: "pool_too_small",
        category: "connections",
        source: "Little's law: a queue before connections while the server has CPUs to spare; a \
                 fifth of the response time is our limit",
        judge: pool_too_small,
    },
];

/// From this share of a statement's time on, it is spent elsewhere than in the server.
const OUTSIDE_PERCENT: f64 = 50.0;
/// Ways shorter than this are a loopback's: nobody can shorten them.
const LOOPBACK_MS: f64 = 0.5;
/// On one machine that has little to do, waking up twice takes longer than the way (half of the
/// statements of 20 to 200 a second up to 0.72 ms, measured on a virtual machine of two CPUs).
const SAME_HOST_MS: f64 = 1.5;
/// A server with fewer busy sessions than this share of its CPUs is waited for by nobody.
const IDLE_SHARE: f64 = 0.5;

/// A host with less CPU left than this (pgEdge's rule reference: warning 80).
const FULL_PERCENT: f64 = 80.0;

/// Whether the server's host has no processor to spare, whoever uses them: then client and server
/// wait for one, and neither for the way nor for a connection.
fn is_full(facts: &Facts<'_>) -> bool {
    facts.host().is_ok_and(|host| host.cpu_usage_percent.mean >= FULL_PERCENT)
}

/// How sure a rule can be that says nothing else was short: less where nobody watched the server's
/// host, or knows how many CPUs it has.
pub(super) fn if_room_was_seen(facts: &Facts<'_>) -> Confidence {
    match (facts.host(), facts.cpus()) {
        (Ok(_), Ok(_)) => Confidence::High,
        _ => Confidence::Medium,
    }
}

/// Whether pgsurge itself was the limit: then times that it took say nothing of the way or the pool.
fn not_our_own(facts: &Facts<'_>) -> Result<(), Missing> {
    let checks = facts.invalid_checks();
    match checks.iter().any(|code| code.starts_with("generator_")) {
        true => Err(Missing::because("the load generator was the limit: its times are its own")),
        false => Ok(()),
    }
}

/// G4: the way to the server and back takes longer than its work.
fn round_trips(facts: &Facts<'_>) -> Ruling {
    not_our_own(facts)?;
    let waits = facts.waits()?;
    let queries = facts.section(|it| &it.query_performance)?;
    let ours = facts.load().all_statements.service_time_ms;
    // Half of the answers came within this: a few that waited for a processor make no way long.
    let ours = ours.ok_or_else(|| Missing::because("no statement was answered"))?.p50;
    let exec = queries.mean_exec_time_ms;
    let exec = exec.ok_or_else(|| Missing::because("the server counted no statement"))?;
    let plan = queries.total_plan_time_ms.unwrap_or(0.0) / queries.calls.max(1) as f64;
    let way = (ours - exec - plan).max(0.0);
    let share = way * 100.0 / ours.max(f64::MIN_POSITIVE);
    let few = facts.cpus().map_or(1.0, |cpus| cpus * IDLE_SHARE);
    let shortest_ms = if facts.on_this_host() { SAME_HOST_MS } else { LOOPBACK_MS };
    let is_short = share < OUTSIDE_PERCENT || way < shortest_ms;
    if is_short
        || works_besides(facts, waits.busy)
        || waits.busy >= few
        || is_full(facts)
        || is_queueing(facts)
    {
        return Ok(None);
    }
    let severity = if facts.is_pressed() { Severity::High } else { Severity::Medium };
    let title = format!(
        "the way to the server takes {} of a statement's time ({})",
        percent(share),
        milliseconds(way)
    );
    let transactions = facts.load().all_actions.finished().max(1) as f64;
    let each = facts.load().all_statements.count as f64 / transactions;
    Ok(Some(
        Found::new(severity, Role::Cause, title)
            .explains(share / 100.0 * on_connection(facts))
            .sure(if_room_was_seen(facts))
            .seen([
                fact(
                    format!("half of the statements took more than {}", milliseconds(ours)),
                    "load_metrics.all_statements.service_time_ms.p50",
                    ours,
                ),
                fact(
                    format!("the server worked {} of it", milliseconds(exec + plan)),
                    "database_metrics.query_performance.mean_exec_time_ms",
                    exec,
                ),
                fact(
                    format!("{} sessions were busy on average", decimal(waits.busy)),
                    "database_metrics.wait_events.active_sessions.mean",
                    waits.busy,
                ),
            ])
            .within(waits.window)
            .because(format!(
                "each statement is one way there and back, and an action makes {} of them: the \
                 server waits for the client, not the client for the server",
                decimal(each)
            ))
            .advise(
                "bring client and server closer together, or make fewer round trips: send the \
                 statements of a transaction together (--pipeline shows what that gives), prepare \
                 statements, do more in one statement",
                again("service time comes near the server's own execution time"),
            ),
    ))
}

/// Whether sessions were busy for so much of the statements' time that the way can't have it, though
/// the server counts less: a commit that waits for the log is no part of a statement's execution.
fn works_besides(facts: &Facts<'_>, busy: f64) -> bool {
    let load = facts.load();
    let mean_ms = load.all_statements.service_time_ms.map_or(0.0, |it| it.mean);
    let total_s = load.all_statements.count as f64 * mean_ms / 1000.0;
    let under_way = total_s / load.elapsed_s.max(f64::MIN_POSITIVE);
    busy > under_way * (1.0 - OUTSIDE_PERCENT / 100.0)
}

/// The share of the response time that an action spends on a connection.
fn on_connection(facts: &Facts<'_>) -> f64 {
    let all = &facts.load().all_actions;
    let times = all.service_time_ms.zip(all.response_time_ms);
    times.map_or(1.0, |(service, response)| service.mean / response.mean.max(f64::MIN_POSITIVE))
}

/// From this share of the response time on, users wait for a connection more than a little.
const WAIT_PERCENT: f64 = 20.0;
/// Waiting that nobody feels.
const WAIT_MS: f64 = 1.0;

/// From this share of the connections' time on, it is not busy connections that users wait for.
const SHUT_OUT: f64 = 0.1;

/// G3: users wait for a connection, and the server has room.
fn pool_too_small(facts: &Facts<'_>) -> Ruling {
    not_our_own(facts)?;
    let waits = facts.waits()?;
    let cpus = facts.cpus()?;
    let load = facts.load();
    let all = &load.all_actions;
    let (Some(wait), Some(response)) = (all.wait_ms, all.response_time_ms) else {
        return Err(Missing::because("no action was answered"));
    };
    // With a connection for each action, opening it is part of the wait: nobody queues.
    let share = wait.mean * 100.0 / response.mean.max(f64::MIN_POSITIVE);
    let queued = share >= WAIT_PERCENT && wait.mean >= WAIT_MS && !facts.reconnects();
    // Who waits for a connection that could not be opened does not queue for one that is busy.
    let shut_out_s = load.connections.failed as f64 * LONGEST_PAUSE_S;
    let is_shut_out = shut_out_s >= load.elapsed_s * load.pool.size as f64 * SHUT_OUT;
    if !queued || is_shut_out || waits.busy >= cpus || is_full(facts) {
        return Ok(None);
    }
    let size = load.pool.size;
    let title = format!(
        "{} too few: users wait {} for one ({} of the response time)",
        if size == 1 { "1 connection is".to_owned() } else { count(size) + " connections are" },
        milliseconds(wait.mean),
        percent(share)
    );
    // Little's law: what is under way at once is the rate times the time that one takes.
    let service = all.service_time_ms.map_or(0.0, |it| it.mean);
    let offered = load.offered_per_s.unwrap_or(load.achieved_per_s);
    let needed = (offered * service / 1000.0).ceil().max(1.0);
    Ok(Some(
        Found::new(Severity::High, Role::Cause, title)
            .explains(share / 100.0)
            .sure(if_room_was_seen(facts))
            .seen([
                fact(
                    format!("an action waited {} for a connection", milliseconds(wait.mean)),
                    "load_metrics.all_actions.wait_ms.mean",
                    wait.mean,
                ),
                fact(
                    format!("{} sessions were busy on {} CPUs", decimal(waits.busy), decimal(cpus)),
                    "database_metrics.wait_events.active_sessions.mean",
                    waits.busy,
                ),
            ])
            .within(waits.window)
            .because(
                "every connection is taken while the server has CPUs to spare: the pool is the \
                 limit, not the server",
            )
            .advise(
                format!(
                    "at {} for an action, {}/s keep {} connections busy on average: use more than \
                     that (half as many again), or make actions shorter",
                    milliseconds(service),
                    decimal(offered),
                    count(needed as u64)
                ),
                again("wait_ms falls to nearly nothing with more --connections"),
            ),
    ))
}
