//! Which results of an earlier start count: finished ones of the very plan that would run.
//!
//! A result of another plan is never mixed with new ones: that is a fault, or with `--force` the
//! scenario runs again. An interrupted one runs again as well.

use super::remains;
use crate::error::Error;
use crate::load::{LoadError, place};
use crate::messages::Messages;
use crate::saved::{Rendering, Saved};
use crate::settings::source::Source;
use crate::settings::suite::{Planned, ResolvedSuite};
use crate::settings::{Fault, Faults, keys};
use model::plan::{Format, Plan};
use model::run_result::{RunResult, redact};
use report::terminal::Style;
use serde_json::Value;
use std::path::Path;

/// Parts of a plan that decide nothing about what is measured.
const UNIMPORTANT: [&str; 2] = ["output", "progress_s"];
/// How many differences between two plans a message lists.
const MOST: usize = 3;

/// A result that counts.
pub(super) struct Kept {
    /// Whose.
    pub(super) scenario: String,
    /// The result.
    pub(super) result: RunResult,
}

/// The results that count. A seed that nobody gave becomes that of the results that are there, so
/// that the rest of the suite gets the same wishes; files that a killed program left half-made are
/// completed or removed.
pub(super) fn kept(suite: &mut ResolvedSuite, messages: &Messages) -> Result<Vec<Kept>, Error> {
    let mut kept = Vec::new();
    let (mut faults, mut again) = (Vec::new(), Vec::new());
    let fault = |words: String| Fault::new(Source::Flag(keys::RESUME.called()), words);
    for scenario in &suite.scenarios {
        let Planned::Load(resolved) = &scenario.what else { continue };
        let (name, plan) = (scenario.name.as_str(), &resolved.plan);
        match found(plan, suite.seed_given) {
            Found::Nothing => {}
            Found::Interrupted => {
                messages.info(&format!("{name} was interrupted: it runs again"));
            }
            Found::Finished(result) => {
                messages.info(&format!("{name}: kept, it has a result"));
                complete(plan)?;
                remains::of_finished(plan, &result, name, messages)?;
                kept.push(Kept { scenario: scenario.name.clone(), result: *result });
                continue;
            }
            Found::Unusable(why) if suite.force => {
                messages.warn(&format!("{name}: {why}: it runs again"));
            }
            Found::Unusable(why) => {
                let words = format!(
                    "{name}: {why}; --force runs it again, another --output-dir leaves it alone"
                );
                faults.push(fault(words));
                continue;
            }
        }
        again.push((name, plan));
    }
    if !suite.force {
        let logs = again.iter().filter_map(|(name, plan)| remains::foreign_log(plan, name));
        faults.extend(logs.map(fault));
    }
    if !faults.is_empty() {
        return Err(Faults(faults).into());
    }
    // Only now, for a suite that is refused changes nothing.
    for (name, plan) in again {
        remains::set_aside(plan, name, messages)?;
    }
    let seed = kept.first().and_then(|it| it.result.plan["seed"].as_u64());
    if let Some(seed) = seed.filter(|_| !suite.seed_given) {
        let loads = suite.scenarios.iter_mut().filter_map(|it| match &mut it.what {
            Planned::Load(resolved) => Some(&mut resolved.plan),
            Planned::Migration { .. } => None,
        });
        loads.for_each(|plan| plan.seed = seed);
    }
    Ok(kept)
}

/// What there is of a scenario.
enum Found {
    Nothing,
    Interrupted,
    Finished(Box<RunResult>),
    Unusable(String),
}

fn found(plan: &Plan, seed_matters: bool) -> Found {
    let path = &plan.output.path;
    if !path.exists() {
        return Found::Nothing;
    }
    let result = match read(path) {
        Ok(result) => result,
        Err(why) => return Found::Unusable(why),
    };
    let differences = differences(plan, &result, seed_matters);
    if !differences.is_empty() {
        let shown = differences.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
        let more = match differences.len().saturating_sub(MOST) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        return Found::Unusable(format!(
            "{} belongs to another plan ({shown}{more})",
            path.display()
        ));
    }
    match result.test_summary.interrupted {
        true => Found::Interrupted,
        false => Found::Finished(Box::new(result)),
    }
}

/// Reads the result of a scenario, all but its series.
pub(super) fn read(path: &Path) -> Result<RunResult, String> {
    let saved = Saved::open(path).map_err(|e| e.to_string())?;
    saved.run().ok_or_else(|| format!("{} is no result of a load test", path.display()))
}

/// Makes the files of a saved result that are missing: a program that is killed while it saves
/// leaves the result whole, and the rest perhaps not.
fn complete(plan: &Plan) -> Result<(), Error> {
    let output = &plan.output;
    for (format, path) in output.files().into_iter().filter(|(_, path)| !path.exists()) {
        let saved = Saved::open(&output.path)?;
        let rendering = match format {
            Format::Json => Rendering::Json,
            Format::Markdown => Rendering::Markdown,
            Format::Csv if path == output.series_csv() => Rendering::SeriesCsv,
            Format::Csv => Rendering::Csv,
        };
        place(&path, false, |out| saved.render(rendering, Style::default(), out))
            .map_err(LoadError::output_of("--output-dir", &path))?;
    }
    Ok(())
}

/// Each value that differs, as `connections: 20 there, 30 here`.
fn differences(plan: &Plan, result: &RunResult, seed_matters: bool) -> Vec<String> {
    // Through text, as the saved one has gone: numbers that print the same are the same.
    let text = serde_json::to_string(plan).unwrap_or_default();
    let mut here: Value = serde_json::from_str(&text).unwrap_or_default();
    redact(&mut here);
    let mut there = result.plan.clone();
    for side in [&mut here, &mut there] {
        let Some(fields) = side.as_object_mut() else { continue };
        UNIMPORTANT.iter().for_each(|it| {
            fields.remove(*it);
        });
        if let Some(data) = fields.get_mut("data").and_then(Value::as_object_mut) {
            // Each run has a name of its own.
            data.remove("run");
        }
        if !seed_matters {
            fields.remove("seed");
        }
    }
    let mut all = Vec::new();
    differ("", &there, &here, &mut all);
    all
}

fn differ(path: &str, there: &Value, here: &Value, all: &mut Vec<String>) {
    match (there, here) {
        (Value::Object(a), Value::Object(b)) => {
            let names = a.keys().chain(b.keys().filter(|it| !a.contains_key(*it)));
            for name in names {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                differ(&path, &there[name], &here[name], all);
            }
        }
        (a, b) if a == b => {}
        (a, b) => all.push(format!("{path}: {} there, {} here", shown(a), shown(b))),
    }
}

/// A value on a line of its own message.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plans_differ_by_their_values_wherever_they_stand() {
        let mut all = Vec::new();
        let there = json!({ "connections": 20, "shape": { "loop": "closed" }, "old": 1 });
        let here = json!({ "connections": 30, "shape": { "loop": "open", "unit": "actions" } });
        differ("", &there, &here, &mut all);
        all.sort();
        let told = [
            "connections: 20 there, 30 here",
            "old: 1 there, nothing here",
            "shape.loop: closed there, open here",
            "shape.unit: nothing there, actions here",
        ];
        assert_eq!(all, told);
    }
}
