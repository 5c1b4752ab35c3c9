//! `pgsurge demo`: a short, real tour on a throwaway server.

use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::Messages;
use crate::surroundings::Surroundings;
use clap::Args;

/// What can be typed after `demo`: nothing of its own.
#[derive(Clone, Debug, Args)]
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
