//! The scenarios that every suite has unless a settings file says otherwise.

use crate::settings::keys;
use crate::settings::layer::{Given, Layer};
use crate::settings::source::Source;
use crate::settings::value::Value;
use std::time::Duration;

/// A scenario as it is built in.
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Connections; users where it is a migration.
    pub connections: u64,
    /// Measured time, minutes.
    pub minutes: u64,
    /// Whether it runs unless somebody says so.
    pub enabled: bool,
    /// Whether it is a migration under load.
    pub migration: bool,
    /// What it is for.
    pub description: &'static str,
}

const fn load(
    name: &'static str,
    connections: u64,
    minutes: u64,
    description: &'static str,
) -> Builtin {
    Builtin { name, connections, minutes, enabled: true, migration: false, description }
}

/// All of them, in the order in which they run.
pub const ALL: [Builtin; 6] = [
    load("baseline_performance", 20, 5, "What the server does at ease"),
    load("normal_load", 50, 10, "A usual day"),
    load("peak_load", 100, 15, "The busiest hour"),
    load("stress_test", 200, 20, "Beyond it: what gives first"),
    Builtin {
        migration: true,
        ..load("migration_load", 50, 10, "From Redis to PostgreSQL while users play")
    },
    Builtin { enabled: false, ..load("endurance_test", 75, 60, "What only shows after an hour") },
];

impl Builtin {
    /// The one of a name.
    pub fn of(name: &str) -> Option<&'static Builtin> {
        ALL.iter().find(|it| it.name == name)
    }

    /// Its values; stronger than what a file says of loads in general, weaker than what it says of
    /// this scenario.
    pub fn layer(&self) -> Layer {
        let source = Source::Derived(format!("the built-in scenario {}", self.name));
        let users = if self.migration { &keys::CONCURRENT_USERS } else { &keys::CONNECTIONS };
        let mut layer = Layer::default();
        for (key, value) in [
            (&keys::ENABLED, Value::Switch(self.enabled)),
            (&keys::DESCRIPTION, Value::Text(self.description.to_owned())),
            (users, Value::Count(self.connections)),
            (&keys::DURATION, Value::Span(Duration::from_secs(self.minutes * 60))),
        ] {
            layer.push(Given { key, value, source: source.clone() });
        }
        layer
    }
}
