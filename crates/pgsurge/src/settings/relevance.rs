//! Settings that mean nothing for this run: a fault where they were typed for it, else a warning.
//!
//! A file or an environment serves many runs, so what is there may well be for another one. A flag
//! is for this one: if it has no effect, somebody expects something that won't happen.

use super::fault::Fault;
use super::keys::{self, Key};
use super::layer::{Given, Layers};
use crate::registry::Registry;
use model::plan::{Part, Protocol, Shape, Target};

/// Adds a fault or a warning for every setting that was given and does nothing.
pub fn judge(
    layers: &Layers,
    (registry, mix): (&Registry, &[Part]),
    (shape, target): (&Shape, &Target),
    faults: &mut Vec<Fault>,
    warnings: &mut Vec<String>,
) {
    let pacing: (&[&Key], &str) = match shape {
        Shape::Open { .. } => (
            &[&keys::THINK_TIME],
            "users pause only in a closed loop, and a rate says when actions start; \
             --qps-target 0 is a closed loop",
        ),
        Shape::Closed { .. } => (
            &[&keys::ARRIVALS, &keys::MAX_BACKLOG],
            "a closed loop has no schedule; give it a rate with --rate, --qps-target or --stages",
        ),
    };
    let keeping: (&[&Key], &str) = match target {
        Target::Throwaway => {
            (&[&keys::KEEP_DATA], "a throwaway server goes with all that is in it; name a server")
        }
        Target::Server(_) => (&[], ""),
    };
    let logs = layers.given(&keys::LOG).is_some() || layers.switch(&keys::INCLUDE_RAW_DATA);
    let sampling: (&[&Key], &str) = match logs {
        true => (&[], ""),
        false => (&[&keys::SAMPLING_RATE], "there is no action log; --log names one"),
    };
    let aborting: (&[&Key], &str) = match layers.switch(&keys::ABORT_ON_THRESHOLD) {
        true => (&[], ""),
        false => (&[&keys::ABORT_GRACE], "no limit ends the run; --abort-on-threshold lets them"),
    };
    let idle_families = registry.families().filter(|it| !Registry::plays(it, mix));
    let working = idle_families.map(|it| (it.keys, it.keys_are));
    let options: (&[&Key], &str) = match super::workload::has_options(registry, mix) {
        true => (&[], ""),
        false => (&[&keys::WORKLOAD_OPTION], "the workloads that are built in have no options"),
    };
    for (idle, why) in [pacing, keeping, sampling, aborting, options].into_iter().chain(working) {
        for given in idle.iter().filter_map(|key| layers.given(key)) {
            tell(given, why, faults, warnings);
        }
    }
}

/// Whether statements are to travel together; a fault where they can't, and as above where there
/// is nothing to gain.
pub fn pipeline(
    layers: &Layers,
    (registry, mix, protocol): (&Registry, &[Part], Protocol),
    faults: &mut Vec<Fault>,
    warnings: &mut Vec<String>,
) -> bool {
    let Some(given) = layers.given(&keys::PIPELINE).filter(|_| layers.switch(&keys::PIPELINE))
    else {
        return false;
    };
    if protocol == Protocol::Simple {
        let words = "the simple protocol answers one statement before it takes the next; \
                     --protocol extended or prepared can send several";
        faults.push(Fault::new(given.source.clone(), words.to_owned()));
    }
    // One part that gains something is enough.
    let mut reasons = mix.iter().map(|part| registry.why_no_pipeline(&part.name));
    if let Some(Some(why)) = reasons.next()
        && reasons.all(|it| it.is_some())
    {
        tell(given, why, faults, warnings);
    }
    true
}

fn tell(given: &Given, why: &str, faults: &mut Vec<Fault>, warnings: &mut Vec<String>) {
    let words = format!("has no effect in this run: {why}");
    if given.source.is_flag() {
        faults.push(Fault::new(given.source.clone(), words));
    } else {
        warnings.push(format!("{}: {words}", given.source));
    }
}
