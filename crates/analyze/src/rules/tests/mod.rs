//! Every rule: it fires with the numbers that were seen, stays quiet just below its limit, and says
//! what it lacks.

mod cpu;
mod locks;
mod memory;
mod network;
mod schema;
mod settings;
mod wal;

use crate::diagnosis::fixture::*;
use model::finding::Finding;

/// Whether some evidence of a finding has this value.
fn rests_on(found: &Finding, value: f64) -> bool {
    found.evidence.iter().any(|it| it.value == Some(value))
}
