//! `pgsurge demo`: a short, real tour on a throwaway server.

use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::Messages;
use crate::surroundings::Surroundings;
use clap::Args;

/// What can be typed after `demo`: nothing of its own.
#[derive(Clone, Debug, Args)]
#[command(
    // Not its long description: the one-line one of the verb would hide it.
    after_help = "It ends with the exit code of the first of its three load tests that did not pass (6 \
        where the\nmachine was too busy for its numbers to mean much), else 0. Failed limits \
        do not\ncount: the tour overloads the server on purpose, and pauses it for a moment."
)]
pub struct DemoArgs {}

/// Takes the tour.
///
/// # Errors
/// A stop of it came to nothing.
pub fn run(
    _arguments: &DemoArgs,
    surroundings: &Surroundings,
    messages: &Messages,
) -> Result<ExitCode, Error> {
    crate::demo::run(surroundings, messages)
}
