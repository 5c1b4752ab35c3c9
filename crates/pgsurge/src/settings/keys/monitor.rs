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

/// All of them, in the order of the documentation.
pub(super) static ALL: &[&Key] = &[&MONITOR];
