//! What the server and its host do while load runs.
//!
//! Two threads of its own, beside the load and on its clock: `postgres` asks the server over a
//! connection of its own, `host` reads this machine's `/proc`. Nobody waits for them while load
//! runs: what they see goes through a bounded channel, and what finds no room there is counted.
//! They produce facts; nothing here judges.

mod host;
mod monitor;
mod pooler;
mod postgres;
mod timeline;

pub use host::{LocalServer, NodeExporter};
pub use monitor::{Monitor, Monitored};
pub use pooler::PoolerConsole;
pub use timeline::Watched;
