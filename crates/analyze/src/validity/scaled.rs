//! Was the run shortened? Then what takes minutes to show was not seen.

use super::of;
use model::run_result::RunResult;
use model::verdict::{ValidityCheck, ValidityOutcome};

/// None where durations are as they were asked for.
pub(super) fn time_scale(result: &RunResult) -> Option<ValidityCheck> {
    let scale = result.plan.get("time_scale").and_then(|it| it.as_f64()).unwrap_or(1.0);
    let evidence = format!(
        "durations, stages and warm-up are {scale} of what was asked for: checkpoints, vacuum and \
         growing tables may take longer than this run"
    );
    (scale != 1.0).then(|| of("time_scale", ValidityOutcome::Warning, evidence))
}
