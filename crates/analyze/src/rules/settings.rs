//! Settings whose numbers production would not give.

use super::origin::undo;
use super::{Rule, Ruling, again};
use crate::diagnosis::{Facts, Found, Missing, Role, said};
use model::finding::Severity;

/// The rules.
pub(super) const RULES: [Rule; 2] = [
    Rule {
        code: "not_production_like",
        category: "settings",
        source: "PostgreSQL manual, \"Write Ahead Log\"; pganalyze's check of fsync and Percona's \
                 postgresql_fsync",
        judge: not_production_like,
    },
    Rule {
        code: "distorting_settings",
        category: "settings",
        source: "PostgreSQL manual, \"Error Reporting and Logging\" and \"Planner Method \
                 Configuration\"; postgresqltuner",
        judge: distorting_settings,
    },
];

/// Settings that buy speed with safety, and what that means for the numbers.
const UNSAFE: [(&str, &str); 3] = [
    ("fsync", "no write waits for the disk"),
    ("full_page_writes", "the log is smaller than a safe server's"),
    ("synchronous_commit", "commits are answered before they are stored"),
];

/// G9: a server that is faster than a safe one could be.
fn not_production_like(facts: &Facts<'_>) -> Ruling {
    let known: Vec<_> = UNSAFE
        .iter()
        .filter_map(|(name, why)| Some((name, facts.setting(name).ok()?, why)))
        .collect();
    if known.is_empty() {
        return Err(Missing::because("the settings that decide durability were not read"));
    }
    let off: Vec<_> = known.iter().filter(|(_, value, _)| *value == "off").collect();
    if off.is_empty() {
        return Ok(None);
    }
    // Losing the last moments is a choice that some make; a database that a crash destroys is not.
    let unsafe_data = off.iter().any(|(name, ..)| **name != "synchronous_commit");
    let severity = if unsafe_data { Severity::High } else { Severity::Medium };
    let names: Vec<String> = off.iter().map(|(name, ..)| format!("{name} = off")).collect();
    let title = format!("faster than a safe server: {}", names.join(", "));
    let ways: Vec<String> = off.iter().map(|(name, ..)| undo(facts, name)).collect();
    Ok(Some(
        Found::new(severity, Role::Remark, title)
            .seen(off.iter().map(|(name, _, why)| said(format!("{name} is off: {why}"))))
            .because("what this run shows of changes and commits, a durable server can't hold")
            .advise(
                format!("{}; then run again, unless production has it so as well", ways.join("; ")),
                again("the check of the same name is ok"),
            ),
    ))
}

/// Settings that cost time in proportion to the load, as `SHOW` gives them.
const COSTLY: [(&str, &[&str], &str); 4] = [
    ("log_statement", &["all"], "every statement is written into the server's log"),
    ("log_min_duration_statement", &["0"], "every statement is written into the server's log"),
    ("log_duration", &["on"], "the time of every statement is written into the server's log"),
    ("debug_assertions", &["on"], "the server checks itself all the time: a build for developers"),
];
/// Ways of planning that a server may only be kept from for a trial.
const PLANNER: [&str; 9] = [
    "enable_bitmapscan",
    "enable_hashagg",
    "enable_hashjoin",
    "enable_indexonlyscan",
    "enable_indexscan",
    "enable_mergejoin",
    "enable_nestloop",
    "enable_seqscan",
    "enable_sort",
];

/// S12: settings that make the test another one.
fn distorting_settings(facts: &Facts<'_>) -> Ruling {
    let costly = COSTLY.iter().filter_map(|(name, values, why)| {
        let value = facts.setting(name).ok()?;
        Some((*name, value, values.contains(&value).then_some(*why)))
    });
    let why = "the planner is kept from a way that production has";
    let planner = PLANNER.iter().filter_map(|name| {
        let value = facts.setting(name).ok()?;
        Some((*name, value, (value == "off").then_some(why)))
    });
    let known: Vec<_> = costly.chain(planner).collect();
    if known.is_empty() {
        return Err(Missing::because("none of the settings that distort a test was read"));
    }
    let set = known.iter().filter_map(|(name, value, why)| Some((*name, *value, (*why)?)));
    let set: Vec<(&str, &str, &str)> = set.collect();
    if set.is_empty() {
        return Ok(None);
    }
    let ways: Vec<String> = set.iter().map(|(name, ..)| undo(facts, name)).collect();
    let names: Vec<String> =
        set.iter().map(|(name, value, _)| format!("{name} = {value}")).collect();
    let title = format!("a setting distorts the test: {}", names.join(", "));
    Ok(Some(
        Found::new(Severity::Medium, Role::Remark, title)
            .seen(set.iter().map(|(name, value, why)| said(format!("{name} = {value}: {why}"))))
            .because("the server does work, or avoids it, that production's settings would not")
            .advise(
                format!("{}; then run again", ways.join("; ")),
                again("pgsurge check says nothing of it any more"),
            ),
    ))
}
