//! Does the run prove anything? Something must have succeeded, the load must have arrived, and
//! percentiles need enough actions beyond them.

use super::{SOMETHING_SUCCEEDED, of};
use model::run_result::RunResult;
use model::units::{count, percent, rate};
use model::verdict::{ValidityCheck, ValidityOutcome};

/// A run in which nothing succeeded measured refusals, if anything. The limit is one success.
pub(super) fn something_succeeded(result: &RunResult) -> ValidityCheck {
    let all = &result.load_metrics.all_actions;
    if all.succeeded > 0 {
        let evidence = format!("{} actions succeeded", count(all.succeeded));
        return of(SOMETHING_SUCCEEDED, ValidityOutcome::Ok, evidence);
    }
    let evidence = match (all.scheduled, all.failed) {
        (0, _) => "no action began in the measured time: the run proves nothing".to_owned(),
        (_, 0) => "no action was answered: the run proves nothing".to_owned(),
        (_, failed) => format!(
            "none of {} actions succeeded: the times below are those of errors",
            count(failed)
        ),
    };
    of(SOMETHING_SUCCEEDED, ValidityOutcome::Warning, evidence)
}

/// The share of the offered load from which a server kept up. Where it can, we are within 0.5 %
/// (measured); a twentieth leaves room for what was in flight at the end of a short run.
const KEPT_UP_PERCENT: f64 = 95.0;

/// Whether the load that was asked for arrived. Falling short is the server's, so never invalid.
pub(super) fn offered_load(result: &RunResult) -> ValidityCheck {
    const CODE: &str = "offered_load";
    let load = &result.load_metrics;
    let Some(offered) = load.offered_per_s.filter(|offered| *offered > 0.0) else {
        return of(CODE, ValidityOutcome::NotEvaluated, "a closed loop offers what is answered");
    };
    let share = load.achieved_per_s * 100.0 / offered;
    let seen = format!(
        "{} of {} offered succeeded ({})",
        rate(load.achieved_per_s),
        rate(offered),
        percent(share)
    );
    if share >= KEPT_UP_PERCENT {
        return of(CODE, ValidityOutcome::Ok, seen);
    }
    let all = &load.all_actions;
    let evidence = format!(
        "{seen}: {} skipped as hopelessly late, {} failed, {} without an answer at the end",
        count(all.skipped),
        count(all.failed),
        count(all.unfinished)
    );
    of(CODE, ValidityOutcome::Warning, evidence)
}

/// More than this share missing at the slow end moves the 99th percentile.
const UNFINISHED_PERCENT: f64 = 1.0;

/// Actions without an answer are missing from the percentiles, and they were the slowest.
pub(super) fn unfinished(result: &RunResult) -> ValidityCheck {
    const CODE: &str = "unfinished_actions";
    let all = &result.load_metrics.all_actions;
    let sent = all.finished() + all.unfinished;
    if sent == 0 {
        return of(CODE, ValidityOutcome::NotEvaluated, "no action was sent");
    }
    let share = all.unfinished as f64 * 100.0 / sent as f64;
    let seen = format!("{} of {} sent actions had no answer", count(all.unfinished), count(sent));
    match share > UNFINISHED_PERCENT {
        false => of(CODE, ValidityOutcome::Ok, seen),
        true => {
            let evidence = format!("{seen} at the end: response times leave out the slowest");
            of(CODE, ValidityOutcome::Warning, evidence)
        }
    }
}

/// Ten actions beyond the 99th percentile: with fewer, one outlier moves it by a tenth or more.
const ENOUGH_FOR_P99: u64 = 1000;

/// Whether the 99th percentile rests on more than a handful of actions.
pub(super) fn sample_size(result: &RunResult) -> ValidityCheck {
    const CODE: &str = "sample_size";
    let finished = result.load_metrics.all_actions.finished();
    let evidence = format!("{} actions finished", count(finished));
    match finished {
        0 => of(CODE, ValidityOutcome::NotEvaluated, evidence),
        n if n < ENOUGH_FOR_P99 => {
            let evidence = format!("{evidence}: p99 rests on fewer than 10 of them; run longer");
            of(CODE, ValidityOutcome::Warning, evidence)
        }
        _ => of(CODE, ValidityOutcome::Ok, evidence),
    }
}
