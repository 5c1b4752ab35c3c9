//! The engine on real sockets: both pollers against a server that knows the truth.

mod fake_server;
mod lifecycle;
mod truth;
