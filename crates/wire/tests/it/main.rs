//! Settings and TLS; the connection against real servers, with tokio-postgres as a referee that
//! is not ours.

#![allow(clippy::unwrap_used, reason = "a helper that panics fails its test, as the test does")]

mod allocation;
mod copy;
mod encryption;
mod faults;
mod fuzz;
mod login;
mod pipeline;
mod query;
mod referee;
mod server;
mod settings;
mod tls;
