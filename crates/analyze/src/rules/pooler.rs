//! The pooler in front of the server.

use super::network::if_room_was_seen;
use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, fact, said};
use model::finding::Severity;
use model::units::{decimal, milliseconds, percent};

/// The rules.
pub(super) const RULES: [Rule; 1] = [Rule {
    code: "pooler_queue",
    category: "connections",
    source: "PgBouncer manual, SHOW POOLS: cl_waiting and maxwait; 100 ms is our limit",
    judge: queue,
}];

/// Clients wait now and then; one that is always there is a queue.
const WAITING: f64 = 0.5;
/// Nobody should have to wait this long for a server connection.
const WAIT_MAX_MS: f64 = 100.0;

/// Whether clients queue in the pooler, as far as its console was asked: then the time outside of
/// the server is that of the queue.
pub(super) fn is_queueing(facts: &Facts<'_>) -> bool {
    queue(facts).is_ok_and(|found| found.is_some())
}

/// N5: clients wait for a server connection.
fn queue(facts: &Facts<'_>) -> Ruling {
    let Some(section) = &facts.database()?.pooler else {
        let why = "the pooler's console was not asked (--pooler-admin)";
        return match facts.result.environment.pooler {
            Some(_) => Err(Missing::because(why)),
            None => Ok(None),
        };
    };
    let pools = facts.section(|_| section)?;
    let waiting = pools.clients_waiting;
    if waiting.mean < WAITING && (waiting.max < 1.0 || pools.wait_max_ms < WAIT_MAX_MS) {
        return Ok(None);
    }
    let title = format!(
        "{} clients wait for a server connection of the pooler, {} at most",
        decimal(waiting.mean),
        milliseconds(pools.wait_max_ms)
    );
    let response_ms = facts.load().all_actions.response_time_ms.map_or(0.0, |it| it.mean);
    // Little's law: those that wait are the rate times the wait of each.
    let wait_ms = waiting.mean * 1000.0 / facts.finished_per_s().max(f64::MIN_POSITIVE);
    let share = (wait_ms / response_ms.max(f64::MIN_POSITIVE)).min(1.0);
    let busy = facts.waits().map(|it| it.busy).ok();
    let has_room = busy.zip(facts.cpus().ok()).map(|(busy, cpus)| busy < cpus);
    let advice = match has_room {
        Some(true) => {
            "raise pool_size (default_pool_size) in pgbouncer.ini: the server has CPUs to spare"
        }
        None => {
            "see whether the server has CPUs to spare (it could not be seen from here): if so, \
             raise pool_size (default_pool_size) in pgbouncer.ini, else make statements faster"
        }
        Some(false) => {
            "the pool keeps the server from more than it can do: make statements faster before you \
             raise pool_size"
        }
    };
    Ok(Some(
        Found::new(Severity::High, Role::Cause, title)
            .explains(share)
            .sure(if_room_was_seen(facts))
            .seen([
                fact(
                    format!("{} clients waited on average", decimal(waiting.mean)),
                    "database_metrics.pooler.clients_waiting.mean",
                    waiting.mean,
                ),
                fact(
                    format!(
                        "{} server connections were in use",
                        decimal(pools.servers_active.mean)
                    ),
                    "database_metrics.pooler.servers_active.mean",
                    pools.servers_active.mean,
                ),
                fact(
                    format!("the longest wait was {}", milliseconds(pools.wait_max_ms)),
                    "database_metrics.pooler.wait_max_ms",
                    pools.wait_max_ms,
                ),
                said(format!(
                    "that is about {} of the response time, by Little's law",
                    percent(share * 100.0)
                )),
            ])
            .because("all server connections of the pool are taken: clients queue in the pooler")
            .advise(advice, again("cl_waiting is 0 most of the time, and latency falls")),
    ))
}
