//! A plan's workload as the crate `workload` makes it.

use super::error::LoadError;
use model::plan::{self, Plan, PlayerPopularity};
use workload::hokm::popularity::Skew;
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
        schema: plan.data.schema.clone(),
        seed: plan.seed,
        run: plan.data.run.clone(),
        keep_data: plan.data.keep_data,
        pipeline: plan.pipeline,
    })
    .map_err(LoadError::workload("set the workload up"))
}

/// The game.
///
/// # Errors
/// The plan's numbers make no sense for it.
pub fn hokm(plan: &Plan, hokm: &plan::Hokm) -> Result<Hokm, LoadError> {
    let profile = HokmProfile {
        seats: hokm.concurrent_user_actions,
        read_write_ratio: hokm.read_write_ratio,
        transaction_size: hokm.transaction_size_range,
        batch_operation_probability: hokm.batch_operation_probability,
        complex_query_probability: hokm.complex_query_probability,
        data_volume_multiplier: hokm.data_volume_multiplier,
        tricks_to_win: hokm.tricks_to_win,
        hands_to_win: hokm.hands_to_win,
        abandon_rate: hokm.abandon_rate,
        player_skew: match hokm.player_popularity {
            PlayerPopularity::Zipf(exponent) => Skew::Zipf(exponent),
            PlayerPopularity::Even(_) => Skew::Uniform,
        },
        seed: plan.seed,
        run_prefix: plan.data.run.clone(),
        schema: plan.data.schema.clone(),
        schema_variant: hokm.schema_variant,
        keep_data: plan.data.keep_data,
        reuse_data: false,
    };
    Hokm::new(profile).map_err(LoadError::workload("set the workload up"))
}
