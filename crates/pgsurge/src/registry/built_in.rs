//! The workloads that come with the program.

use super::{Family, Making};
use crate::settings::keys;
use model::plan::{Plan, PlayerPopularity};
use workload::hokm::popularity::Skew;
use workload::hokm::{Hokm, HokmProfile};
use workload::pgbench::{Pgbench, PgbenchOptions, Script};
use workload::{Error, Part};

/// The game.
pub(super) fn hokm() -> Family {
    Family {
        names: vec![("hokm".to_owned(), "a server of the Hokm card game".to_owned())],
        keys: keys::PROFILE,
        keys_are: "only the hokm workload knows it",
        why_no_pipeline: |_| {
            Some("the game's statements already travel together where they need no earlier answer")
        },
        is_built_in: true,
        make: Box::new(|making| Ok(Part::of(Hokm::new(hokm_profile(making))?))),
    }
}

fn hokm_profile(making: &Making<'_>) -> HokmProfile {
    let plan = making.plan();
    let common = HokmProfile {
        seed: plan.seed,
        run_prefix: plan.data.run.clone(),
        schema: plan.data.schema.clone(),
        keep_data: plan.data.stays(),
        reuse_data: plan.data.reuse_data,
        ..HokmProfile::default()
    };
    let Some(hokm) = &plan.workload.profile.hokm else { return common };
    HokmProfile {
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
        schema_variant: hokm.schema_variant,
        ..common
    }
}

/// pgbench's scripts.
pub(super) fn pgbench() -> Family {
    let about = |script| match script {
        Script::SelectOnly => "pgbench's: one SELECT by key",
        Script::SimpleUpdate => "pgbench's: tpcb-like without its hot rows",
        Script::TpcbLike => "pgbench's: five statements in a transaction",
    };
    Family {
        names: Script::ALL.map(|it| (it.name().to_owned(), about(it).to_owned())).into(),
        keys: keys::PGBENCH,
        keys_are: "only pgbench's workloads have a scale; data_volume_multiplier is the size of \
                   the game's tables",
        why_no_pipeline: |name| {
            let is_one = Script::parse(name) == Some(Script::SelectOnly);
            is_one.then_some("its actions have one statement")
        },
        is_built_in: true,
        make: Box::new(|making| scripts(making.plan(), making).map(Part::of)),
    }
}

fn scripts(plan: &Plan, making: &Making<'_>) -> Result<Pgbench, Error> {
    let script = |name| Script::parse(name).ok_or_else(|| unknown(name));
    let scripts = making.parts().iter().map(|it| Ok((script(&it.name)?, it.weight)));
    Pgbench::new(PgbenchOptions {
        scripts: scripts.collect::<Result<_, Error>>()?,
        scale: plan.workload.profile.pgbench.as_ref().map_or(1, |it| it.scale),
        schema: plan.data.schema.clone(),
        seed: plan.seed,
        run: plan.data.run.clone(),
        keep_data: plan.data.stays(),
        reuse_data: plan.data.reuse_data,
        pipeline: plan.pipeline,
    })
}

fn unknown(name: &str) -> Error {
    Error::Settings(format!("pgbench has no script \"{name}\""))
}
