//! PostgreSQL's protocol as a sans-IO state machine, and a small blocking connection on top.

pub mod settings;
pub mod tls;
