//! The Hokm game server's database traffic: tables of four play by the rules, and the server
//! stores what happens.
//!
//! `cards`, `state` and `rules` are the game and know no database; `stored` is how a state is
//! kept. `plan` says what comes next at a place, `course` carries it out in transactions, `scene`
//! turns steps into statements, `acknowledge`, `read_back` and `recovery` find
//! out and remember what is certain, `player`
//! is the seam to the engine. `set_up`, `verify` and `clean_up` come before and after the load.

mod acknowledge;
pub mod actions;
pub mod balance;
pub mod cards;
mod clean_up;
pub mod course;
mod doubt;
pub mod keys;
mod made;
pub mod memory;
mod metrics;
mod of_run;
pub mod place;
mod plan;
pub mod player;
pub mod popularity;
mod preload;
pub mod profile;
mod read_back;
mod recovery;
mod reuse;
pub mod rules;
mod scene;
mod set_up;
mod start;
pub mod state;
pub mod statements;
pub mod step;
pub mod stored;
mod tables;
mod verify;
mod workload;
pub mod world;

pub use clean_up::clean_run;
pub use player::HokmPlayer;
pub use profile::{HokmProfile, SchemaVariant};
pub use workload::Hokm;

/// The tables that the game needs, to look at them before a run.
pub fn tables_needed() -> &'static [crate::schema::Table] {
    &tables::NEEDED
}
