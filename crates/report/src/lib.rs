//! A result as bytes, one file per format.
//!
//! Everything here is pure: a saved result goes in, bytes come out, and the same file gives the
//! same report on any day. What a table holds is decided once (`table`); the formats differ in
//! punctuation. Series are streamed (`series`), because they are the one part that grows with
//! the length of a run.

pub mod advice;
pub mod csv;
mod diagnosis;
pub mod json;
pub mod markdown;
pub mod series;
mod server;
mod soundness;
pub mod suite;
pub mod table;
pub mod terminal;
mod unseen;
