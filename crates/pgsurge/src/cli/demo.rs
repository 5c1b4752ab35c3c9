//! `pgsurge demo`: a short, real tour on a throwaway server.

use crate::error::Error;
use crate::exit_code::ExitCode;
use crate::messages::Messages;
use crate::surroundings::Surroundings;
use clap::Args;

/// What can be typed after `demo`: nothing of its own.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {}

/// Ends with an honest error for as long as there is nothing to tour.
///
/// # Errors
/// Always.
pub fn run(
    _arguments: &DemoArgs,
    _surroundings: &Surroundings,
    _messages: &Messages,
) -> Result<ExitCode, Error> {
    Err(Error::Usage("the tour is not part of this build yet".to_owned()))
}
