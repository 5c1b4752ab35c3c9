//! From what was typed, set and filed to the plans of a suite.
//!
//! Each scenario is a plan of its own: flags beat environment, that beats what the file says of the
//! scenario, that the scenario as it is built in, and only then comes what the file says of loads in
//! general. All faults of all scenarios are told together, each once.

pub mod builtin;
mod log;
mod selection;

use super::fault::{Fault, Faults};
use super::file::{self, Filed, FiledScenario};
use super::keys::{self, Key};
use super::layer::{Given, Layers};
use super::resolve::{Resolved, settle};
use super::source::Source;
use super::typed::{self, Typed};
use super::value::Value;
use crate::surroundings::Surroundings;
use builtin::Builtin;
use model::plan::run_name;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::macros::format_description;

/// The name of the suite's own files.
pub const SUITE: &str = "suite";
/// Settings that scenarios differ in, or that end before a load: for a suite they make no sense.
static OF_SCENARIOS: [&Key; 5] =
    [&keys::CONNECTIONS, &keys::DURATION, &keys::USER_STAGES, &keys::OUTPUT, &keys::INIT_ONLY];
/// A measured time below this is one that nothing can be said of.
const SHORTEST: Duration = Duration::from_millis(100);

/// A suite, settled.
#[derive(Debug)]
pub struct ResolvedSuite {
    /// Its scenarios, in the order in which they run.
    pub scenarios: Vec<ResolvedScenario>,
    /// Where results go.
    pub folder: PathBuf,
    /// By how much durations are scaled.
    pub time_scale: f64,
    /// Whether a scenario that does not pass is the last one.
    pub stop_on_failure: bool,
    /// What runs after a scenario that did not pass.
    pub on_failure: Option<String>,
    /// Whether finished results of the same plan are kept.
    pub resume: bool,
    /// Whether files that exist may be replaced.
    pub force: bool,
    /// Whether the seed was asked for, rather than drawn.
    pub seed_given: bool,
    /// What is odd and stops nothing.
    pub warnings: Vec<String>,
}

/// A scenario, settled.
#[derive(Debug)]
pub struct ResolvedScenario {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it does.
    pub what: Planned,
}

/// What a scenario does.
#[derive(Debug)]
pub enum Planned {
    /// A load test.
    Load(Box<Resolved>),
    /// A migration under load, which this version can't run.
    Migration {
        /// Its users.
        users: u64,
        /// Its measured time, scaled.
        duration: Duration,
    },
}

/// Whether a suite has a flag for a setting.
pub fn takes(key: &Key) -> bool {
    !OF_SCENARIOS.iter().any(|it| std::ptr::eq(*it, key))
}

/// Settles everything that was typed, set and filed, or says everything that is wrong with it.
///
/// # Errors
/// All faults at once.
pub fn resolve(
    typed: &[Typed],
    file: Option<&str>,
    surroundings: &Surroundings,
) -> Result<ResolvedSuite, Faults> {
    let (flags, mut faults) = typed::flags(typed);
    let (mut environment, more) = typed::environment(&surroundings.environment);
    faults.extend(more);
    let (filed, more) = file.map(file::read).unwrap_or_default();
    faults.extend(more);
    let mut warnings = typed::strangers(&surroundings.environment);
    for idle in OF_SCENARIOS.iter().filter_map(|key| environment.remove(key)) {
        warnings.push(format!("{}: has no effect in a suite of scenarios", idle.source));
    }
    let common = Layers(vec![flags, environment, filed.layer.clone()]);
    let folder = folder(&common, surroundings, &mut faults);
    let names = selection::names(&common, &filed.scenarios, &mut faults);
    let mut settler = Settler { common: &common, filed: &filed, surroundings, folder: &folder };
    let mut told = Told::default();
    let scenarios: Vec<ResolvedScenario> =
        names.iter().map(|name| settler.scenario(name, &mut told)).collect();
    told.settle(&mut faults, &mut warnings);
    if !faults.is_empty() {
        return Err(Faults(faults));
    }
    Ok(ResolvedSuite {
        scenarios,
        time_scale: time_scale(&common),
        stop_on_failure: common.switch(&keys::STOP_ON_FAILURE),
        on_failure: common.text(&keys::ON_FAILURE),
        resume: common.switch(&keys::RESUME),
        force: common.switch(&keys::FORCE),
        seed_given: common.given(&keys::SEED).is_some(),
        warnings,
        folder,
    })
}

fn time_scale(layers: &Layers) -> f64 {
    layers.number(&keys::TIME_SCALE).unwrap_or(1.0)
}

/// The folder of the suite; one that holds another suite is a fault.
fn folder(layers: &Layers, surroundings: &Surroundings, faults: &mut Vec<Fault>) -> PathBuf {
    let resume = layers.given(&keys::RESUME).filter(|_| layers.switch(&keys::RESUME));
    let Some(given) = layers.given(&keys::OUTPUT_DIR) else {
        if let Some(resume) = resume {
            let words = "which suite is to go on? name its folder with --output-dir";
            faults.push(Fault::new(resume.source.clone(), words));
        }
        let form = format_description!("[year][month][day]T[hour][minute][second]Z");
        let stamp = surroundings.now.format(form);
        let stamp = stamp.unwrap_or_else(|_| surroundings.random.to_string());
        let above = layers.text(&keys::OUTPUT_DIRECTORY).unwrap_or_default();
        return Path::new(&above).join(format!("{stamp}-suite"));
    };
    let folder = PathBuf::from(given.value.to_string());
    let mut fault = |words: String| faults.push(Fault::new(given.source.clone(), words));
    let existing = folder.join(format!("{SUITE}.json"));
    if folder.exists() && !folder.is_dir() {
        fault(format!("expected a folder, found the file {}", folder.display()));
    } else if existing.exists() && resume.is_none() && !layers.switch(&keys::FORCE) {
        let existing = existing.display();
        fault(format!("{existing} exists; --resume goes on with it, --force replaces it"));
    }
    folder
}

/// What scenarios are settled from.
struct Settler<'a> {
    common: &'a Layers,
    filed: &'a Filed,
    surroundings: &'a Surroundings,
    folder: &'a Path,
}

impl Settler<'_> {
    fn scenario(&mut self, name: &str, told: &mut Told) -> ResolvedScenario {
        let filed = self.filed.scenarios.iter().find(|it| it.name == name);
        let builtin = Builtin::of(name);
        let layers = self.layers(name, filed, builtin);
        let description = layers.text(&keys::DESCRIPTION);
        let migration = layers.given(&keys::CONCURRENT_USERS);
        if let (Some(users), Some(connections)) = (
            filed.and_then(|it| it.layer.find(&keys::CONCURRENT_USERS)),
            filed.and_then(|it| it.layer.find(&keys::CONNECTIONS)),
        ) {
            let words = format!("a scenario of users is a migration: {} says so", users.source);
            told.fault(name, Fault::new(connections.source.clone(), words));
        }
        let factor = time_scale(self.common);
        let what = match migration.map(|it| &it.value) {
            Some(Value::Count(users)) => Planned::Migration {
                users: *users,
                duration: layers.span(&keys::DURATION).unwrap_or_default().mul_f64(factor),
            },
            _ => Planned::Load(Box::new(self.load(name, layers, told))),
        };
        ResolvedScenario { name: name.to_owned(), description, what }
    }

    fn load(&self, name: &str, layers: Layers, told: &mut Told) -> Resolved {
        let factor = time_scale(self.common);
        let source = self.common.source(&keys::TIME_SCALE);
        let (mut resolved, faults) = settle(layers, self.surroundings);
        faults.into_iter().for_each(|fault| told.fault(name, fault));
        resolved.warnings.drain(..).for_each(|warning| told.warning(name, warning));
        if factor < 1.0 {
            resolved.plan = resolved.plan.scaled(factor);
            resolved.sources.retain(|(path, _)| path != "time_scale");
            resolved.sources.push(("time_scale".to_owned(), source.to_string()));
            if resolved.plan.duration < SHORTEST {
                let seconds = resolved.plan.duration.as_secs_f64();
                let words = format!("leaves {seconds} s of measured time: expected at least 0.1 s");
                told.fault(name, Fault::new(source, words));
            }
        }
        // Each scenario is a run of its own: its rows must not meet those of another.
        let second = self.surroundings.now.unix_timestamp().unsigned_abs();
        let random = self.surroundings.random.wrapping_add(told.plans as u64);
        if !resolved.plan.data.reuse_data {
            resolved.plan.data.run = run_name(second, random);
        }
        told.plans += 1;
        resolved
    }

    fn layers(
        &self,
        name: &str,
        filed: Option<&FiledScenario>,
        builtin: Option<&Builtin>,
    ) -> Layers {
        let [mut flags, mut environment, mut file] =
            [0, 1, 2].map(|rank| self.common.0[rank].clone());
        for layer in [&mut flags, &mut environment, &mut file] {
            log::of_scenario(layer, name, self.folder);
        }
        let own = filed.map(|it| it.layer.clone()).unwrap_or_default();
        let mut built_in = builtin.map(Builtin::layer).unwrap_or_default();
        // Stages say how long a run takes, and those of users how many there are: who asked for
        // them did not ask for what is built in.
        let asked = |key| self.common.given(key).or(own.find(key)).is_some();
        if asked(&keys::USER_STAGES) {
            built_in.remove(&keys::CONNECTIONS);
        }
        if asked(&keys::STAGES) || asked(&keys::USER_STAGES) {
            built_in.remove(&keys::DURATION);
        }
        flags.push(Given {
            key: &keys::OUTPUT,
            value: Value::Text(self.folder.join(format!("{name}.json")).display().to_string()),
            source: match self.common.given(&keys::OUTPUT_DIR) {
                Some(given) => given.source.clone(),
                None => Source::Derived("a folder of its own for each suite".to_owned()),
            },
        });
        if self.common.switch(&keys::RESUME) && !self.common.switch(&keys::FORCE) {
            // Which of the files that exist are kept is decided once the plans are known.
            let source = self.common.source(&keys::RESUME);
            flags.push(Given { key: &keys::FORCE, value: Value::Switch(true), source });
        }
        Layers(vec![flags, environment, own, built_in, file])
    }
}

/// What is to be said of several scenarios, once where it is the same for all.
#[derive(Default)]
struct Told {
    plans: usize,
    faults: Vec<(Fault, Vec<String>)>,
    warnings: Vec<(String, Vec<String>)>,
}

impl Told {
    fn fault(&mut self, scenario: &str, fault: Fault) {
        add(&mut self.faults, fault, scenario);
    }

    fn warning(&mut self, scenario: &str, warning: String) {
        add(&mut self.warnings, warning, scenario);
    }

    fn settle(self, faults: &mut Vec<Fault>, warnings: &mut Vec<String>) {
        let whose = |of: &[String]| match of.len() == self.plans {
            true => String::new(),
            false => format!(" (in {})", of.join(", ")),
        };
        faults.extend(self.faults.iter().map(|(fault, of)| {
            Fault::new(fault.source.clone(), format!("{}{}", fault.message, whose(of)))
        }));
        warnings.extend(self.warnings.iter().map(|(text, of)| format!("{text}{}", whose(of))));
    }
}

fn add<T: PartialEq>(all: &mut Vec<(T, Vec<String>)>, told: T, scenario: &str) {
    match all.iter_mut().find(|(it, _)| *it == told) {
        Some((_, of)) => of.push(scenario.to_owned()),
        None => all.push((told, vec![scenario.to_owned()])),
    }
}
