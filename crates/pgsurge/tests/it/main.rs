//! The program from outside: its binary, its documents, and the rules of its source.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test, as its body does")]

mod aborting;
mod attending;
mod bad_settings;
mod check;
mod cleaning;
mod command_line;
mod completions;
mod database;
mod docs;
mod existing_tables;
mod faults;
mod limits;
mod many;
mod plan;
mod pooler;
mod precedence;
mod prepared_data;
mod program;
mod proxy;
mod records;
mod reports;
mod results;
mod running;
mod saturation;
mod signals;
mod suite;
mod target;
mod tidy;
mod tour;
mod truth;
mod two_runs;
mod unprivileged;
mod watched;
