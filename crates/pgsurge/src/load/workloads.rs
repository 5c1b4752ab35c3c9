//! A plan's workload as the crate `workload` makes it.

use super::error::LoadError;
use crate::surroundings::Surroundings;
use model::plan::{self, Plan};
use workload::hokm::{Hokm, HokmProfile};
use workload::pgbench::{Pgbench, PgbenchOptions, Script};

/// One of pgbench's three.
///
/// # Errors
/// The plan's numbers make no sense for it.
pub fn pgbench(plan: &Plan, scale: u32) -> Result<Pgbench, LoadError> {
    let script = Script::parse(&plan.workload.name).unwrap_or(Script::SelectOnly);
    Pgbench::new(PgbenchOptions {
        scripts: vec![(script, 1)],
        scale,
        schema: None,
        seed: plan.seed,
        keep_data: plan.keep_data,
    })
    .map_err(LoadError::workload("set the workload up"))
}

/// The game.
///
/// # Errors
/// The plan's numbers make no sense for it.
pub fn hokm(
    plan: &Plan,
    hokm: &plan::Hokm,
    surroundings: &Surroundings,
) -> Result<Hokm, LoadError> {
    let profile = HokmProfile {
        seats: hokm.concurrent_user_actions,
        read_write_ratio: hokm.read_write_ratio,
        transaction_size: hokm.transaction_size_range,
        batch_operation_probability: hokm.batch_operation_probability,
        complex_query_probability: hokm.complex_query_probability,
        data_volume_multiplier: hokm.data_volume_multiplier,
        seed: plan.seed,
        run_prefix: run_prefix(surroundings),
        keep_data: plan.keep_data,
        ..HokmProfile::default()
    };
    Hokm::new(profile).map_err(LoadError::workload("set the workload up"))
}

/// What every key of this run begins with: its second, and four digits against another run of
/// the same second.
fn run_prefix(surroundings: &Surroundings) -> String {
    let second = time::OffsetDateTime::now_utc().unix_timestamp();
    format!("r{}x{:04x}", base36(second.unsigned_abs()), surroundings.random & 0xffff)
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
        number /= 36;
    }
    digits.iter().rev().collect()
}
