//! What a scenario of a suite may set besides the keys of the load.

use super::{Default, Key};
use crate::settings::takes::Takes;

/// Whether it runs.
pub static ENABLED: Key = Key {
    default: Default::Is("true"),
    ..Key::new("test_scenarios.NAME.enabled", Takes::Switch, "Run it")
};
/// In the user's words.
pub static DESCRIPTION: Key =
    Key::new("test_scenarios.NAME.description", Takes::Text, "What it is for, for the report");
/// What makes it a migration.
pub static CONCURRENT_USERS: Key = Key::new(
    "test_scenarios.NAME.concurrent_users",
    Takes::Count { min: 1, max: super::MAX_CONNECTIONS },
    "Users of a migration under load",
);

/// All of them, in the order of the documentation.
pub(super) static ALL: &[&Key] = &[&ENABLED, &DESCRIPTION, &CONCURRENT_USERS];
