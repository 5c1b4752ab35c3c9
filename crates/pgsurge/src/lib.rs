//! PostgreSQL load testing and migration rehearsal.
//!
//! The program's own crate, and the only one that prints, reads the environment or exits. A
//! command line becomes a verb (`cli`), its settings become a plan (`settings`), the plan becomes a
//! result (`load`), and whatever goes wrong becomes a message and an exit code (`error`, `exit_code`). [`main`] is the whole program.

mod check;
pub mod cli;
mod demo;
pub mod error;
pub mod exit_code;
pub mod load;
pub mod messages;
mod pooler;
pub mod registry;
pub mod saved;
pub mod settings;
pub mod suite;
pub mod surroundings;
pub mod workload;

pub use registry::Registry;

use surroundings::Surroundings;

/// The program: reads the command line, does what it says, and tells how it ended.
pub fn main() -> std::process::ExitCode {
    main_with(Registry::built_in())
}

/// The program with the workloads of `registry`: every command, flag, threshold and report is
/// there for each of them.
pub fn main_with(registry: Registry) -> std::process::ExitCode {
    let surroundings = Surroundings::of_this_process(registry);
    cli::run(std::env::args_os().collect(), &surroundings).into()
}
