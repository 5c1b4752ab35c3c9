//! The tables and rows of a run: what a plan says of them, from layers of values.

use super::fault::Fault;
use super::keys::{self, Key};
use super::layer::Layers;
use super::source::Source;
use crate::surroundings::Surroundings;
use model::plan::{Data, Target, run_name};

/// Settles it, and who decided each part by its path in the plan; what contradicts itself is a
/// fault.
pub fn data(
    layers: &Layers,
    surroundings: &Surroundings,
    target: &Target,
    faults: &mut Vec<Fault>,
) -> (Data, Vec<(String, Source)>) {
    let second = surroundings.now.unix_timestamp().unsigned_abs();
    let reused = layers.text(&keys::REUSE_DATA);
    let init_only = layers.switch(&keys::INIT_ONLY);
    let run_source = match &reused {
        Some(_) => layers.source(&keys::REUSE_DATA),
        None => Source::Derived("the time, and four random digits".to_owned()),
    };
    let asked: [(&Key, bool); 2] =
        [(&keys::INIT_ONLY, init_only), (&keys::REUSE_DATA, reused.is_some())];
    for (key, _) in asked.iter().filter(|(_, on)| *on && *target == Target::Throwaway) {
        let words = "a throwaway server goes with all that is in it; name a server".to_owned();
        faults.push(Fault::new(layers.source(key), words));
    }
    if init_only && reused.is_some() {
        let words = "contradicts --reuse-data: rows are made, or those that are there are used";
        faults.push(Fault::new(layers.source(&keys::INIT_ONLY), words.to_owned()));
    }
    let source = |key| layers.source(key);
    let sources = vec![
        ("data.run".to_owned(), run_source),
        ("data.schema".to_owned(), source(&keys::SCHEMA)),
        ("data.init_only".to_owned(), source(&keys::INIT_ONLY)),
        ("data.reuse_data".to_owned(), source(&keys::REUSE_DATA)),
        ("data.keep_data".to_owned(), source(&keys::KEEP_DATA)),
    ];
    let data = Data {
        reuse_data: reused.is_some(),
        run: reused.unwrap_or_else(|| run_name(second, surroundings.random)),
        schema: layers.text(&keys::SCHEMA),
        init_only,
        keep_data: layers.switch(&keys::KEEP_DATA),
    };
    (data, sources)
}
