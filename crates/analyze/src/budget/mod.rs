//! Where the time of an action went: the mean response time in parts that add up to it.
//!
//! The client's own parts are measured per action. Of the server's time we know how many sessions
//! were busy with what, on average; by Little's law that is, divided by the actions per second, the
//! time of one action. What is left of the service time is the way between and the client.

use crate::diagnosis::{Facts, Wait};
use crate::rules::{OTHERS, OTHERS_PERCENT};
use model::diagnosis::{BudgetPart, LatencyBudget, LittlesLaw};

/// How far Little's law may be off before something was measured wrongly: in steady state the two
/// agree to within the noise of a mean.
const LITTLE_PERCENT: f64 = 5.0;
/// Fewer actions than this are no flow: those that began before and end after weigh too much.
const MIN_ACTIONS: u64 = 100;
const MS_PER_S: f64 = 1000.0;

/// The budget; none where nothing was answered.
pub(crate) fn of(facts: &Facts<'_>) -> Option<LatencyBudget> {
    let all = &facts.load().all_actions;
    let response = all.response_time_ms?.mean;
    let service = all.service_time_ms?.mean.min(response);
    let wait = all.wait_ms.map_or(0.0, |it| it.mean).min(response - service);
    let lateness = (response - service - wait).max(0.0);
    let mut notes = Vec::new();
    let mut parts = vec![("wait", wait), ("lateness", lateness)];
    match on_server(facts) {
        Ok(server) => {
            let sum: f64 = server.iter().map(|(_, ms)| ms).sum();
            let scale = if sum > service && sum > 0.0 { service / sum } else { 1.0 };
            if scale < 1.0 {
                notes.push(format!(
                    "sessions were busy for {sum:.3} ms per action, more than the {service:.3} ms \
                     until the answer (others used the server, or too few looks were taken): the \
                     server's parts are cut to fit"
                ));
            }
            parts.push(("network_and_client", (service - sum * scale).max(0.0)));
            parts.extend(server.into_iter().map(|(part, ms)| (part, ms * scale)));
        }
        Err(reason) => {
            notes
                .push(format!("the server's part and the way to it can't be told apart: {reason}"));
            parts.push(("server", service));
        }
    }
    notes.extend(others(facts));
    let littles_law = littles_law(facts);
    let consistent = littles_law.map(|it| it.difference_percent < LITTLE_PERCENT);
    let parts = parts.into_iter().map(|(part, mean_ms)| BudgetPart {
        part: part.to_owned(),
        mean_ms: rounded(mean_ms),
        share_percent: rounded(mean_ms * 100.0 / response.max(f64::MIN_POSITIVE)),
    });
    let parts = parts.collect();
    Some(LatencyBudget { response_time_mean_ms: response, parts, littles_law, consistent, notes })
}

/// The server's time per action, in its parts.
fn on_server(facts: &Facts<'_>) -> Result<Vec<(&'static str, f64)>, String> {
    let waits = facts.waits().map_err(|missing| missing.0)?;
    let per_s = facts.finished_per_s();
    if per_s <= 0.0 {
        return Err("no action finished".to_owned());
    }
    let per_action = |sessions: f64| sessions * MS_PER_S / per_s;
    let (commit, lock) = (waits.sessions(Wait::COMMIT), waits.sessions(Wait::LOCK));
    let written = waits.sessions(&["IO:WALSync", "IO:WALWrite"]);
    let io = (waits.sessions(Wait::IO) - written).max(0.0);
    let cpu = waits.sessions(Wait::CPU);
    let other = (waits.busy - commit - lock - io - cpu).max(0.0);
    let planning = planning_ms(facts).unwrap_or(0.0).min(per_action(cpu));
    Ok(vec![
        ("planning", planning),
        ("cpu", per_action(cpu) - planning),
        ("io", per_action(io)),
        ("lock", per_action(lock)),
        ("commit", per_action(commit)),
        ("other", per_action(other)),
    ])
}

/// Sessions of others are among the busy ones, and their time can't be told from ours.
fn others(facts: &Facts<'_>) -> Option<String> {
    let stats = facts.section(|it| &it.connection_stats).ok()?;
    let (others, busy) = (stats.other_active_sessions?.mean, facts.waits().ok()?.busy);
    (others >= OTHERS && others * 100.0 > busy * OTHERS_PERCENT).then(|| {
        format!(
            "{others:.2} of {busy:.2} busy sessions were of others: the server's parts hold them"
        )
    })
}

/// Planning per action, where the server tracks it (`pg_stat_statements.track_planning`).
fn planning_ms(facts: &Facts<'_>) -> Option<f64> {
    let section = &facts.database().ok()?.query_performance;
    let total = section.data()?.total_plan_time_ms?;
    let window_s = facts.load().elapsed_s.min(section.to_s? - section.from_s?);
    Some(total / (facts.finished_per_s() * window_s).max(f64::MIN_POSITIVE))
}

/// With fewer connections in use than this on average, the moments that both clocks leave out are
/// as long as what they measure.
const LEAST_IN_FLIGHT: f64 = 0.1;

/// Connections with an action under way, seen by the engine's clock, against what rate and time on
/// a connection say.
fn littles_law(facts: &Facts<'_>) -> Option<LittlesLaw> {
    let load = facts.load();
    let all = &load.all_actions;
    let moved = load.connections.lost > 0 || load.stages.iter().any(|it| it.users_mean.is_some());
    if moved || all.finished() < MIN_ACTIONS || all.failed * 100 > all.finished() {
        return None;
    }
    let in_flight = load.pool.size as f64 - load.pool.idle_mean;
    if in_flight < LEAST_IN_FLIGHT {
        return None;
    }
    let rate_times_time = facts.finished_per_s() * all.service_time_ms?.mean / MS_PER_S;
    let difference = (in_flight - rate_times_time).abs() * 100.0;
    Some(LittlesLaw {
        in_flight: rounded(in_flight),
        rate_times_time: rounded(rate_times_time),
        difference_percent: rounded(difference / in_flight),
    })
}

fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests;
