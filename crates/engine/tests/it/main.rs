//! The engine on real sockets: both pollers against a server that knows the truth.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod fake_server;
mod lifecycle;
mod truth;
