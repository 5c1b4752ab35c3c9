//! Watching the server and its host beside the load.

use super::{Default, Flag, Key};
use crate::settings::takes::Takes;

/// Whether anybody watches.
pub static MONITOR: Key = Key {
    flag: Some(Flag { name: "monitor", placeholder: "on|off", group: "Client" }),
    default: Default::Is("on"),
    ..Key::new(
        "load_profile.monitor",
        Takes::Switch,
        "Watch the server and its host while load runs, over a connection of its own",
    )
};

/// Who tells of the server's host.
pub static NODE_EXPORTER: Key = Key {
    flag: Some(Flag { name: "node-exporter", placeholder: "URL", group: "Client" }),
    ..Key::new(
        "load_profile.node_exporter",
        Takes::Text,
        "Ask the node_exporter at http://HOST[:PORT][/PATH] once a second what the server's host \
         does; without one a server on another machine has no CPU, memory, disk and network in the \
         result",
    )
};

/// The most CPUs that a server is believed to have.
const MOST_CPUS: u64 = 4096;

/// What nobody can tell of a server on another machine.
pub static SERVER_CPUS: Key = Key {
    flag: Some(Flag { name: "server-cpus", placeholder: "N", group: "Client" }),
    ..Key::new(
        "load_profile.server_cpus",
        Takes::Count { min: 1, max: MOST_CPUS },
        "CPUs that the server may use, for one on another machine or in a container: by default \
         those of this machine where it runs here, and those that its node_exporter tells",
    )
};

/// Whose console tells of the pooler.
pub static POOLER_ADMIN: Key = Key {
    flag: Some(Flag { name: "pooler-admin", placeholder: "URL", group: "Client" }),
    ..Key::new(
        "load_profile.pooler_admin",
        // It may hold a password.
        Takes::Secret,
        "Ask the console of the PgBouncer at postgres://user@host:port who waits for a server \
         connection; without it a PgBouncer that the load goes through is asked as the load's user",
    )
};

/// All of them, in the order of the documentation.
pub(super) static ALL: &[&Key] = &[&MONITOR, &NODE_EXPORTER, &SERVER_CPUS, &POOLER_ADMIN];
