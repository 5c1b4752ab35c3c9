//! The rules: one function each, in a file of its family.
//!
//! A rule takes the result and says `Ok(Some(found))` when it fires, `Ok(None)` when what it looks
//! for is not there, and `Err(Missing)` when it can't know. Its limits are constants with their
//! source; limits on shares of busy sessions are ours, for nobody publishes any, and are held to
//! account by the tests of induced faults.

mod blocking;
mod connections;
mod cpu;
mod generator;
mod host;
mod indexes;
mod jit;
mod latches;
mod locks;
mod maintenance;
mod memory;
mod network;
mod origin;
mod others;
mod pages;
mod parallel;
mod plans;
mod pooler;
mod replication;
mod schema;
mod set_up;
mod settings;
mod shown;
mod spill;
mod statistics;
mod storage;
mod transactions;
mod vacuum;
mod waiting;
mod wal;

use crate::diagnosis::{Facts, Found, Missing};
pub(crate) use others::{OTHERS, OTHERS_PERCENT};

/// What a rule comes to.
pub(crate) type Ruling = Result<Option<Found>, Missing>;

/// One rule.
pub(crate) struct Rule {
    /// The stable code of its finding.
    pub(crate) code: &'static str,
    /// What it is about, for those who sort recommendations.
    pub(crate) category: &'static str,
    /// Where it and its limits come from.
    pub(crate) source: &'static str,
    /// The rule.
    pub(crate) judge: fn(&Facts<'_>) -> Ruling,
}

impl Rule {
    /// True where it is about us, not about the server.
    pub(crate) fn is_generator(&self) -> bool {
        self.category == generator::CATEGORY
    }
}

/// A rule that fired.
pub(crate) struct Fired {
    pub(crate) rule: &'static Rule,
    pub(crate) found: Found,
}

/// Every rule, by family. Where two explain as much, the earlier one says more: a deadlock more
/// than the waiting for rows that it is made of, a chain behind one session more than a hot row.
pub(crate) const RULES: [&[Rule]; 27] = [
    &generator::RULES,
    &transactions::RULES,
    &blocking::RULES,
    &locks::RULES,
    &latches::RULES,
    &plans::RULES,
    &schema::RULES,
    &indexes::RULES,
    &statistics::RULES,
    &vacuum::RULES,
    &replication::RULES,
    &memory::RULES,
    &spill::RULES,
    &wal::RULES,
    &maintenance::RULES,
    &jit::RULES,
    &cpu::RULES,
    &parallel::RULES,
    &storage::RULES,
    &pooler::RULES,
    &connections::RULES,
    &network::RULES,
    &host::RULES,
    &others::RULES,
    &pages::RULES,
    &settings::RULES,
    &set_up::RULES,
];

/// Of pages of tables and indexes, and of temporary files.
const BLOCK_BYTES: f64 = 8192.0;

/// How to see that a change helped.
fn again(figure: &str) -> String {
    format!("run the same load again (same --seed and settings): {figure}")
}

/// The beginning of a statement, as a reader recognises it.
fn beginning(statement: &str) -> String {
    const SHOWN: usize = 80;
    let flat = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.chars().count() > SHOWN {
        true => flat.chars().take(SHOWN).chain(['…']).collect(),
        false => flat,
    }
}

#[cfg(test)]
mod tests;
