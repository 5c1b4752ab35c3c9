//! The limits of the verdict, and what a user writes beside a run.

use super::Resolver;
use crate::settings::fault::Fault;
use crate::settings::keys::{self, Key};
use model::plan::Limit;
use model::threshold;
use std::collections::BTreeMap;
use std::time::Duration;

impl Resolver<'_> {
    pub(super) fn thresholds(&mut self) -> Vec<Limit> {
        let mut limits = Vec::new();
        for (key, known) in keys::thresholds().zip(&threshold::KEYS) {
            let source = self.layers.source(key);
            self.note(&format!("thresholds.{}", known.name), source.clone());
            if let Some(limit) = self.layers.number(key) {
                let set_by_user = source.is_given();
                limits.push(Limit { name: known.name.to_owned(), limit, set_by_user });
            }
        }
        limits
    }

    pub(super) fn expressions(&mut self) -> Vec<String> {
        self.note("threshold_expressions", self.layers.source(&keys::THRESHOLD));
        let expressions = self.layers.texts(&keys::THRESHOLD);
        for error in expressions.iter().filter_map(|it| analyze::thresholds::parse(it).err()) {
            let words = format!("\"{}\": {}; {}", error.text, error.why, error.hint);
            self.faults.push(Fault::new(self.layers.source(&keys::THRESHOLD), words));
        }
        expressions
    }

    /// When limits begin to end the load, if they do. That must be before the measured time ends.
    pub(super) fn abort_grace(&mut self, duration: Duration) -> Option<Duration> {
        let aborts = self.layers.switch(&keys::ABORT_ON_THRESHOLD);
        let key = if aborts { &keys::ABORT_GRACE } else { &keys::ABORT_ON_THRESHOLD };
        self.note("abort_grace_s", self.layers.source(key));
        let grace = aborts.then(|| self.layers.span(&keys::ABORT_GRACE).unwrap_or_default())?;
        if grace >= duration {
            let [grace_s, whole_s] = [grace, duration].map(|it| it.as_secs_f64());
            let words = format!(
                "{} is not before the end of the measured time ({}): no limit could end the run; \
                 give a shorter --abort-grace",
                model::units::duration(grace_s),
                model::units::duration(whole_s)
            );
            self.faults.push(Fault::new(self.layers.source(&keys::ABORT_GRACE), words));
        }
        Some(grace)
    }

    /// Names with their texts, each name once.
    pub(super) fn pairs(&mut self, path: &str, key: &Key) -> BTreeMap<String, String> {
        self.note(path, self.layers.source(key));
        let mut all = BTreeMap::new();
        for (name, text) in self.layers.pairs(key) {
            if let Some(earlier) = all.insert(name.clone(), text) {
                let words = format!("{name} is given twice; the first is \"{earlier}\"");
                self.faults.push(Fault::new(self.layers.source(key), words));
            }
        }
        all
    }
}
