//! `docs/diagnosis.md`: each rule, how its condition was made, whether it was seen, and how often it
//! was seen where it was not.

use crate::scene::{Outcome, Place};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const INTRO: &str = "\
# Diagnosis

How the rules are held to account. Each condition is made on a real server while a load runs; the
rule has to see it, its numbers have to agree with what the test measured by other means (within 10 %
where both count, mostly to the last one; within 5 to 35 % where both sample; within 60 % where
the wait is one of milliseconds for a disk or a latch), and no other rule may fire above low severity
unless what it says is true as well. `make test-diagnosis` plays all scenes (about twelve minutes, on
a machine that does nothing else); with `UPDATE_DOCS=1` it renews this file.

*Leads*: it is the first of the findings, and the primary bottleneck where it can limit. *Found*: it
is among them. *False alarms*: scenes of others in which it fired above low severity without being
true there. Two are not counted: `dominant_statement`, for a scene is a load of one statement, and
`cpu_stolen`, which the test can't keep from happening.
";

/// Holds the document to what was seen, or renews it. Returns what is wrong with it.
pub fn hold(outcomes: &[Outcome]) -> Option<String> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnosis.md");
    let text = render(outcomes);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
        return None;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = judged(&written) != judged(&text);
    differs.then(|| format!("{} is not what was seen:\n{text}", path.display()))
}

fn render(outcomes: &[Outcome]) -> String {
    let of_rules = outcomes.iter().filter_map(|it| Some((it, it.scene.rule?)));
    let mut text =
        format!("{INTRO}\n| rule | made by | detected | false alarms | what it said |\n");
    text.push_str("| --- | --- | --- | --- | --- |\n");
    for (outcome, (rule, place)) in of_rules {
        let found = outcome.findings.iter().find(|it| it.code == rule);
        let detected = match (found, place, &outcome.failure) {
            (None, ..) => "**no**",
            (_, _, Some(_)) => "**not as it should**",
            (_, Place::Leads, None) => "leads",
            (_, Place::Found, None) => "found",
        };
        let title = found.map_or("", |it| it.title.as_str());
        let name = outcome.scene.name;
        let alarms = false_alarms(outcomes, rule);
        let alarms = format!("{alarms} of {}", outcomes.len() - 1);
        text.push_str(&format!("| `{rule}` | {name} | {detected} | {alarms} | {title} |\n"));
    }
    text.push_str("\n## Loads that nothing is wrong with\n\n| load | false alarms |\n");
    text.push_str("| --- | --- |\n");
    for outcome in outcomes.iter().filter(|it| it.scene.rule.is_none()) {
        let alarms = &outcome.false_alarms;
        let told = if alarms.is_empty() { "none".to_owned() } else { alarms.join(", ") };
        text.push_str(&format!("| {} | {told} |\n", outcome.scene.name));
    }
    let seen: BTreeSet<&str> =
        outcomes.iter().filter_map(|it| it.scene.rule).map(|(rule, _)| rule).collect();
    let rest = analyze::rule_codes().filter(|it| !seen.contains(it));
    let rest: Vec<String> = rest.map(|it| format!("`{it}`")).collect();
    text.push_str("\n## Rules without a scene\n\nHeld to account by unit tests alone: ");
    text.push_str(&format!("{}.\n", rest.join(", ")));
    text
}

fn false_alarms(outcomes: &[Outcome], rule: &str) -> usize {
    outcomes.iter().filter(|it| it.false_alarms.iter().any(|code| code == rule)).count()
}

/// All but the figures, which differ from run to run: they stand in the last column of what is
/// said of a rule.
fn judged(text: &str) -> Vec<&str> {
    let last_column = |line: &str| line.trim_end_matches([' ', '|']).rfind(" | ");
    let line = |line: &'_ str| match line.strip_prefix("| `") {
        Some(_) => last_column(line).unwrap_or(line.len()),
        None => line.len(),
    };
    text.lines().map(|it| &it[..line(it)]).collect()
}
