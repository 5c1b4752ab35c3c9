//! Finds the number at a place of a result (`load_metrics.all_actions.response_time_ms.p99`), or
//! says why there is none.

use super::{names, nearest_of};
use serde_json::Value;

/// What is at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// A number.
    Number(f64),
    /// None, because.
    Absent(String),
}

/// From so many ended games up a completion rate says something: with fewer, one game moves it
/// by more than five points.
const ENOUGH_GAMES: u64 = 20;

/// The number at `path` of a result, given as a document.
pub fn find(document: &Value, path: &str) -> Place {
    if let Some(reason) = too_few_games(document, path) {
        return Place::Absent(reason);
    }
    let mut value = document;
    for name in path.split('.') {
        match value.get(name) {
            Some(inner) => value = inner,
            None => return Place::Absent(absent(document, path)),
        }
    }
    match value.as_f64() {
        Some(number) => Place::Number(number),
        None => Place::Absent(format!("{path} is not a number")),
    }
}

fn too_few_games(document: &Value, path: &str) -> Option<String> {
    if path != "load_metrics.games.completion_rate_percent" {
        return None;
    }
    let games = document.pointer("/load_metrics/games")?;
    let count = |name: &str| games.get(name).and_then(Value::as_u64).unwrap_or(0);
    let ended = count("completed") + count("abandoned");
    (ended < ENOUGH_GAMES)
        .then(|| format!("{ended} games ended in the measured time, {ENOUGH_GAMES} are needed"))
}

/// Why a section of the server's metrics holds no numbers, in its own words: those of the
/// innermost on the way.
fn reason_of(document: &Value, path: &str) -> Option<String> {
    let mut value = document;
    let mut reason = None;
    for name in path.split('.') {
        let Some(inner) = value.get(name) else { break };
        value = inner;
        reason = value.get("reason").and_then(Value::as_str).or(reason);
    }
    reason.map(str::to_owned)
}

/// What the schema says of a number that is not there, which most often says why.
fn untold(path: &str) -> String {
    match names::meaning(path) {
        Some(meaning) => format!("the result has no {path} ({})", meaning.trim_end_matches('.')),
        None => format!("the result has no {path}"),
    }
}

fn absent(document: &Value, path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        ["database_metrics", ..] if document.get("database_metrics").is_none() => {
            "the server's own statistics were not collected".to_owned()
        }
        ["database_metrics" | "system_metrics", ..]
            if let Some(reason) = reason_of(document, path) =>
        {
            reason
        }
        ["system_metrics", ..] if document.get("system_metrics").is_none() => {
            "the server's host was not watched".to_owned()
        }
        ["system_metrics", "server_processes", ..] => {
            "the server's processes are not on this machine, or can't be told apart".to_owned()
        }
        ["database_metrics" | "system_metrics", ..] => untold(path),
        ["load_metrics", "games", ..] => "the workload played no games".to_owned(),
        ["load_metrics", of @ ("actions" | "statements" | "custom"), name, ..]
            if document["load_metrics"][of].get(*name).is_none() =>
        {
            let names =
                document["load_metrics"][of].as_object().into_iter().flat_map(|it| it.keys());
            let near = match nearest_of(name, names.map(String::as_str)) {
                "" => String::new(),
                near => format!("; did you mean \"{near}\"?"),
            };
            format!("the workload has nothing called \"{name}\" among its {of}{near}")
        }
        ["load_metrics", .., time, _] if time.ends_with("_ms") => {
            "nothing was counted there".to_owned()
        }
        _ => untold(path),
    }
}
