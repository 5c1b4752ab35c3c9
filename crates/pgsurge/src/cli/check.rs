//! `pgsurge check`: is everything fit to test?

use super::setting_flags::{OfCheck, SettingFlags};
use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::{Messages, variable};
use crate::settings::{self, Fault, Faults, keys};
use crate::surroundings::Surroundings;
use clap::Args;

/// What can be typed after `check`.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Look at this machine, the way to the server, the server and its tables, and say what a \
        run would stumble over, each with the command that mends it.\n\n\
        Takes the variables and settings files of `load`, and its flags but for those about the \
        result, so that it says what that very run needs. Changes nothing on a server that is \
        named. Named by none, it starts a throwaway one as `load` would, and removes it.",
    mut_arg("format", |it| it.value_name("FORMAT").help("Print `json` instead of lines for people")),
    after_help = EXAMPLES,
)]
pub struct CheckArgs {
    /// Read settings from a file, JSON or TOML by its ending
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub config: Option<String>,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags<OfCheck>,
}

const EXAMPLES: &str = "\
Examples:
  pgsurge check
      this machine, and a throwaway server as `pgsurge load` would start it
  pgsurge check --database-url postgres://bench@db1/game --connections 500
      is that server fit for a run with 500 connections?
  pgsurge check --config load.json --format json
      the same for the run of a file, for programs

Exit codes: 0 fit to test (there may be warnings), 2 settings or usage, 3 a run can't begin
(the server can't be reached, written to or used), 6 a run's numbers would mean little";

/// Resolves the settings as `load` does, looks, and prints what was found. `faults` are those of the
/// flags that every verb has.
///
/// # Errors
/// The settings can't be used.
pub fn run(
    arguments: &CheckArgs,
    faults: Vec<Fault>,
    surroundings: &Surroundings,
    messages: &Messages,
) -> Result<ExitCode, Error> {
    let as_json = is_json(&arguments.settings)?;
    let file = arguments.config.as_deref().or(variable(surroundings, "config"));
    let mut typed = arguments.settings.0.clone();
    // Nothing is written: a result that is there is in nobody's way.
    typed.push((&keys::FORCE, "true".to_owned()));
    let resolved = settings::resolve(&typed, file, surroundings);
    let resolved = Faults::after(faults, resolved)?;
    resolved.warnings.iter().for_each(|it| messages.warn(it));
    crate::check::run(&resolved, surroundings, as_json)
}

/// Here `--format` is that of the findings. In a settings file it stays that of a run's result.
fn is_json(flags: &SettingFlags<OfCheck>) -> Result<bool, Error> {
    match flags.0.iter().find(|(key, _)| key.called() == "--format") {
        None => Ok(false),
        Some((_, text)) if text == "json" => Ok(true),
        Some((_, text)) => Err(Error::Usage(format!("--format: expected json, found \"{text}\""))),
    }
}
