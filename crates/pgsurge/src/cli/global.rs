//! The flags that every verb has: what is told, and where it is kept.
//!
//! Not settings of a run: they come from flags and environment only. What is wrong with them is
//! handed on, so that it is told together with everything else.

use crate::error::io_words;
use crate::messages::{Loudness, Messages, variable};
use crate::settings::{Fault, Source, keys};
use crate::surroundings::Surroundings;
use clap::Args;
use std::path::{Path, PathBuf};

/// What holds for every verb.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Print errors and the report only
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Messages")]
    pub quiet: bool,
    /// Print details of what is going on
    #[arg(short, long, global = true, help_heading = "Messages")]
    pub verbose: bool,
    /// Append all messages to a file
    #[arg(long, global = true, value_name = "FILE", help_heading = "Messages")]
    pub log_file: Option<PathBuf>,
}

impl Global {
    /// The messages that these flags, or else the environment, ask for, and what is wrong with
    /// that.
    pub fn messages(&self, surroundings: &Surroundings) -> (Messages, Vec<Fault>) {
        let mut faults = Vec::new();
        let messages = Messages::new(self.loudness(surroundings, &mut faults));
        let from_variable = variable(surroundings, "log-file").map(Path::new);
        let (path, source) = match (&self.log_file, from_variable) {
            (Some(path), _) => (path.as_path(), Source::Flag("--log-file".to_owned())),
            (None, Some(path)) => (path, Source::Environment(keys::variable_of("log-file"))),
            (None, None) => return (messages, faults),
        };
        match messages.clone().with_log(path) {
            Ok(messages) => (messages, faults),
            Err(error) => {
                let words = format!("cannot write {}: {}", path.display(), io_words(&error));
                faults.push(Fault::new(source, words));
                (messages, faults)
            }
        }
    }

    fn loudness(&self, surroundings: &Surroundings, faults: &mut Vec<Fault>) -> Loudness {
        let is_quiet = is_on("quiet", surroundings, faults);
        let is_verbose = is_on("verbose", surroundings, faults);
        match (self.quiet, self.verbose) {
            (true, _) => Loudness::Quiet,
            (_, true) => Loudness::Verbose,
            _ if is_quiet => Loudness::Quiet,
            _ if is_verbose => Loudness::Verbose,
            _ => Loudness::Normal,
        }
    }
}

/// What the variable of a switch says; no where there is none.
fn is_on(flag: &str, surroundings: &Surroundings, faults: &mut Vec<Fault>) -> bool {
    let word = variable(surroundings, flag).map(str::to_ascii_lowercase);
    match word.as_deref() {
        Some("1" | "true" | "yes" | "on") => true,
        None | Some("0" | "false" | "no" | "off") => false,
        Some(word) => {
            let source = Source::Environment(keys::variable_of(flag));
            let words = format!("expected true or false, found \"{word}\"");
            faults.push(Fault::new(source, words));
            false
        }
    }
}
