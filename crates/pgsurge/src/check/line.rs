//! One thing that was looked at, what was found, and what to do about it.

use crate::exit_code::ExitCode;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The stable name of what was looked at (`open_files`, `fsync`).
    pub name: &'static str,
    /// Whether that is fine.
    pub outcome: Outcome,
    /// What was found.
    pub found: String,
    /// Why that matters; none where it is fine.
    pub reason: Option<String>,
    /// What mends it: a command, or where there is none, what to do.
    pub mend: Option<String>,
}

/// Whether something is fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing to say against it.
    Ok,
    /// A run works, and its reader should know.
    Warning,
    /// Something has to be done before a run.
    Problem(Consequence),
}

/// What a problem leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Consequence {
    /// Its numbers would say nothing about a server that people use.
    Meaningless,
    /// There would be no run.
    NoRun,
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Warning => "warning",
            Outcome::Problem(_) => "problem",
        }
    }
}

impl Line {
    /// Nothing to say against it.
    pub fn ok(name: &'static str, found: impl Into<String>) -> Line {
        Line { name, outcome: Outcome::Ok, found: found.into(), reason: None, mend: None }
    }

    /// Something that a reader of the result should know.
    pub fn warning(
        name: &'static str,
        found: impl Into<String>,
        reason: impl Into<String>,
    ) -> Line {
        Line { outcome: Outcome::Warning, reason: Some(reason.into()), ..Line::ok(name, found) }
    }

    /// Something that makes a result meaningless.
    pub fn meaningless(
        name: &'static str,
        found: impl Into<String>,
        reason: impl Into<String>,
    ) -> Line {
        let outcome = Outcome::Problem(Consequence::Meaningless);
        Line { outcome, ..Line::warning(name, found, reason) }
    }

    /// Something that lets no run begin.
    pub fn no_run(name: &'static str, found: impl Into<String>, reason: impl Into<String>) -> Line {
        let outcome = Outcome::Problem(Consequence::NoRun);
        Line { outcome, ..Line::warning(name, found, reason) }
    }

    /// The same with what mends it.
    pub fn mend(self, mend: impl Into<String>) -> Line {
        Line { mend: Some(mend.into()), ..self }
    }
}

/// How the program ends, of all that was looked at: as a run would.
pub fn exit_code(lines: &[Line]) -> ExitCode {
    match lines.iter().map(|line| line.outcome).max() {
        Some(Outcome::Problem(Consequence::NoRun)) => ExitCode::Unreachable,
        Some(Outcome::Problem(Consequence::Meaningless)) => ExitCode::Invalid,
        _ => ExitCode::Passed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_decides_and_warnings_pass() {
        let lines = [
            Line::ok("a", "fine"),
            Line::warning("b", "so-so", "why"),
            Line::meaningless("c", "off", "why"),
            Line::no_run("d", "away", "why"),
        ];
        let codes = [1, 2, 3, 4].map(|upto| exit_code(&lines[..upto]).number());
        assert_eq!(codes, [0, 0, 6, 3]);
        assert_eq!(exit_code(&[]).number(), 0);
    }
}
