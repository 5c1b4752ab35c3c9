//! From what was typed, set and filed to a plan.
//!
//! Four steps, each in its file: `typed` and `file` read text against the table of `keys`; `layer`
//! says which value holds; `shape`, `database`, `output` and `resolve` settle what follows from
//! several values; what is wrong becomes a `fault`, and all faults are told together. Nothing here
//! starts, connects or prints.

mod aim;
mod data;
mod database;
pub mod document;
mod fault;
mod file;
mod game;
pub mod keys;
mod layer;
mod lists;
mod mix;
mod nearest;
mod output;
mod relevance;
mod resolve;
mod shape;
pub mod source;
pub mod span;
mod stages;
pub mod suite;
mod takes;
mod typed;
pub mod value;
mod workload;

pub use aim::{Aim, aim};
pub use fault::{Fault, Faults};
pub use nearest::nearest;
pub use resolve::{OTHER_FILES, Resolved, raise_open_files_to, resolve};
pub use source::Source;
pub use takes::Takes;
pub use typed::Typed;

#[cfg(test)]
mod tests;
