//! Which workloads a run is made of, and the numbers that are theirs.
//!
//! What there is to choose from is the registry's; here it is only looked up.

use super::fault::Fault;
use super::game;
use super::keys::{self, Key};
use super::layer::Layers;
use super::nearest::nearest;
use super::source::Source;
use crate::registry::Registry;
use ::workload::postgres::transaction_control;
use analyze::thresholds::Operations;
use model::plan::{Part, Pgbench, Plan, Profile, Workload};
use std::ptr;

/// The workloads, and who decided each part of them by its path in the plan.
pub fn workload(
    layers: &Layers,
    registry: &Registry,
    faults: &mut Vec<Fault>,
) -> (Workload, Vec<(String, Source)>) {
    let source = layers.source(&keys::WORKLOAD);
    let mix = layers.mix(&keys::WORKLOAD).unwrap_or_default();
    for words in wrong(&mix, registry) {
        faults.push(Fault::new(source.clone(), words));
    }
    let mut sources = vec![("workload".to_owned(), source)];
    let mut used = |key: &Key, path: &str| {
        let families = registry.families().filter(|it| Registry::plays(it, &mix));
        let is_used = families.flat_map(|it| it.keys).any(|it| ptr::eq(*it, key));
        if is_used {
            let path = format!("workload.profile.{path}.{}", key.name());
            sources.push((path, layers.source(key)));
        }
        is_used
    };
    let scale = used(&keys::SCALE, "pgbench");
    let hokm = keys::PROFILE.iter().filter(|key| used(key, "hokm")).count() > 0;
    let profile = Profile {
        hokm: hokm.then(|| game::profile(layers)),
        pgbench: scale
            .then(|| Pgbench { scale: layers.small_count(&keys::SCALE).unwrap_or_default() }),
        ..Profile::default()
    };
    (Workload::of(mix, profile), sources)
}

/// What is wrong with the names of a mix.
fn wrong(mix: &[Part], registry: &Registry) -> Vec<String> {
    let names: Vec<&str> = registry.names().map(|(name, _)| name).collect();
    let unknown = mix.iter().filter(|part| !names.contains(&&*part.name)).map(|part| {
        let found = super::document::cut(&part.name);
        let near = nearest(&part.name, names.iter().copied());
        let near = near.map_or(String::new(), |it| format!("; did you mean {it}?"));
        format!("expected one of {}, found \"{found}\"{near}", names.join(", "))
    });
    let twice = mix.iter().enumerate().filter_map(|(index, part)| {
        let again = mix[..index].iter().any(|it| it.name == part.name);
        again.then(|| format!("{} is named twice; give it one weight", part.name))
    });
    unknown.chain(twice).collect()
}

/// Whether a workload of the mix has options of its own: only those that are not built in do.
pub fn has_options(registry: &Registry, mix: &[Part]) -> bool {
    registry.families().any(|it| !it.is_built_in && Registry::plays(it, mix))
}

/// Makes the workloads once, for what their factories say about the settings, and for the names
/// that limits may use. Nothing is kept: a factory touches nothing.
pub fn check(plan: &Plan, layers: &Layers, registry: &Registry, faults: &mut Vec<Fault>) {
    if !wrong(&plan.workload.mix, registry).is_empty() {
        // Nobody knows what the actions of a workload are called that there is none of.
        return;
    }
    match registry.mix(plan) {
        Ok(mix) => {
            let control = transaction_control().into_iter();
            let statements = control.chain(mix.statements()).map(|it| it.name.to_owned());
            let names = Operations { actions: mix.actions(), statements: statements.collect() };
            let unknown = plan.threshold_expressions.iter().filter_map(|text| {
                let threshold = analyze::thresholds::parse(text).ok()?;
                Some(format!("\"{text}\": {}", names.unknown(&threshold)?))
            });
            let source = layers.source(&keys::THRESHOLD);
            faults.extend(unknown.map(|words| Fault::new(source.clone(), words)));
        }
        // What a factory thinks of numbers that are wrong already helps nobody.
        Err(_) if !faults.is_empty() => {}
        Err(refused) => {
            let given = layers.source(&keys::WORKLOAD_OPTION);
            let source = if given.is_given() { given } else { layers.source(&keys::WORKLOAD) };
            faults.extend(refused.iter().map(|it| Fault::new(source.clone(), it.to_string())));
        }
    }
}
