//! The nouns that every other part speaks.
//!
//! Two families live here: what the engine counts while load runs (`histogram`, `sample`,
//! `failure`, `measured`), and what a finished run says (`run_result` and its parts). No IO, no
//! clock, no threads: every value is made elsewhere and only described, merged or encoded here.

pub mod catalog;
pub mod database_metrics;
pub mod diagnosis;
pub mod event;
pub mod failure;
pub mod finding;
pub mod histogram;
pub mod measured;
pub mod metric;
pub mod plan;
pub mod random;
pub mod run_result;
pub mod sample;
pub mod saturation;
pub mod series;
pub mod suite;
pub mod system_metrics;
pub mod threshold;
pub mod units;
pub mod values;
pub mod verdict;
pub mod verification;
