//! Did every action meet exactly one end?

use super::of;
use model::run_result::{ActionMetrics, RunResult};
use model::units::count;
use model::verdict::{ValidityCheck, ValidityOutcome};

/// `scheduled = succeeded + failed + skipped + unfinished`, for every action, for the warm-up,
/// and for all together. The limit is none: an action that is lost is a fault of ours.
pub(super) fn accounting(result: &RunResult) -> ValidityCheck {
    let load = &result.load_metrics;
    let together = load.actions.values().map(|action| action.scheduled).sum::<u64>();
    let named = load.actions.iter().map(|(name, action)| (name.as_str(), action));
    let all = named.chain([("all_actions", &load.all_actions), ("warm_up", &load.warm_up)]);
    let mut broken: Vec<String> = all
        .filter(|(_, action)| !action.adds_up())
        .map(|(name, action)| broken_sum(name, action))
        .collect();
    if together != load.all_actions.scheduled {
        broken.push(format!(
            "the actions by name are {} and together {}",
            count(together),
            count(load.all_actions.scheduled)
        ));
    }
    match broken.is_empty() {
        true => of("accounting", ValidityOutcome::Ok, ends(&load.all_actions)),
        false => of("accounting", ValidityOutcome::Invalid, broken.join("; ")),
    }
}

fn ends(action: &ActionMetrics) -> String {
    format!(
        "{} scheduled = {} succeeded + {} failed + {} skipped + {} unfinished",
        count(action.scheduled),
        count(action.succeeded),
        count(action.failed),
        count(action.skipped),
        count(action.unfinished)
    )
}

fn broken_sum(name: &str, action: &ActionMetrics) -> String {
    if action.unknown > action.failed {
        let (unknown, failed) = (count(action.unknown), count(action.failed));
        return format!("{name}: {unknown} unknown of only {failed} failed");
    }
    format!("{name}: {}, which is not so", ends(action))
}
