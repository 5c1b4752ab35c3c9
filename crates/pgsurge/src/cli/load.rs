//! `pgsurge load`: one load test.

use super::plan_table;
use super::setting_flags::SettingFlags;
use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::{Messages, variable};
use crate::settings::{self, Fault, Faults, Resolved};
use crate::surroundings::Surroundings;
use clap::{Args, ValueEnum};

/// What can be typed after `load`.
#[derive(Clone, Debug, Args)]
#[command(
    long_about = "Run one load test: on the server that is named, or on a throwaway one.\n\n\
        Every setting can also stand in the settings file or, as PGSURGE_ and the flag's name, in \
        the environment: flags beat environment, environment beats file.",
    after_help = EXAMPLES,
)]
pub struct LoadArgs {
    /// Read settings from a file, JSON or TOML by its ending
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Settings")]
    pub config: Option<String>,
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
    /// The settings.
    #[command(flatten)]
    pub settings: SettingFlags,
    /// Remove what run RUN has left, its rows and the tables that no run needs, and run nothing
    #[arg(long, value_name = "RUN", conflicts_with = "print_plan", help_heading = "Data")]
    pub clean: Option<String>,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

const EXAMPLES: &str = "\
Examples:
  pgsurge load --duration 1m --connections 20
      the card game on a throwaway server, 1000 statements per second
  pgsurge load --database-url postgres://bench@db1/game --rate 500 --duration 15
      500 actions per second for 15 minutes on a server of yours
  pgsurge load --stages 30s:100,2m:500,30s:0 --arrivals poisson
      ramp up, go on rising, come down
  pgsurge load --workload select-only --qps-target 0 --connections 8 --scale 10
      as fast as the server answers, like pgbench -S
  pgsurge load --database-url postgres://bench@db1/game --init-only
      make the tables and rows and stop; --reuse-data RUN uses them, --clean RUN removes them
  pgsurge load --config load.json --print-plan
      what would run, and why
  pgsurge load --duration 30m --threshold 'p99 < 20ms' --threshold 'deadlocks < 1' --abort-on-threshold
      end early, cleanly and with exit code 4, once a limit is broken";

/// Resolves the settings into a plan, then runs or shows it. `faults` are those of the flags that
/// every verb has.
///
/// # Errors
/// The settings can't be used, or the run came to nothing.
pub fn run(
    arguments: &LoadArgs,
    faults: Vec<Fault>,
    surroundings: &Surroundings,
    messages: &Messages,
) -> Result<ExitCode, Error> {
    let file = arguments.config.as_deref().or(variable(surroundings, "config"));
    if let Some(run) = &arguments.clean {
        let aim = settings::aim(run, &arguments.settings.0, file, surroundings)?;
        aim.warnings.iter().for_each(|it| messages.warn(it));
        return crate::load::clean::run(&aim, run, messages);
    }
    let resolved = settings::resolve(&arguments.settings.0, file, surroundings);
    let resolved = Faults::after(faults, resolved)?;
    resolved.warnings.iter().for_each(|it| messages.warn(it));
    match arguments.print_plan {
        Some(format) => print_plan(&resolved, format),
        None if resolved.plan.data.init_only => {
            crate::load::init::run(&resolved, surroundings, messages)
        }
        None => crate::load::run(&resolved, surroundings, messages).map(|done| done.exit_code),
    }
}

fn print_plan(resolved: &Resolved, format: PlanFormat) -> Result<ExitCode, Error> {
    let text = match format {
        PlanFormat::Table => plan_table::table(resolved),
        PlanFormat::Json => plan_table::json(resolved),
    };
    super::print(text.as_bytes())
}
