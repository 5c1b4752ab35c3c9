//! `pgsurge completions`: what makes a shell complete our command line.

use super::{command_with_values, print};
use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::registry::Registry;
use crate::surroundings::Surroundings;
use clap::Args;
use clap_complete::Shell;

/// What can be typed after `completions`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompletionsArgs {
    /// For this shell
    pub shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  pgsurge completions bash > ~/.local/share/bash-completion/completions/pgsurge
  pgsurge completions zsh > ~/.zfunc/_pgsurge
      in a folder of fpath; then start a new shell
  pgsurge completions fish > ~/.config/fish/completions/pgsurge.fish";

/// Prints the script.
///
/// # Errors
/// Standard output is gone.
pub fn run(arguments: &CompletionsArgs, surroundings: &Surroundings) -> Result<ExitCode, Error> {
    print(&script(arguments.shell, &surroundings.registry))
}

/// The script for a shell.
pub fn script(shell: Shell, registry: &Registry) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command_with_values(registry), "pgsurge", &mut script);
    script
}
