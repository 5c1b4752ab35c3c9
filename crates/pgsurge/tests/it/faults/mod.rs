//! Faults, each on a real server: what is told, how it is counted, how the run ends. Each puts its
//! row into docs/faults.md, see `document`.

mod backends;
mod crash;
pub mod document;
mod freeze;
mod late;
mod network;
mod pooler;
mod read_only;
mod slots;
mod statements;
mod tables;
mod tls;
mod unreachable;
