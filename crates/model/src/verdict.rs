//! What a run came to, and the exit code that says so.
//!
//! Several things can be wrong at once; the gravest decides the code, and every one is named.

use crate::diagnosis::Diagnosed;
use crate::threshold::ThresholdResult;
use serde::{Deserialize, Serialize};

/// What a check of a run's own soundness came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidityOutcome {
    /// As it should be.
    Ok,
    /// There was nothing to judge it by; the evidence says why.
    NotEvaluated,
    /// The numbers hold, but read them with this in mind.
    Warning,
    /// The numbers say more about us than about the server.
    Invalid,
}

/// One check of a run's own soundness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidityCheck {
    /// The stable code.
    pub code: String,
    /// What it came to.
    pub outcome: ValidityOutcome,
    /// What was seen, and the limit.
    pub evidence: String,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictOutcome {
    /// Ran, and every threshold held.
    Passed,
    /// It did not.
    Failed,
    /// The numbers can't be trusted.
    Invalid,
    /// What was asked could not be answered.
    Inconclusive,
    /// Ended by the user before its time.
    Interrupted,
}

/// Why a run is not a pass, gravest first: the order is the precedence of the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// A fault of ours.
    OurFault,
    /// Settings or usage.
    Usage,
    /// A server could never be reached or used.
    Unreachable,
    /// Data was lost or is inconsistent.
    DataInconsistent,
    /// The user ended it.
    Interrupted,
    /// The run is not valid.
    Invalid,
    /// A threshold failed.
    ThresholdFailed,
    /// What was asked could not be answered.
    Inconclusive,
}

impl Cause {
    /// All of them, gravest first.
    pub const ALL: [Cause; 8] = [
        Cause::OurFault,
        Cause::Usage,
        Cause::Unreachable,
        Cause::DataInconsistent,
        Cause::Interrupted,
        Cause::Invalid,
        Cause::ThresholdFailed,
        Cause::Inconclusive,
    ];

    /// The exit code of the program.
    pub fn exit_code(self) -> u8 {
        match self {
            Cause::OurFault => 1,
            Cause::Usage => 2,
            Cause::Unreachable => 3,
            Cause::DataInconsistent => 5,
            Cause::Interrupted => 130,
            Cause::Invalid => 6,
            Cause::ThresholdFailed => 4,
            Cause::Inconclusive => 7,
        }
    }

    /// The cause that an exit code stands for; none for a pass and for numbers that are no code.
    pub fn of_exit_code(code: u8) -> Option<Cause> {
        Cause::ALL.into_iter().find(|it| it.exit_code() == code)
    }

    /// The outcome when nothing graver happened.
    pub fn outcome(self) -> VerdictOutcome {
        match self {
            Cause::Interrupted => VerdictOutcome::Interrupted,
            Cause::Invalid => VerdictOutcome::Invalid,
            Cause::Inconclusive => VerdictOutcome::Inconclusive,
            _ => VerdictOutcome::Failed,
        }
    }
}

/// One thing that is wrong with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What kind of thing.
    pub cause: Cause,
    /// In words, for a reader.
    pub text: String,
}

impl Reason {
    /// A reason in words.
    pub fn new(cause: Cause, text: impl Into<String>) -> Reason {
        Reason { cause, text: text.into() }
    }
}

/// What a run came to, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What it came to.
    pub outcome: VerdictOutcome,
    /// The exit code of the program.
    pub exit_code: u8,
    /// What is wrong, gravest first; nothing when it passed.
    #[serde(default)]
    pub reasons: Vec<String>,
}

impl Verdict {
    /// The verdict that follows from all that is wrong; a pass when nothing is.
    pub fn of(mut reasons: Vec<Reason>) -> Verdict {
        reasons.sort_by_key(|reason| reason.cause);
        let gravest = reasons.first().map(|reason| reason.cause);
        Verdict {
            outcome: gravest.map_or(VerdictOutcome::Passed, Cause::outcome),
            exit_code: gravest.map_or(0, Cause::exit_code),
            reasons: reasons.into_iter().map(|reason| reason.text).collect(),
        }
    }
}

/// A run that nobody has judged proves nothing.
impl Default for Verdict {
    fn default() -> Self {
        Verdict::of(vec![Reason::new(Cause::Inconclusive, "the run has not been judged")])
    }
}

/// All judgements of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Is the run itself sound?
    pub validity: Vec<ValidityCheck>,
    /// Did the limits hold?
    pub thresholds: Vec<ThresholdResult>,
    /// What it came to.
    pub verdict: Verdict,
    /// What held the server back; none where nobody asked.
    pub diagnosed: Option<Diagnosed>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_of_several_decides_in_the_order_of_the_contract() {
        let order = [
            (Cause::OurFault, 1),
            (Cause::Usage, 2),
            (Cause::Unreachable, 3),
            (Cause::DataInconsistent, 5),
            (Cause::Interrupted, 130),
            (Cause::Invalid, 6),
            (Cause::ThresholdFailed, 4),
            (Cause::Inconclusive, 7),
        ];
        for first in 0..order.len() {
            let reasons = order[first..].iter().rev().map(|(cause, _)| Reason::new(*cause, ""));
            assert_eq!(Verdict::of(reasons.collect()).exit_code, order[first].1);
        }
    }

    #[test]
    fn a_cause_is_found_by_its_exit_code() {
        assert!(Cause::ALL.is_sorted());
        for cause in Cause::ALL {
            assert_eq!(Cause::of_exit_code(cause.exit_code()), Some(cause));
        }
        assert_eq!((Cause::of_exit_code(0), Cause::of_exit_code(99)), (None, None));
    }

    #[test]
    fn nothing_wrong_is_a_pass_and_nobody_asked_is_none() {
        assert_eq!(Verdict::of(vec![]).outcome, VerdictOutcome::Passed);
        assert_eq!(Verdict::of(vec![]).exit_code, 0);
        assert_eq!(Verdict::default().exit_code, 7);
    }
}
