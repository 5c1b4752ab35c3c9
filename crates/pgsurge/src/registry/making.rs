//! What a factory of a workload is handed: the plan's numbers, the run's name, and the options
//! that only the workload itself understands.

use model::plan::{Part, Plan};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use workload::own_tables::Fate;
use workload::{Error, OwnTables};

/// What a workload is made of.
pub struct Making<'a> {
    plan: &'a Plan,
    parts: &'a [Part],
    known: BTreeSet<String>,
    faults: Vec<Error>,
}

impl<'a> Making<'a> {
    pub(super) fn new(plan: &'a Plan, parts: &'a [Part]) -> Making<'a> {
        Making { plan, parts, known: BTreeSet::new(), faults: Vec::new() }
    }

    /// The seed of all randomness.
    pub fn seed(&self) -> u64 {
        self.plan.seed
    }

    /// What the keys of this run's rows begin with: letters and digits, another for every run.
    pub fn run_prefix(&self) -> &str {
        &self.plan.data.run
    }

    /// The schema of the tables; none for the search path.
    pub fn schema(&self) -> Option<&str> {
        self.plan.data.schema.as_deref()
    }

    /// Whether what the run makes is to stay.
    pub fn keep_data(&self) -> bool {
        self.plan.data.stays()
    }

    /// Whether the rows of an earlier run of this name are to be used, and to stay.
    pub fn reuse_data(&self) -> bool {
        self.plan.data.reuse_data
    }

    /// Whether the user wants statements to travel together where they need no earlier answer.
    pub fn pipeline(&self) -> bool {
        self.plan.pipeline
    }

    /// How many connections there will be, each with a player.
    pub fn connections(&self) -> u32 {
        self.plan.connections
    }

    /// The option `name` (`--workload-option NAME=VALUE`), or `default` where nobody gave it. A
    /// value that can't be read is a fault, told with all others.
    pub fn option<T: FromStr<Err: Display>>(&mut self, name: &str, default: T) -> T {
        self.known.insert(name.to_owned());
        let Some(text) = self.plan.workload.profile.options.get(name) else { return default };
        match text.parse() {
            Ok(value) => value,
            Err(cause) => {
                let words = format!("the workload's option {name}={text}: {cause}");
                self.faults.push(Error::Settings(words));
                default
            }
        }
    }

    /// The option `name` as [`Making::option`] reads it, within `range`.
    pub fn number<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr<Err: Display> + PartialOrd + Display + Copy,
    {
        let value = self.option(name, default);
        if range.contains(&value) {
            return value;
        }
        let (low, high) = (range.start(), range.end());
        let words = format!("the workload's option {name}={value}: expected {low} to {high}");
        self.faults.push(Error::Settings(words));
        default
    }

    /// Tables that this run makes for itself alone; they go after it, or stay if the user wants
    /// that.
    pub fn tables(&self) -> OwnTables {
        let fate = match (self.reuse_data(), self.keep_data()) {
            (true, _) => Fate::Reused,
            (false, true) => Fate::Kept,
            (false, false) => Fate::Dropped,
        };
        OwnTables::new(self.run_prefix(), self.schema(), fate)
    }

    /// The whole plan.
    pub(super) fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The family's parts of the mix.
    pub(super) fn parts(&self) -> &'a [Part] {
        self.parts
    }

    /// The options that were asked for, and what was wrong with them.
    pub(super) fn finish(self) -> (BTreeSet<String>, Vec<Error>) {
        (self.known, self.faults)
    }
}

/// Options that no workload of the mix asked for.
pub(super) fn strangers(plan: &Plan, known: &BTreeSet<String>) -> Vec<Error> {
    let options = plan.workload.profile.options.keys();
    let stranger = |name: &String| {
        let near = crate::settings::nearest(name, known.iter().map(String::as_str));
        let hint = match (near, known.is_empty()) {
            (Some(near), _) => format!("did you mean {near}?"),
            (None, true) => "it has none".to_owned(),
            (None, false) => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                format!("its options are {}", known.join(", "))
            }
        };
        let workload = &plan.workload.name;
        Error::Settings(format!("workload {workload} has no option {name}; {hint}"))
    };
    options.filter(|it| !known.contains(*it)).map(stranger).collect()
}
