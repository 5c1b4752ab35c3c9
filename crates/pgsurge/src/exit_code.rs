//! How the program ends, for scripts.

/// The end of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Ran, and every threshold held.
    Passed = 0,
    /// A fault of ours.
    Internal = 1,
    /// Settings or usage.
    Usage = 2,
    /// A server could never be reached or used.
    Unreachable = 3,
    /// A threshold failed.
    ThresholdFailed = 4,
    /// Data was lost or is inconsistent.
    DataInconsistent = 5,
    /// The run is not valid.
    Invalid = 6,
    /// Inconclusive.
    Inconclusive = 7,
    /// Interrupted; the result so far is saved.
    Interrupted = 130,
}

impl ExitCode {
    /// All of them, what matters most first.
    pub const BY_WEIGHT: [ExitCode; 9] = [
        ExitCode::Internal,
        ExitCode::Usage,
        ExitCode::Unreachable,
        ExitCode::DataInconsistent,
        ExitCode::Interrupted,
        ExitCode::Invalid,
        ExitCode::ThresholdFailed,
        ExitCode::Inconclusive,
        ExitCode::Passed,
    ];

    /// The number that the shell sees.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The code of a number, as a verdict carries it.
    pub fn of_number(number: u8) -> Option<ExitCode> {
        ExitCode::BY_WEIGHT.into_iter().find(|it| it.number() == number)
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> std::process::ExitCode {
        std::process::ExitCode::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::verdict::Cause;

    #[test]
    fn every_code_has_its_documented_number() {
        let documented = [
            (ExitCode::Passed, 0),
            (ExitCode::Internal, 1),
            (ExitCode::Usage, 2),
            (ExitCode::Unreachable, 3),
            (ExitCode::ThresholdFailed, 4),
            (ExitCode::DataInconsistent, 5),
            (ExitCode::Invalid, 6),
            (ExitCode::Inconclusive, 7),
            (ExitCode::Interrupted, 130),
        ];
        assert_eq!(documented.len(), ExitCode::BY_WEIGHT.len());
        for (code, number) in documented {
            assert_eq!(code.number(), number);
            assert_eq!(ExitCode::of_number(number), Some(code));
        }
    }

    #[test]
    fn the_order_is_the_documented_one_and_the_verdicts() {
        assert_eq!(ExitCode::BY_WEIGHT.map(ExitCode::number), [1, 2, 3, 5, 130, 6, 4, 7, 0]);
        let causes = [
            Cause::OurFault,
            Cause::Usage,
            Cause::Unreachable,
            Cause::DataInconsistent,
            Cause::Interrupted,
            Cause::Invalid,
            Cause::ThresholdFailed,
            Cause::Inconclusive,
        ];
        assert!(causes.is_sorted(), "gravest first");
        for (code, cause) in ExitCode::BY_WEIGHT.into_iter().zip(causes) {
            assert_eq!(code.number(), cause.exit_code());
        }
    }
}
