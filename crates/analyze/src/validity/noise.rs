//! Was the run alone with the server? What others do, and what watching costs, is in its numbers:
//! worth a warning, for the numbers are still those of the server.

use super::of;
use crate::rules::{OTHERS, OTHERS_PERCENT};
use model::run_result::RunResult;
use model::units::{decimal, percent};
use model::verdict::{ValidityCheck, ValidityOutcome};

/// Of the server's CPU capacity: what the monitor may take (our own promise).
const MONITOR_PERCENT: f64 = 1.0;

/// Sessions of others.
pub(super) fn other_traffic(result: &RunResult) -> ValidityCheck {
    const CODE: &str = "other_traffic";
    let database = result.database_metrics.as_ref();
    let others =
        database.and_then(|it| it.connection_stats.data()?.other_active_sessions).map(|it| it.mean);
    let active = database.and_then(|it| Some(it.wait_events.data()?.active_sessions.mean));
    let (Some(others), Some(active)) = (others, active) else {
        return of(CODE, ValidityOutcome::NotEvaluated, "whose sessions were active was not seen");
    };
    let share = others * 100.0 / active.max(others).max(f64::MIN_POSITIVE);
    let outcome = match others >= OTHERS && share > OTHERS_PERCENT {
        true => ValidityOutcome::Warning,
        false => ValidityOutcome::Ok,
    };
    let evidence = format!(
        "{} of {} active sessions were of others; more than {} of them would be in the numbers",
        decimal(others),
        decimal(active.max(others)),
        percent(OTHERS_PERCENT)
    );
    of(CODE, outcome, evidence)
}

/// What the monitor itself took.
pub(super) fn monitor_cost(result: &RunResult) -> ValidityCheck {
    const CODE: &str = "monitor_cost";
    let monitor = result.database_metrics.as_ref().and_then(|it| it.monitor.data());
    let Some(share) = monitor.and_then(|it| it.server_cpu_percent) else {
        return of(CODE, ValidityOutcome::NotEvaluated, "what watching cost is not known");
    };
    let outcome = match share > MONITOR_PERCENT {
        true => ValidityOutcome::Warning,
        false => ValidityOutcome::Ok,
    };
    let (seen, limit) = (percent(share), percent(MONITOR_PERCENT));
    let evidence =
        format!("watching took up to {seen} of the server's CPU capacity, {limit} is its limit");
    of(CODE, outcome, evidence)
}
