//! `--create-config`: a settings file that explains itself and runs as it is.
//!
//! Made from the table of settings, so it is never stale. TOML has comments; JSON has none, and our
//! reader takes the key `//` for one. Only what nearly everybody changes is set; limits that may
//! not be measurable stay comments, because one that somebody sets and nobody can measure leaves a
//! verdict open.

use crate::error::Error;
use crate::load::place;
use crate::settings::keys::{self, Key};
use crate::settings::suite::builtin;
use crate::settings::value::Value;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::Path;

/// What is set in the file; every other setting is only explained. A file that names a server runs
/// nowhere else, so none of `database` is here.
const SET: [&str; 19] = [
    "load_profile.concurrent_connections",
    "load_profile.queries_per_second_target",
    "load_profile.duration_minutes",
    "load_profile.read_write_ratio",
    "load_profile.transaction_size_range",
    "load_profile.batch_operation_probability",
    "load_profile.complex_query_probability",
    "load_profile.concurrent_user_actions",
    "load_profile.data_volume_multiplier",
    "performance_thresholds.max_avg_response_time_ms",
    "performance_thresholds.max_p95_response_time_ms",
    "performance_thresholds.max_p99_response_time_ms",
    "performance_thresholds.max_avg_query_time_ms",
    "performance_thresholds.max_p95_query_time_ms",
    "performance_thresholds.max_error_rate_percent",
    "performance_thresholds.max_connection_failure_rate_percent",
    "reporting.output_directory",
    "reporting.generate_summary",
    "reporting.include_raw_data",
];
/// The sections, in their order.
const SECTIONS: [&str; 4] = ["database", "load_profile", "performance_thresholds", "reporting"];
const SCENARIOS: &str = "test_scenarios";
const ABOUT: &str = "Settings of pgsurge; docs/settings.md lists all of them with their ranges. \
                     Naming no server, this file runs on a throwaway one.";

/// Writes it; what exists is replaced with `force`.
///
/// # Errors
/// The name ends in neither format, the file exists, or it can't be written.
pub fn write(path: &Path, force: bool) -> Result<(), Error> {
    let ending = path.extension().and_then(|it| it.to_str()).map(str::to_ascii_lowercase);
    let text = match ending.as_deref() {
        Some("toml") => toml(),
        Some("json") => json(),
        _ => {
            let words = "--create-config: expected a name that ends in .json or .toml, found";
            return Err(Error::Usage(format!("{words} {}", path.display())));
        }
    };
    place(path, force, |out| out.write_all(text.as_bytes())).map_err(|source| {
        match source.kind() == ErrorKind::AlreadyExists {
            true => Error::Usage(format!("{} exists; --force replaces it", path.display())),
            false => Error::Write { path: path.to_owned(), source },
        }
    })
}

/// The settings of a section: all that a file may hold.
fn of(section: &str) -> impl Iterator<Item = &'static Key> + '_ {
    keys::all().filter(move |key| key.in_files() && keys::section_of(key.path) == section)
}

/// The value to set, as both formats write it; none where it is only explained.
fn set(key: &Key) -> Option<String> {
    let value = SET.contains(&key.path).then(|| key.default_value()).flatten()?;
    Some(literal(key, &value))
}

fn literal(key: &Key, value: &Value) -> String {
    match value {
        Value::Span(span) if key.name().ends_with("_minutes") => {
            (span.as_secs_f64() / 60.0).to_string()
        }
        Value::Count(_) | Value::Number(_) | Value::Switch(_) | Value::CountRange(..) => {
            value.to_string()
        }
        other => quoted(&other.to_string()),
    }
}

/// A text as JSON; TOML reads it the same.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn explained(key: &Key) -> String {
    let default = match key.default {
        keys::Default::Is(text) => text.to_owned(),
        keys::Default::Number(number) => number.to_string(),
        keys::Default::Follows(words) => words.to_owned(),
    };
    format!("{}: {} (default: {default})", key.meaning, key.takes.expected())
}

/// The settings of a built-in scenario, as both formats write them.
fn scenario(scenario: &builtin::Builtin) -> [(&'static str, String); 4] {
    let users = if scenario.migration { "concurrent_users" } else { "concurrent_connections" };
    [
        ("enabled", scenario.enabled.to_string()),
        (users, scenario.connections.to_string()),
        ("duration_minutes", scenario.minutes.to_string()),
        ("description", quoted(scenario.description)),
    ]
}

fn toml() -> String {
    let mut text = format!("# {ABOUT}\n");
    for section in SECTIONS {
        let (_, meaning) =
            keys::SECTIONS.iter().find(|(name, _)| *name == section).unwrap_or(&("", ""));
        // Writing to a String can't fail, here and below.
        let _ok = write!(text, "\n# {meaning}\n[{section}]\n");
        for key in of(section) {
            let _ok = writeln!(text, "# {}", explained(key));
            let _ok = match set(key) {
                Some(value) => writeln!(text, "{} = {value}", key.name()),
                None => writeln!(text, "# {} = …", key.name()),
            };
        }
    }
    let _ok = writeln!(text, "\n# {}", about_scenarios());
    for it in &builtin::ALL {
        let _ok = writeln!(text, "\n[{SCENARIOS}.{}]", it.name);
        for (name, value) in scenario(it) {
            let _ok = writeln!(text, "{name} = {value}");
        }
    }
    text
}

fn about_scenarios() -> &'static str {
    "The scenarios of a suite. Each may set anything of load_profile for itself; a name of your own \
     is a further one."
}

fn json() -> String {
    let mut text = format!("{{\n  \"//\": {},\n", quoted(ABOUT));
    for section in SECTIONS {
        let comments: Vec<String> = of(section)
            .map(|key| format!("      {}: {}", quoted(key.name()), quoted(&explained(key))))
            .collect();
        let mut entries = vec![format!("    \"//\": {{\n{}\n    }}", comments.join(",\n"))];
        entries.extend(of(section).filter_map(|key| {
            set(key).map(|value| format!("    {}: {value}", quoted(key.name())))
        }));
        let _ok = writeln!(text, "  {}: {{\n{}\n  }},", quoted(section), entries.join(",\n"));
    }
    let mut scenarios = vec![format!("    \"//\": {}", quoted(about_scenarios()))];
    scenarios.extend(builtin::ALL.iter().map(|it| {
        let entries = scenario(it).map(|(name, value)| format!("{}: {value}", quoted(name)));
        format!("    {}: {{ {} }}", quoted(it.name), entries.join(", "))
    }));
    let _ok = write!(text, "  {}: {{\n{}\n  }}\n}}\n", quoted(SCENARIOS), scenarios.join(",\n"));
    text
}
