//! Real servers, started and ended in every way that we promise something about.

mod postgres;

use servers::Environment;

/// The environment of the test run.
fn environment() -> Environment {
    Environment::from_pairs(std::env::vars_os())
}
