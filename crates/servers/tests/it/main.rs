//! Real servers, started and ended in every way that we promise something about.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test, as its body does")]

mod base;
mod discovery;
mod faults;
mod install_deps;
mod owner;
mod pgbouncer;
mod postgres;
mod redis;
mod signals;

use servers::Environment;

/// The environment of the test run.
fn environment() -> Environment {
    Environment::from_pairs(std::env::vars_os())
}
