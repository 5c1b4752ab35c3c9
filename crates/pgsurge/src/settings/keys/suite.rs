//! A suite as a whole: which scenarios, where to, how long, and what to do when one fails.
//!
//! They belong to one command line, so no file can hold them.

use super::{Default, Flag, Key};
use crate::settings::takes::Takes;

/// Where the help lists them.
pub const SUITE_GROUP: &str = "Suite";

const fn flag(name: &'static str, placeholder: &'static str) -> Option<Flag> {
    Some(Flag { name, placeholder, group: SUITE_GROUP })
}

/// Which scenarios, and in which order.
pub static SCENARIOS: Key = Key {
    flag: flag("scenarios", "NAME"),
    default: Default::Follows("all that are enabled"),
    ..Key::new(
        "flags.scenarios",
        Takes::Text,
        "Run these scenarios, in this order, whether or not they are enabled",
    )
};

/// The folder of the suite.
pub static OUTPUT_DIR: Key = Key {
    flag: flag("output-dir", "FOLDER"),
    default: Default::Follows("<time>-suite in the output directory"),
    ..Key::new("flags.output_dir", Takes::Text, "Write the results of all scenarios here")
};

/// Minutes in seconds.
pub static TIME_SCALE: Key = Key {
    flag: flag("time-scale", "FACTOR"),
    default: Default::Is("1"),
    ..Key::new(
        "flags.time_scale",
        Takes::Number { min: 0.0001, max: 1.0 },
        "Multiply durations, stages and warm-ups, so that minutes run in seconds",
    )
};

/// Ending early.
pub static STOP_ON_FAILURE: Key = Key {
    flag: flag("stop-on-failure", ""),
    default: Default::Is("false"),
    ..Key::new(
        "flags.stop_on_failure",
        Takes::Switch,
        "Run no further scenario after one that did not pass",
    )
};

/// Telling somebody.
pub static ON_FAILURE: Key = Key {
    flag: flag("on-failure", "COMMAND"),
    ..Key::new(
        "flags.on_failure",
        Takes::Text,
        "Let sh run this after each scenario that did not pass, with PGSURGE_SCENARIO, \
         PGSURGE_RESULT, PGSURGE_VERDICT and PGSURGE_EXIT_CODE in its environment",
    )
};

/// Going on.
pub static RESUME: Key = Key {
    flag: flag("resume", ""),
    default: Default::Is("false"),
    ..Key::new(
        "flags.resume",
        Takes::Switch,
        "Go on with the suite in --output-dir: keep results of the same plan, run what is missing",
    )
};

/// All of them, in the order of the help.
pub(super) static ALL: &[&Key] =
    &[&SCENARIOS, &OUTPUT_DIR, &TIME_SCALE, &STOP_ON_FAILURE, &ON_FAILURE, &RESUME];
