//! PostgreSQL load testing and migration rehearsal.
//!
//! The program's own crate, and the only one that prints, reads the environment or exits. A
//! command line becomes a verb (`cli`), its settings become a plan (`settings`), the plan becomes a
//! result (`load`), and whatever goes wrong becomes a message and an exit code (`error`, `exit_code`). [`main`] is the whole program.

pub mod cli;
mod demo;
pub mod error;
pub mod exit_code;
pub mod load;
pub mod messages;
pub mod saved;
pub mod settings;
pub mod surroundings;

use surroundings::Surroundings;

/// The program: reads the command line, does what it says, and tells how it ended.
pub fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os().collect(), &Surroundings::of_this_process()).into()
}
