//! Every setting there is: its name, what it takes, its default, its flag and its meaning.
//!
//! The one source of flags and their help, of what a settings file may hold, of the nearest name
//! for a slip, of defaults, and of `docs/settings.md`. A setting that is not here does not exist.

mod attending;
mod data;
mod database;
mod game;
mod load;
mod monitor;
mod reporting;
mod scenarios;
mod suite;
mod thresholds;

pub use attending::*;
pub use data::*;
pub use database::*;
pub use game::*;
pub use load::*;
pub use monitor::*;
pub use reporting::*;
pub use scenarios::{CONCURRENT_USERS, DESCRIPTION, ENABLED};
pub use suite::*;
pub use thresholds::{ABORT_GRACE, ABORT_ON_THRESHOLD, THRESHOLD};

use super::takes::Takes;
use super::value::Value;

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its place in a settings file: section, dot, name; no section at the top level.
    pub path: &'static str,
    /// Other places of the same setting.
    pub aliases: &'static [&'static str],
    /// The flag that sets it; none where only a file can.
    pub flag: Option<Flag>,
    /// Its type and range.
    pub takes: Takes,
    /// What holds when nobody sets it.
    pub default: Default,
    /// What `null` says.
    pub null: Null,
    /// What it does, imperative or noun, no full stop.
    pub meaning: &'static str,
}

/// A setting on the command line.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its long name without dashes.
    pub name: &'static str,
    /// What stands for its value in the help; empty for a switch.
    pub placeholder: &'static str,
    /// Where the help lists it.
    pub group: &'static str,
}

/// What holds when nobody sets a setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// This value, as text that the key's type reads.
    Is(&'static str),
    /// This number.
    Number(f64),
    /// Something that follows from elsewhere, in words for a reader.
    Follows(&'static str),
}

/// What `null` says in a settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Null {
    /// The same as nothing.
    Unset,
    /// Switched off.
    Off,
}

impl Key {
    /// A setting of the file alone; the parts that differ are set with the struct update syntax.
    const fn new(path: &'static str, takes: Takes, meaning: &'static str) -> Key {
        Key {
            path,
            aliases: &[],
            flag: None,
            takes,
            default: Default::Follows("none"),
            null: Null::Unset,
            meaning,
        }
    }

    /// The last part of its path.
    pub fn name(&self) -> &'static str {
        name_of(self.path)
    }

    /// The variable of the environment that sets it.
    pub fn variable(&self) -> Option<String> {
        self.flag.map(|it| variable_of(it.name))
    }

    /// How a message speaks of it: by its flag where it has one.
    pub fn called(&self) -> String {
        match self.flag {
            Some(flag) => format!("--{}", flag.name),
            None => self.path.to_string(),
        }
    }

    /// Its default as a value; none where it follows from elsewhere.
    pub fn default_value(&self) -> Option<Value> {
        match self.default {
            Default::Is(text) => self.takes.read_text(text),
            Default::Number(number) => Some(Value::Number(number)),
            Default::Follows(_) => None,
        }
    }

    /// Every place in a file.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.path).chain(self.aliases.iter().copied())
    }

    /// Whether it is about a suite as a whole.
    pub fn is_of_suites(&self) -> bool {
        self.flag.is_some_and(|it| it.group == SUITE_GROUP)
    }

    /// Whether a settings file may hold it: a flag about this one run belongs to no file.
    pub fn in_files(&self) -> bool {
        !self.path.starts_with("flags.")
    }
}

/// The sections of a settings file and what they are for, in the order of the documentation.
pub const SECTIONS: [(&str, &str); 6] = [
    ("database", "The server under load. Named nowhere, it is a throwaway one."),
    ("redis", "The Redis server that a migration starts from. A load test leaves it alone."),
    ("load_profile", "The load."),
    ("performance_thresholds", "The limits that the verdict is made of; `null` drops a limit."),
    ("test_scenarios", "Named plans for a suite, NAME → settings."),
    ("reporting", "Where results go and what is in them."),
];

/// The section of a path; empty at the top level.
pub fn section_of(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(section, _)| section)
}

/// The last part of a path.
pub fn name_of(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, name)| name)
}

/// The variable of a flag.
pub fn variable_of(flag: &str) -> String {
    format!("PGSURGE_{}", flag.to_ascii_uppercase().replace('-', "_"))
}

/// Every setting.
pub fn all() -> impl Iterator<Item = &'static Key> {
    let load = [load::ALL, attending::ALL, monitor::ALL, data::ALL, game::ALL];
    let other = [database::ALL, reporting::ALL, suite::ALL];
    let written = load.into_iter().chain(other).flatten().copied();
    written.chain(thresholds::all()).chain(thresholds::OTHER.iter().copied())
}

/// The setting at a path of a settings file.
pub fn at(path: &str) -> Option<&'static Key> {
    all().find(|key| key.in_files() && key.paths().any(|it| it == path))
}

/// What a scenario may set: anything of the load, and a few things of its own.
pub fn in_scenario(name: &str) -> Option<&'static Key> {
    scenarios::ALL.iter().copied().find(|key| key.name() == name).or_else(|| {
        ["load_profile.", ""].iter().find_map(|section| at(&format!("{section}{name}")))
    })
}

/// The settings of scenarios alone.
pub fn scenario_keys() -> impl Iterator<Item = &'static Key> {
    scenarios::ALL.iter().copied()
}

/// The thresholds.
pub fn thresholds() -> impl Iterator<Item = &'static Key> {
    thresholds::all()
}

#[cfg(test)]
mod tests;
