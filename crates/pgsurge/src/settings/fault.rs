//! What is wrong with the settings: all of it at once, each with its place.

use super::source::Source;
use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub source: Source,
    /// What is wrong and what was expected; no secret in it.
    pub message: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(source: Source, message: impl Into<String>) -> Fault {
        Fault { source, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Default | Source::Derived(_) => f.write_str(&self.message),
            place => write!(f, "{place}: {}", self.message),
        }
    }
}

/// Everything that is wrong, in the order of flags, environment, file and what follows from them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// `outcome`, or all that is wrong: `earlier` first.
    ///
    /// # Errors
    /// Something is wrong.
    pub fn after<T>(mut earlier: Vec<Fault>, outcome: Result<T, Faults>) -> Result<T, Faults> {
        match outcome {
            Ok(value) if earlier.is_empty() => Ok(value),
            Ok(_) => Err(Faults(earlier)),
            Err(Faults(more)) => {
                earlier.extend(more);
                Err(Faults(earlier))
            }
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(f, "cannot use these settings: {only}"),
            all => {
                write!(f, "cannot use these settings: {} faults", all.len())?;
                all.iter().try_for_each(|it| write!(f, "\n  {it}"))
            }
        }
    }
}
