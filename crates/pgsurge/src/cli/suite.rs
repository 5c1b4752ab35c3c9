//! `pgsurge suite`: several scenarios, one after another, compared.

use super::load::PlanFormat;
use super::setting_flags::{OfSuite, SettingFlags};
use super::suite_plan;
use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::{Messages, variable};
use crate::settings::{Fault, Faults, Typed, keys, suite};
use crate::surroundings::Surroundings;
use clap::Args;
use std::path::PathBuf;

/// What can be typed after `suite`.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Run several scenarios and compare them: the built-in ones, and those of the \
        settings file.\n\n\
        A scenario has its own connections and duration; what is typed here, or stands elsewhere in \
        the file, holds for all of them. Each result is saved before the next scenario begins.",
    after_help = EXAMPLES,
)]
pub struct SuiteArgs {
    /// Read settings and scenarios from a file, JSON or TOML by its ending
    #[arg(
        long,
        value_name = "FILE",
        value_hint = clap::ValueHint::FilePath,
        help_heading = "Settings"
    )]
    pub config: Option<String>,
    /// Write a settings file with comments, JSON or TOML by its ending, and run nothing
    #[arg(long, value_name = "FILE", help_heading = "Settings", conflicts_with = "config")]
    pub create_config: Option<PathBuf>,
    /// Show what would run and where each value comes from, and run nothing
    #[arg(
        long,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "table",
        help_heading = "Settings"
    )]
    pub print_plan: Option<PlanFormat>,
    /// Run these scenarios, in this order, whether or not they are enabled
    #[arg(
        long,
        value_name = "NAME",
        num_args = 1..,
        value_delimiter = ',',
        help_heading = keys::SUITE_GROUP
    )]
    pub scenarios: Vec<String>,
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags<OfSuite>,
}

const EXAMPLES: &str = "\
Examples:
  pgsurge suite --time-scale 0.02
      the built-in scenarios on a throwaway server, minutes in seconds
  pgsurge suite --scenarios baseline_performance normal_load --output-dir results
      two of them, with their results in a folder of your choice
  pgsurge suite --output-dir results --resume
      go on with a suite that was killed or interrupted
  pgsurge suite --create-config suite.toml
      a settings file to start from
  pgsurge suite --config suite.toml --stop-on-failure --on-failure './alert \"$PGSURGE_SCENARIO\"'
      scenarios of your own, ended and told at the first that does not pass";

impl SuiteArgs {
    fn typed(&self) -> Vec<Typed> {
        let mut typed = self.settings.0.clone();
        if !self.scenarios.is_empty() {
            typed.push((&keys::SCENARIOS, self.scenarios.join(",")));
        }
        typed
    }
}

/// Resolves the settings into plans, then runs or shows them. `faults` are those of the flags that
/// every verb has.
///
/// # Errors
/// The settings can't be used, or the suite's own files can't be written.
pub fn run(
    arguments: &SuiteArgs,
    faults: Vec<Fault>,
    surroundings: &Surroundings,
    messages: &Messages,
) -> Result<ExitCode, Error> {
    let typed = arguments.typed();
    if let Some(path) = &arguments.create_config {
        let force = typed.iter().any(|(key, _)| std::ptr::eq(*key, &keys::FORCE));
        Faults::after(faults, Ok(()))?;
        crate::suite::sample::write(path, force)?;
        let shown = path.display();
        messages.info(&format!("wrote {shown}; pgsurge suite --config {shown} runs it"));
        return Ok(ExitCode::Passed);
    }
    let file = arguments.config.as_deref().or(variable(surroundings, "config"));
    let resolved = Faults::after(faults, suite::resolve(&typed, file, surroundings))?;
    resolved.warnings.iter().for_each(|it| messages.warn(it));
    match arguments.print_plan {
        Some(format) => suite_plan::print(&resolved, format),
        None => crate::suite::run(resolved, surroundings, messages),
    }
}
