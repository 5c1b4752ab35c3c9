//! Whether everything is fit to test: this machine, the way to the server, the server, its tables.
//!
//! Reading (`machine::read`, `server::read`) and judging (`machine`, `connection`, `settings`,
//! `server`, `tables`) are apart: what was read is a value, and a judgement a function of it.
//! Nothing is ever changed; every statement runs in a transaction that may only read.

mod connection;
mod line;
mod machine;
mod render;
mod run;
mod server;
mod settings;
mod tables;

pub use run::run;
