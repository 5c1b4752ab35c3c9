//! Whether to believe a run, in one line; what there is to doubt, worst first.

use model::run_result::RunResult;
use model::units::several;
use model::verdict::{ValidityCheck, ValidityOutcome};

/// See the module.
pub(crate) struct Soundness<'a> {
    /// The worst of all checks; `NotEvaluated` where none was made.
    pub(crate) worst: ValidityOutcome,
    /// How many checks held.
    pub(crate) text: String,
    /// Those that did not.
    pub(crate) doubts: Vec<&'a ValidityCheck>,
}

impl Soundness<'_> {
    /// Of a result.
    pub(crate) fn of(result: &RunResult) -> Soundness<'_> {
        let of = |outcome| result.validity.iter().filter(move |check| check.outcome == outcome);
        let (invalid, warnings) = (of(ValidityOutcome::Invalid), of(ValidityOutcome::Warning));
        let evaluated = result.validity.len() - of(ValidityOutcome::NotEvaluated).count();
        let (bad, warned) = (invalid.clone().count(), warnings.clone().count());
        let told = several(warned as u64, "warning");
        let (worst, text) = match (evaluated, bad, warned) {
            (0, ..) => (ValidityOutcome::NotEvaluated, "not checked".to_owned()),
            (n, 0, 0) => (ValidityOutcome::Ok, format!("all {n} checks ok")),
            (n, 0, w) => (ValidityOutcome::Warning, format!("{} of {n} checks ok, {told}", n - w)),
            (n, b, _) => (ValidityOutcome::Invalid, format!("{b} of {n} checks failed, {told}")),
        };
        Soundness { worst, text, doubts: invalid.chain(warnings).collect() }
    }
}
