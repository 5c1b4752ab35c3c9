//! Reports of a run that was counted and assembled as the program does it.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test, as its body does")]

mod busiest;
mod diagnosed;
mod fixture;
mod formats;
mod result_file;
mod schema;
mod seen;
mod suite;
mod watched;
