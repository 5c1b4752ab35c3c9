//! A plan for `--print-plan`: every value of it, and where it came from.
//!
//! The names are those of the plan in a result file, and the rows are made from that very JSON, so
//! nothing of a plan can be missing here.

use crate::settings::Resolved;
use serde_json::{Value, json};

/// One value of a plan.
struct Row {
    path: String,
    value: String,
    source: String,
}

/// The plan as a table with three columns.
pub fn table(resolved: &Resolved) -> String {
    let rows = rows(resolved);
    let widest = |cell: fn(&Row) -> &str| {
        rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0)
    };
    let (first, second) = (widest(|row| &row.path), widest(|row| &row.value).min(48));
    let line = |path: &str, value: &str, source: &str| {
        format!("{path:<first$}  {value:<second$}  {source}").trim_end().to_owned() + "\n"
    };
    let mut text = line("setting", "value", "from");
    rows.iter().for_each(|row| text.push_str(&line(&row.path, &row.value, &row.source)));
    text
}

/// The plan as JSON, with the sources and warnings beside it.
pub fn json(resolved: &Resolved) -> String {
    format!("{:#}\n", value(resolved))
}

/// The same as a value.
pub fn value(resolved: &Resolved) -> Value {
    let sources: serde_json::Map<String, Value> =
        rows(resolved).into_iter().map(|row| (row.path, Value::String(row.source))).collect();
    json!({
        "plan": resolved.plan,
        "sources": sources,
        "warnings": resolved.warnings,
    })
}

fn rows(resolved: &Resolved) -> Vec<Row> {
    // A plan is numbers, words and lists of them: nothing that JSON can't say.
    let plan = serde_json::to_value(&resolved.plan).unwrap_or_default();
    let mut leaves = Vec::new();
    flatten("", &plan, &mut leaves);
    let source = |path: &str| {
        let covers = |of: &str| path == of || path.starts_with(&format!("{of}."));
        let covering = resolved.sources.iter().filter(|(of, _)| covers(of));
        covering.max_by_key(|(of, _)| of.len()).map_or(String::new(), |(_, it)| it.clone())
    };
    leaves.into_iter().map(|(path, value)| Row { source: source(&path), value, path }).collect()
}

/// Every value of a tree that is no table, by its path; a threshold and a workload by its name.
fn flatten(path: &str, value: &Value, leaves: &mut Vec<(String, String)>) {
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(&below(name), value, leaves));
        }
        Value::Array(items) if path == "thresholds" => {
            for item in items {
                let name = item["name"].as_str().unwrap_or_default();
                leaves.push((below(name), item["limit"].to_string()));
            }
        }
        Value::Array(parts) if path == "workload.mix" => {
            for part in parts {
                let name = part["name"].as_str().unwrap_or_default();
                leaves.push((below(name), part["weight"].to_string()));
            }
        }
        Value::String(text) => leaves.push((path.to_owned(), text.clone())),
        Value::Null => leaves.push((path.to_owned(), "none".to_owned())),
        Value::Array(items) if items.is_empty() => {
            leaves.push((path.to_owned(), "none".to_owned()))
        }
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            leaves.push((path.to_owned(), words.join(", ")));
        }
        other => leaves.push((path.to_owned(), other.to_string())),
    }
}
