//! `pgsurge man`: the manual pages, made from the same source as the help.

use super::{command_with_values, print};
use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::Messages;
use crate::registry::Registry;
use crate::surroundings::Surroundings;
use clap::Args;
use clap_mangen::Man;
use std::path::PathBuf;

/// What can be typed after `man`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ManArgs {
    /// Print the page of this command; without it that of pgsurge itself
    #[arg(value_name = "COMMAND", conflicts_with = "output_dir")]
    pub command: Option<String>,
    /// Write the pages of all commands to this folder; pages that are there are replaced
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    pub output_dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  pgsurge man load | man -l -
      read a page without installing it
  pgsurge man --output-dir ~/.local/share/man/man1
      install them all: man pgsurge, man pgsurge-load";

/// Prints one page, or writes all of them.
///
/// # Errors
/// There is no such command, or a page can't be written.
pub fn run(
    arguments: &ManArgs,
    surroundings: &Surroundings,
    messages: &Messages,
) -> Result<ExitCode, Error> {
    let pages = pages(&surroundings.registry);
    let Some(folder) = &arguments.output_dir else {
        let name = arguments.command.as_ref().map(|verb| format!("pgsurge-{verb}"));
        let name = name.as_deref().unwrap_or("pgsurge");
        let Some((_, page)) = pages.iter().find(|(it, _)| it == name) else {
            let verbs: Vec<&str> =
                pages.iter().filter_map(|(it, _)| it.strip_prefix("pgsurge-")).collect();
            let found = arguments.command.as_deref().unwrap_or_default();
            let text = format!("man: expected one of {}, found \"{found}\"", verbs.join(", "));
            return Err(Error::Usage(text));
        };
        return print(page);
    };
    let failed = |path: PathBuf| move |source| Error::Write { path, source };
    std::fs::create_dir_all(folder).map_err(failed(folder.clone()))?;
    for (name, page) in &pages {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page).map_err(failed(path))?;
    }
    messages.info(&format!("written: {} pages in {}", pages.len(), folder.display()));
    Ok(ExitCode::Passed)
}

/// The page of the program and those of its commands, by name.
pub fn pages(registry: &Registry) -> Vec<(String, Vec<u8>)> {
    let mut root = command_with_values(registry).disable_help_subcommand(true);
    root.build();
    let verbs = root.get_subcommands().map(|verb| (format!("pgsurge-{}", verb.get_name()), verb));
    let all = std::iter::once(("pgsurge".to_owned(), &root)).chain(verbs);
    all.map(|(name, command)| (name, page(command.clone()))).collect()
}

fn page(command: clap::Command) -> Vec<u8> {
    let mut page = Vec::new();
    // Memory takes every byte; a page that was not made would be empty, which a test refuses.
    let _written = Man::new(command).manual("pgsurge").render(&mut page);
    page
}
