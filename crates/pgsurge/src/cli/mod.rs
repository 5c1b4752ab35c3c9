//! The command line: what can be typed, and which verb it starts.
//!
//! One file per verb. What a flag of a run means is not known here: `settings::keys` lists them,
//! and `setting_flags` turns that list into arguments.

pub mod check;
pub mod completions;
pub mod demo;
mod global;
pub mod load;
pub mod man;
mod plan_table;
pub mod reference;
pub mod report;
mod setting_flags;
pub mod suite;
mod suite_plan;

pub use global::Global;

use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::registry::Registry;
use crate::settings::Faults;
use crate::surroundings::Surroundings;
use clap::builder::PossibleValuesParser;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::io::{ErrorKind, Write};

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
  pgsurge check --database-url URL          is that server fit to test?
  pgsurge suite --time-scale 0.02           four scenarios, compared, in a minute
  pgsurge report RESULT.json --format md    a saved result again, as Markdown

Exit codes: 0 passed, 1 a fault of pgsurge, 2 settings or usage, 3 server unreachable,
4 a threshold failed, 5 data lost or inconsistent, 6 the run is not valid, 7 inconclusive,
130 interrupted";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run one load test
    Load(load::LoadArgs),
    /// Look whether everything is fit to test, and say what mends what is not
    Check(check::CheckArgs),
    /// Run several scenarios and compare them
    Suite(Box<suite::SuiteArgs>),
    /// Take a short, real tour on a throwaway server
    Demo(demo::DemoArgs),
    /// Render a saved result again, in any format
    Report(report::ReportArgs),
    /// Print what makes a shell complete the command line
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(man::ManArgs),
}

/// Reads a command line and does what it says; how that ended.
pub fn run(arguments: Vec<std::ffi::OsString>, surroundings: &Surroundings) -> ExitCode {
    let read = command(&surroundings.registry).try_get_matches_from(arguments);
    let cli = match read.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; everything else is a slip. A closed output changes
            // nothing about either.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Passed };
        }
    };
    let (messages, faults) = cli.global.messages(surroundings);
    let registered = surroundings.registry.check().map_err(Error::Usage);
    let ended = registered.and_then(|()| match &cli.verb {
        Verb::Load(arguments) => load::run(arguments, faults, surroundings, &messages),
        Verb::Check(arguments) => check::run(arguments, faults, surroundings, &messages),
        Verb::Suite(arguments) => suite::run(arguments, faults, surroundings, &messages),
        _ if !faults.is_empty() => Err(Faults(faults).into()),
        Verb::Demo(arguments) => demo::run(arguments, surroundings, &messages),
        Verb::Report(arguments) => report::run(arguments, surroundings, &messages),
        Verb::Completions(arguments) => completions::run(arguments, surroundings),
        Verb::Man(arguments) => man::run(arguments, surroundings, &messages),
    });
    ended.unwrap_or_else(|error| {
        messages.error(&error);
        error.exit_code()
    })
}

/// Writes to standard output what a command was asked for.
pub(crate) fn print(bytes: &[u8]) -> Result<ExitCode, Error> {
    match std::io::stdout().lock().write_all(bytes) {
        // Whoever reads it, `head` perhaps, has seen enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(ExitCode::Passed),
    }
}

/// The command with the words that its settings take. What is typed is not held to them by clap:
/// slips of settings are told together, by us.
fn command_with_values(registry: &Registry) -> clap::Command {
    let mut command = command(registry);
    let verbs: Vec<String> = command.get_subcommands().map(|it| it.get_name().to_owned()).collect();
    // clap wants words that live for ever: a few, once, in a program that is about to end.
    let names: Vec<&'static str> =
        registry.names().map(|(name, _)| &*name.to_owned().leak()).collect();
    for verb in verbs {
        command = command.mut_subcommand(verb, setting_flags::with_values);
    }
    command.mut_subcommand("load", |load| {
        load.mut_arg("workload", |argument| {
            argument.value_parser(PossibleValuesParser::new(names)).value_delimiter(',')
        })
    })
}

/// The command as clap knows it, with the workloads of `registry` in its help.
pub fn command(registry: &Registry) -> clap::Command {
    Cli::command().mut_subcommand("load", |load| {
        let names = registry.names().map(|(name, about)| format!("  {name:<22} {about}"));
        let names: Vec<String> = names.collect();
        let examples = load.get_after_help().map(ToString::to_string).unwrap_or_default();
        load.after_help(format!("Workloads:\n{}\n\n{examples}", names.join("\n")))
    })
}
