//! What the program tells while it works: to standard error, and to a log file where one is asked
//! for.
//!
//! The human report of a run is not a message: it goes to standard output.

use crate::error::Error;
use crate::surroundings::Surroundings;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How much is told on standard error. A log file is told everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loudness {
    /// Errors only.
    Quiet,
    /// Warnings and what happens.
    Normal,
    /// Details as well.
    Verbose,
}

/// Where messages go.
#[derive(Clone, Debug)]
pub struct Messages {
    loudness: Loudness,
    log: Option<Arc<Mutex<File>>>,
}

impl Messages {
    /// Messages of a loudness.
    pub fn new(loudness: Loudness) -> Messages {
        Messages { loudness, log: None }
    }

    /// Keeps them in a file as well, which is appended to.
    ///
    /// # Errors
    /// The file can't be opened.
    pub fn with_log(self, path: &Path) -> std::io::Result<Messages> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Messages { log: Some(Arc::new(Mutex::new(file))), ..self })
    }

    /// How much is told.
    pub fn loudness(&self) -> Loudness {
        self.loudness
    }

    /// Something that a user should know and nothing that stops the run.
    pub fn warn(&self, text: &str) {
        self.tell(Loudness::Normal, "warning: ", text);
    }

    /// What happens.
    pub fn info(&self, text: &str) {
        self.tell(Loudness::Normal, "", text);
    }

    /// What happens, for those who want to know exactly.
    pub fn detail(&self, text: &str) {
        self.tell(Loudness::Verbose, "", text);
    }

    /// Why the program ends early.
    pub fn error(&self, error: &Error) {
        self.tell(Loudness::Quiet, "", &error.report());
    }

    fn tell(&self, least: Loudness, prefix: &str, text: &str) {
        if self.loudness >= least {
            // A terminal that is gone must not end a run that others wait for.
            let _ = writeln!(std::io::stderr().lock(), "{prefix}{text}");
        }
        if let Some(log) = &self.log {
            let now = OffsetDateTime::now_utc().replace_nanosecond(0).ok();
            let stamp = now.and_then(|it| it.format(&Rfc3339).ok()).unwrap_or_default();
            let mut file = log.lock().unwrap_or_else(PoisonError::into_inner);
            // The same goes for a full disk.
            let _ = writeln!(file, "{stamp} {prefix}{text}");
        }
    }
}

/// A setting of the program itself (`quiet`, `log-file`), from its variable where no flag gave it.
pub fn variable<'a>(surroundings: &'a Surroundings, flag: &str) -> Option<&'a str> {
    surroundings.variable(&crate::settings::keys::variable_of(flag))
}
