//! Settings and TLS; the connection against real servers, with tokio-postgres as a referee that
//! is not ours.

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
