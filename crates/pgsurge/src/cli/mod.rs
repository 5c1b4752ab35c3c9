//! The command line: what can be typed, and which verb it starts.
//!
//! One file per verb. What a flag of a run means is not known here: `settings::keys` lists them,
//! and `setting_flags` turns that list into arguments.

pub mod demo;
pub mod load;
mod plan_table;
pub mod reference;
mod setting_flags;

use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::{Loudness, Messages, variable};
use crate::surroundings::Surroundings;
use clap::{Args, CommandFactory, Parser, Subcommand};
use std::path::PathBuf;

/// Load-test PostgreSQL: offer a real load, measure it truthfully, say what gave first
#[derive(Debug, Parser)]
#[command(name = "pgsurge", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
}

const EXAMPLES: &str = "\
Examples:
  pgsurge demo                              a short tour on a throwaway server
  pgsurge load --duration 1m                a load test on a throwaway server
  pgsurge load --config load.json           the same as a file says

Exit codes: 0 passed, 1 a fault of pgsurge, 2 settings or usage, 3 server unreachable,
4 a threshold failed, 5 data lost or inconsistent, 6 the run is not valid, 7 inconclusive,
130 interrupted";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run one load test
    Load(load::LoadArgs),
    /// Take a short, real tour on a throwaway server
    Demo(demo::DemoArgs),
}

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
    /// The messages that these flags, or else the environment, ask for.
    ///
    /// # Errors
    /// The log file can't be opened.
    pub fn messages(&self, surroundings: &Surroundings) -> Result<Messages, Error> {
        let on = |flag: &str| match variable(surroundings, flag).map(str::to_ascii_lowercase) {
            None => Ok(false),
            Some(word) => match word.as_str() {
                "1" | "true" | "yes" | "on" => Ok(true),
                "0" | "false" | "no" | "off" => Ok(false),
                _ => {
                    let name = crate::settings::keys::variable_of(flag);
                    Err(Error::Usage(format!("{name}: expected true or false, found \"{word}\"")))
                }
            },
        };
        let loudness = match (self.quiet, self.verbose) {
            (true, _) => Loudness::Quiet,
            (_, true) => Loudness::Verbose,
            _ if on("quiet")? => Loudness::Quiet,
            _ if on("verbose")? => Loudness::Verbose,
            _ => Loudness::Normal,
        };
        let variable = variable(surroundings, "log-file").map(PathBuf::from);
        Messages::new(loudness, self.log_file.clone().or(variable).as_deref())
    }
}

/// Reads a command line and does what it says; how that ended.
pub fn run(arguments: Vec<std::ffi::OsString>, surroundings: &Surroundings) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; everything else is a slip. A closed output changes
            // nothing about either.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Passed };
        }
    };
    let messages = match cli.global.messages(surroundings) {
        Ok(messages) => messages,
        Err(error) => {
            if let Ok(messages) = Messages::new(Loudness::Normal, None) {
                messages.error(&error);
            }
            return error.exit_code();
        }
    };
    let ended = match &cli.verb {
        Verb::Load(arguments) => load::run(arguments, surroundings, &messages),
        Verb::Demo(arguments) => demo::run(arguments, surroundings, &messages),
    };
    ended.unwrap_or_else(|error| {
        messages.error(&error);
        error.exit_code()
    })
}

/// The command as clap knows it, for the reference.
pub fn command() -> clap::Command {
    Cli::command()
}
