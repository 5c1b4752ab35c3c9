//! What we count is what the server counts, text by text: set-up, warm-up and clean-up included.

use crate::database::Database;
use crate::running::Load;
use model::run_result::RunResult;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

/// A text with its parameters and constants taken out, as neither side writes them like the
/// other: the server replaces constants, the simple protocol writes values with their types.
fn shape(sql: &str) -> String {
    let (mut shape, mut rest) = (String::new(), sql);
    while let Some(next) = rest.chars().next() {
        let constant = match next {
            '\'' => 1 + rest[1..].find('\'').map_or(rest.len() - 1, |end| end + 1),
            '$' => 1 + digits(&rest[1..]),
            '0'..='9' if !shape.ends_with(is_of_word) => digits(rest),
            _ => 0,
        };
        if constant == 0 {
            shape.push(next);
            rest = &rest[next.len_utf8()..];
            continue;
        }
        shape.push('?');
        rest = rest[constant..].trim_start_matches(|it: char| it == '.' || it.is_ascii_digit());
        if let Some(cast) = rest.strip_prefix("::") {
            rest = cast.trim_start_matches(is_of_word).trim_start_matches("[]");
        }
    }
    shape.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Asserts that both have counted the same.
#[track_caller]
fn agree(what: &str, ours: &BTreeMap<String, u64>, theirs: &BTreeMap<String, u64>) {
    let differ = ours.iter().filter(|(shape, count)| theirs.get(*shape) != Some(*count));
    let told =
        differ.map(|(shape, count)| format!("{count}, not {:?}: {shape}", theirs.get(shape)));
    let told: Vec<String> = told.collect();
    assert!(told.is_empty(), "{what}: ours, not theirs\n{}", told.join("\n"));
    assert!(ours.values().sum::<u64>() > 100, "{what}: too few statements ran");
}

/// Successful executions by shape, as the result has them.
fn ours(result: &RunResult) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for statement in result.load_metrics.statements.values() {
        let answered = statement.totals.session_count - statement.totals.session_failed;
        *counts.entry(shape(&statement.sql)).or_default() += answered;
    }
    counts
}

/// The same as the server has them, for the shapes that we know.
fn theirs(database: &Database, known: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let mut counts: BTreeMap<String, u64> = known.keys().map(|it| (it.clone(), 0)).collect();
    for (text, calls) in database.calls() {
        counts.entry(shape(&text)).and_modify(|count| *count += calls);
    }
    counts
}

/// Asserts that `result` and the server have counted the same in a database that nobody else used.
#[track_caller]
pub fn agree_on(what: &str, result: &RunResult, database: &Database) {
    let ours = ours(result);
    agree(what, &ours, &theirs(database, &ours));
}

/// A run in a database that nobody else uses, tables made and dropped by it.
fn agrees(workload: &str, protocol: &str) -> RunResult {
    // Two tests may want the same.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("counts_{workload}_{protocol}_{number}").replace(['-', '@', ','], "_");
    let database = Database::new(&name);
    let load = match workload {
        _ if workload.starts_with("hokm") => {
            Load::hokm(&database.url()).args("--qps-target 0").args("--workload").args(workload)
        }
        _ => Load::at(&database.url()).args("--rate 300").args("--workload").args(workload),
    };
    // The monitor's own statements are no part of it.
    let load = if protocol == "prepared" { load.watched() } else { load };
    let ended =
        load.args("--connections 4 --duration 2s --warm-up 1s --protocol").args(protocol).run();
    let result = ended.result();
    let load = &result.load_metrics;
    assert_eq!(load.connections.lost, 0, "not a run without faults");
    assert!(load.verification.as_ref().is_some_and(|it| it.passed), "{:?}", load.verification);
    agree_on(&name, &result, &database);
    assert!(load.all_statements.session_count > load.all_statements.count, "no warm-up counted");
    result
}

fn agrees_in_every_protocol(workload: &str) {
    for protocol in ["simple", "extended", "prepared"] {
        agrees(workload, protocol);
    }
}

#[test]
fn the_games_statements_are_counted_as_the_server_counts_them() {
    let result = agrees("hokm", "prepared");
    let used = result.load_metrics.statements.values().filter(|it| it.totals.session_count > 0);
    assert!(used.count() >= 15, "too few statements ran to show anything");
}

#[test]
fn the_games_statements_are_counted_as_the_server_counts_them_when_parsed_each_time() {
    agrees("hokm", "simple");
    agrees("hokm", "extended");
}

#[test]
fn select_only_is_counted_as_the_server_counts_it() {
    agrees_in_every_protocol("select-only");
}

#[test]
fn simple_update_is_counted_as_the_server_counts_it() {
    agrees_in_every_protocol("simple-update");
}

#[test]
fn tpcb_like_is_counted_as_the_server_counts_it() {
    agrees_in_every_protocol("tpcb-like");
}

/// How often each action of a result began, warm-up aside.
fn scheduled(result: &RunResult, action: &str) -> f64 {
    result.load_metrics.actions[action].scheduled as f64
}

#[test]
fn a_mix_of_the_game_and_a_script_is_counted_and_verified_part_by_part() {
    let result = agrees("hokm@3,select-only@1", "prepared");
    assert_eq!(result.test_summary.workload, "hokm@3,select-only@1");
    let versions: Vec<&String> = result.environment.workloads.keys().collect();
    assert_eq!(versions, ["hokm", "select-only"]);
    let load = &result.load_metrics;
    assert!(load.games.as_ref().is_some_and(|it| it.started > 0), "games are played: {load:?}");
    let checks = &load.verification.as_ref().unwrap().checks;
    let alone = |workload| agrees(workload, "extended").load_metrics.verification.unwrap().checks;
    let of_parts = alone("hokm").len() + alone("select-only").len();
    assert_eq!(checks.len(), of_parts, "each part checks what it checks alone: {checks:?}");
    let share = scheduled(&result, "select_only") / load.all_actions.scheduled as f64;
    assert!((0.2..0.3).contains(&share), "a quarter of all actions, not {share}");
}

#[test]
fn pgbenchs_scripts_mix_on_the_same_tables_by_weight() {
    let result = agrees("tpcb-like@2,select-only@8", "prepared");
    let (writes, reads) = (scheduled(&result, "tpcb_like"), scheduled(&result, "select_only"));
    let share = writes / (writes + reads);
    assert!((0.13..0.27).contains(&share), "two of ten, not {share}");
}

#[test]
fn the_shape_of_a_text_does_not_depend_on_who_wrote_its_values() {
    let texts = [
        "select e.a::text from e where b = $1 and s in ('x', 'y') limit 10",
        "select e.a::text from e where b = 'it::s'::jsonb and s in ($2, $3)\n limit $4",
    ];
    assert_eq!(shape(texts[0]), "select e.a::text from e where b = ? and s in (?, ?) limit ?");
    assert_eq!(shape(texts[0]), shape(texts[1]));
    assert_ne!(shape(texts[0]), shape("select e.a1::text from e"));
}
