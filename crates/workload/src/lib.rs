//! What a user does next.
//!
//! A [`Workload`] owns tables, statements and players: it sets up, hands out players, verifies
//! what they left behind and cleans up. Players never touch a socket or a clock: they fill
//! [`postgres::Request`]s and read [`postgres::Answer`]s, and [`postgres::Postgres`] carries them
//! for the engine. `pgbench` and `hokm` use nothing that a user's own workload could not.

mod clean_run;
pub mod error;
pub mod hokm;
pub mod identifier;
pub mod loading;
pub mod mix;
pub mod own_tables;
pub mod pgbench;
pub mod postgres;
pub mod schema;
pub mod story;
pub mod workload;

pub use clean_run::clean_run;
pub use error::Error;
pub use mix::{Mix, MixPlayer, Part};
pub use own_tables::OwnTables;
pub use workload::{CleanUp, Server, SetUp, Workload};
