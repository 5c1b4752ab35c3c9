//! A suite as Markdown: the verdict, the scenarios side by side, what follows.

use super::table;
use crate::markdown::{cell, environment, grid, list, section, verdict_word};
use model::finding::Recommendation;
use model::suite::{Scenario, SuiteResult};
use model::units::{duration, several};
use std::fmt::Write as _;

/// The whole report.
pub fn render(suite: &SuiteResult) -> String {
    let mut out = String::new();
    head(&mut out, suite);
    section(&mut out, "Scenarios", &grid(&table::scenarios(suite)));
    section(&mut out, "What they are", &list(suite.scenarios.iter().map(described)));
    section(&mut out, "From one to the next", &grid(&table::degradation(suite)));
    section(&mut out, "What the workloads measured of their own", &grid(&table::own(suite)));
    section(&mut out, "What follows", &list(suite.recommendations.iter().map(recommended)));
    if let Some(first) = &suite.environment {
        section(&mut out, "Environment", &environment(first));
    }
    out
}

fn head(out: &mut String, suite: &SuiteResult) {
    let (outcome, code) = (verdict_word(suite.verdict.outcome), suite.verdict.exit_code);
    // Writing to a String can't fail, here and below.
    let _ok = write!(out, "# Suite: {outcome}\n\n{}. Exit code {code}.\n", summary(suite));
    if !suite.verdict.reasons.is_empty() {
        let _ok = write!(out, "\n{}", list(suite.verdict.reasons.iter().map(|it| cell(it))));
    }
}

/// The suite in one sentence.
pub(super) fn summary(suite: &SuiteResult) -> String {
    let all = &suite.test_summary;
    let rare = [(all.could_not_start, "could not start"), (all.not_run, "not run")];
    let mut parts = vec![
        several(all.scenarios, "scenario"),
        format!("{} finished", all.finished),
        format!("{} passed", all.passed),
    ];
    parts.extend(rare.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")));
    if all.time_scale < 1.0 {
        parts.push(format!("time scale {}", all.time_scale));
    }
    if all.interrupted {
        parts.push("interrupted".to_owned());
    }
    parts.join(", ")
}

fn described(scenario: &Scenario) -> String {
    let what = scenario.description.as_ref().map(|it| format!(" {}.", cell(it)));
    let files = scenario.result_file.as_ref().map(|it| format!(" Result: `{}`.", cell(it)));
    let why =
        scenario.reason.as_ref().map(|it| format!(" {}: {}.", table::outcome(scenario), cell(it)));
    format!(
        "`{}`:{} {} planned.{}{}",
        cell(&scenario.name),
        what.unwrap_or_default(),
        duration(scenario.duration_s),
        files.unwrap_or_default(),
        why.unwrap_or_default()
    )
}

fn recommended(it: &Recommendation) -> String {
    let priority = it.priority.name();
    let (category, why, what) = (&it.category, cell(&it.rationale), cell(&it.recommendation));
    format!("**{}** ({priority}): {why}. To do: {what}.", cell(category))
}
