//! The result: where it goes, and what of it.

use super::{Default, Flag, Key};
use crate::settings::span::Bare;
use crate::settings::takes::Takes;
use std::time::Duration;

const fn flag(name: &'static str, placeholder: &'static str) -> Option<Flag> {
    Some(Flag { name, placeholder, group: "Result" })
}

/// The file.
pub static OUTPUT: Key = Key {
    flag: flag("output", "FILE"),
    default: Default::Follows("<time>-load.json in the output directory"),
    ..Key::new(
        "reporting.output",
        Takes::Text,
        "Write the result here; other formats share its stem",
    )
};

/// The folder where no file is named.
pub static OUTPUT_DIRECTORY: Key = Key {
    default: Default::Is("pgsurge-results"),
    ..Key::new("reporting.output_directory", Takes::Text, "Folder of results that have no name")
};

/// The formats.
pub static FORMAT: Key = Key {
    aliases: &["reporting.format", "output_format"],
    flag: flag("format", "LIST"),
    default: Default::Follows("json,md"),
    ..Key::new(
        "reporting.formats",
        Takes::Choices(&["json", "md", "csv"]),
        "Formats of the result: json, md, csv; the JSON is always written",
    )
};

/// The Markdown.
pub static GENERATE_SUMMARY: Key = Key {
    default: Default::Is("true"),
    ..Key::new(
        "reporting.generate_summary",
        Takes::Switch,
        "Write the Markdown summary, unless --format says which formats there are",
    )
};

/// The charts.
pub static GENERATE_CHARTS: Key = Key {
    default: Default::Is("false"),
    ..Key::new("reporting.generate_charts", Takes::Switch, "Draw charts; there are none yet")
};

/// The raw data.
pub static INCLUDE_RAW_DATA: Key = Key {
    default: Default::Is("false"),
    ..Key::new(
        "reporting.include_raw_data",
        Takes::Switch,
        "Keep every operation for every second in the series, not only all of them together, and \
         write the action log",
    )
};

/// A line per action.
pub static LOG: Key = Key {
    flag: flag("log", "FILE"),
    default: Default::Follows("none; with include_raw_data the result's stem and .log"),
    ..Key::new(
        "reporting.log",
        Takes::Text,
        "Write one line per action here, as CSV: when, who, what, how it ended, how long; in a suite \
         a file for each scenario, FILE with its name before the ending, beside its result where FILE \
         names no folder",
    )
};

/// Of which actions.
pub static SAMPLING_RATE: Key = Key {
    flag: flag("sampling-rate", "SHARE"),
    default: Default::Is("1"),
    ..Key::new(
        "reporting.sampling_rate",
        Takes::Number { min: 0.000_001, max: 1.0 },
        "Share of actions that get a line in the log, chosen by the seed",
    )
};

/// What a person wants to find the run by.
pub static TAG: Key = Key {
    flag: flag("tag", "NAME=VALUE"),
    ..Key::new(
        "reporting.tags",
        Takes::Pairs("NAME=VALUE"),
        "Write this beside the run in its result; can be repeated",
    )
};

/// Overwriting. It belongs to one run, so no file can hold it.
pub static FORCE: Key = Key {
    flag: flag("force", ""),
    default: Default::Is("false"),
    ..Key::new(
        "flags.force",
        Takes::Switch,
        "Replace files of an earlier result; the record of a run without one is moved aside",
    )
};

/// How often progress is told.
pub static PROGRESS: Key = Key {
    flag: flag("progress", "TIME"),
    default: Default::Follows("1s on a terminal, else 10s"),
    ..Key::new(
        "load_profile.progress",
        Takes::Span { min: Duration::ZERO, max: Duration::from_secs(3600), bare: Bare::Seconds },
        "Tell progress this often; a number alone is seconds, 0 for never",
    )
};

/// All of them, in the order of the documentation.
pub(super) static ALL: &[&Key] = &[
    &OUTPUT,
    &OUTPUT_DIRECTORY,
    &FORMAT,
    &GENERATE_SUMMARY,
    &GENERATE_CHARTS,
    &INCLUDE_RAW_DATA,
    &LOG,
    &SAMPLING_RATE,
    &TAG,
    &FORCE,
    &PROGRESS,
];
