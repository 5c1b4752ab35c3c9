//! The documents that are made from the program itself: `docs/cli.md` and `docs/settings.md`.
//!
//! A test compares them with the files and says how to renew them, so they are never stale.

use super::command;
use crate::registry::Registry;
use crate::settings::keys::{self, Default, Key, SECTIONS};
use std::fmt::Write;

/// `docs/cli.md`: the help of every verb.
pub fn cli() -> String {
    let mut text = String::from(
        "# Commands\n\nMade from the program's own help; `UPDATE_DOCS=1 cargo test -p pgsurge` \
         renews it.\n",
    );
    let mut root = command(&Registry::built_in()).term_width(100);
    root.build();
    append_help(&mut text, "pgsurge", &mut root.clone());
    for verb in root.get_subcommands_mut().filter(|it| it.get_name() != "help") {
        let name = format!("pgsurge {}", verb.get_name());
        append_help(&mut text, &name, verb);
    }
    text
}

fn append_help(text: &mut String, name: &str, command: &mut clap::Command) {
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!("\n## `{name}`\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
}

/// `docs/settings.md`: every setting with its names, range, default and meaning.
pub fn settings() -> String {
    let mut text = String::from(SETTINGS_INTRODUCTION);
    section(&mut text, "The top level", TOP_LEVEL, "");
    for (name, meaning) in SECTIONS {
        section(&mut text, &format!("`{name}`"), meaning, name);
    }
    text.push_str(SETTINGS_END);
    text
}

const SETTINGS_INTRODUCTION: &str = "\
# Settings

Made from the program's own table of settings; `UPDATE_DOCS=1 cargo test -p pgsurge` renews it.

A setting can stand in a file (`--config FILE`, JSON or TOML by its ending), in the environment
(`PGSURGE_` and the flag's name: `--qps-target` is `PGSURGE_QPS_TARGET`) or on the command line.
Flags beat environment, environment beats file, file beats defaults. `--print-plan` shows what
holds, and who said so. All faults are told at once, before anything starts.

JSON has no comments, so a key `//` is one, wherever it stands and whatever its value.

Durations read `90s`, `15m`, `1h30m`, `500ms`. `null` is the same as leaving a setting out, except
for a rate (as fast as possible) and a threshold (no limit).

One of `queries_per_second_target`, `rate` and `stages` decides how fast: the one that the strongest
giver names. `stages` also says how long the run takes. A setting that means nothing for a run (a
think time beside a rate, a scale for the game) is refused as a flag and warned about elsewhere.
";

const TOP_LEVEL: &str =
    "These settings of the load and the report may also stand outside a section.";

const SETTINGS_END: &str = "
Any setting of `load_profile` may stand in a scenario too. `pgsurge suite` runs scenarios: what the
file says of one beats what is built in, and that beats what the file says of loads in general. A load
test checks scenarios and runs none of them.

## Which server

libpq's environment (`PGHOST`, `PGSERVICE`, `PGPASSWORD`, `PGSSLMODE` …) and `~/.pgpass` fill in what
flags, environment and file leave open. A server is named by a URL, a host, a port, a database or a
user of ours, or by `PGHOST`, `PGHOSTADDR`, `PGPORT`, `PGSERVICE` or `PGDATABASE`; named by none of
them, a run starts a throwaway server and removes it at its end.
";

fn section(text: &mut String, title: &str, meaning: &str, section: &str) {
    let scenarios = section == "test_scenarios";
    let keys: Vec<&Key> =
        if scenarios { keys::scenario_keys().collect() } else { keys::all().collect() };
    let in_section = |path: &&str| scenarios || keys::section_of(path) == section;
    let rows = keys.into_iter().filter(|key| key.in_files()).filter_map(|key| {
        let names: Vec<String> = key
            .paths()
            .filter(in_section)
            .map(|path| format!("`{}`", keys::name_of(path)))
            .collect();
        (!names.is_empty()).then(|| (names.join(", "), key))
    });
    let _ = writeln!(text, "\n## {title}\n\n{meaning}\n");
    text.push_str("| key | flag | takes | default | meaning |\n| --- | --- | --- | --- | --- |\n");
    for (names, key) in rows {
        let flag = key.flag.map_or(String::new(), |it| format!("`--{}`", it.name));
        let default = match key.default {
            Default::Is(text) => format!("`{text}`"),
            Default::Number(number) => format!("`{number}`"),
            Default::Follows(words) => words.to_owned(),
        };
        let row = [names, flag, key.takes.expected(), default, key.meaning.to_owned()]
            .map(|cell| escape(&cell));
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
}

/// Text that stays in its cell and is no HTML.
fn escape(cell: &str) -> String {
    cell.replace('|', "\\|").replace('<', "&lt;")
}
