//! What held the server back: every rule is asked, what they found is put into order, and the
//! first that limits anything is named.
//!
//! A rule whose input is missing is told as not evaluated, never as fine. Nothing here reads
//! anything but the result, so the same file gives the same diagnosis on any day.

mod facts;
mod found;
mod rank;
mod recommendations;
mod strengths;
mod waits;

pub(crate) use facts::{Facts, Missing};
pub(crate) use found::{Found, Role, fact, said};
pub(crate) use waits::{Share, Wait};

use crate::budget;
use crate::rules::{Fired, RULES};
use crate::saturation;
use model::diagnosis::{Diagnosed, Diagnosis, NotEvaluated};
use model::run_result::RunResult;
use model::verdict::ValidityCheck;

/// Asks every rule about `result`, whose own soundness is `validity`.
pub fn diagnose(result: &RunResult, validity: &[ValidityCheck]) -> Diagnosed {
    let facts = Facts::of(result, validity);
    let mut fired = Vec::new();
    let mut not_evaluated = Vec::new();
    for rule in RULES.iter().copied().flatten() {
        let ruling = (rule.judge)(&facts);
        let read = facts.take_window();
        match ruling {
            Ok(Some(mut found)) => {
                found.window = found.window.or(read);
                fired.push(Fired { rule, found });
            }
            Ok(None) => {}
            Err(Missing(reason)) => {
                not_evaluated.push(NotEvaluated { code: rule.code.to_owned(), reason });
            }
        }
    }
    let primary = rank::sort(&facts, &mut fired);
    let (saturation, saturation_reason) = match saturation::of(&facts) {
        Ok(seen) => (Some(seen), None),
        Err(Missing(reason)) => (None, Some(reason)),
    };
    if let (Some(_), Some(first)) = (&primary, fired.first_mut()) {
        let saturated = saturation.iter().filter(|it| it.from.is_some());
        first.found.evidence.extend(saturated.map(|it| said(&it.text)));
    }
    let diagnosis = Diagnosis {
        none_reason: primary.is_none().then(|| rank::none_reason(&facts, &not_evaluated)),
        primary,
        budget: budget::of(&facts),
        saturation,
        saturation_reason,
        strengths: strengths::all(&facts),
        not_evaluated,
    };
    let recommendations = fired.iter().map(recommendations::of).collect();
    let findings = fired.into_iter().map(|fired| fired.finding(&facts)).collect();
    Diagnosed { findings, recommendations, diagnosis }
}

#[cfg(test)]
mod cited;
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
