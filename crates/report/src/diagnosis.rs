//! What held the server back, as a reader wants it: a few lines on top, everything below.

use crate::markdown::{cell, grid, list, section};
use crate::table::Table;
use model::diagnosis::{Diagnosis, LatencyBudget};
use model::finding::{Finding, WHOLE_RUN};
use model::run_result::RunResult;
use model::units::{decimal, milliseconds, percent};
use std::fmt::Write as _;

/// A result that was saved before there was a diagnosis, or by another program.
const NOT_DIAGNOSED: &str = "not diagnosed: this result holds no findings";
/// Parts of the response time below this are not worth a word of the one line.
const SHOWN_PERCENT: f64 = 1.0;

/// What limits, in one line.
pub(crate) fn bottleneck(result: &RunResult) -> String {
    let Some(diagnosis) = &result.diagnosis else { return NOT_DIAGNOSED.to_owned() };
    match (&diagnosis.primary, &diagnosis.none_reason) {
        (Some(primary), _) => primary.title.clone(),
        (None, Some(reason)) => format!("none found: {reason}"),
        (None, None) => "none found".to_owned(),
    }
}

/// The findings that matter, at most `most`: what is merely worth knowing waits for the files.
pub(crate) fn findings(result: &RunResult, most: usize) -> Vec<&Finding> {
    let all = result.findings.as_deref().unwrap_or_default();
    all.iter().filter(|it| it.severity > model::finding::Severity::Low).take(most).collect()
}

/// Where the time of an action went, in one line; none where that is not known.
pub(crate) fn time(result: &RunResult) -> Option<String> {
    let budget = result.diagnosis.as_ref()?.budget.as_ref()?;
    let mut parts: Vec<_> =
        budget.parts.iter().filter(|it| it.share_percent >= SHOWN_PERCENT).collect();
    parts.sort_by(|a, b| b.share_percent.total_cmp(&a.share_percent));
    let parts = parts.iter().map(|it| format!("{} {}", named(&it.part), percent(it.share_percent)));
    let parts: Vec<String> = parts.collect();
    let doubt = match budget.consistent {
        Some(false) => " (not consistent: see the files)",
        _ => "",
    };
    let mean = milliseconds(budget.response_time_mean_ms);
    (!parts.is_empty()).then(|| format!("{} of {mean} on average{doubt}", parts.join(", ")))
}

/// A part of the response time in a reader's words.
fn named(part: &str) -> &str {
    match part {
        "wait" => "waiting for a connection",
        "lateness" => "our own delay",
        "network_and_client" => "network and client",
        "cpu" => "execution",
        "io" => "reading and writing",
        "lock" => "lock waits",
        "other" => "other waits",
        "server" => "network and server",
        other => other,
    }
}

/// Whether more load still brought more throughput, in one sentence; none where the run has no two
/// stages to compare.
pub(crate) fn saturation(result: &RunResult) -> Option<&str> {
    Some(result.diagnosis.as_ref()?.saturation.as_ref()?.text.as_str())
}

/// How many findings a report leads with.
const LEADING: usize = 3;

/// What a Markdown report leads with: what limits, the findings that matter, where time went.
pub(crate) fn lead(out: &mut String, result: &RunResult) {
    let mut text = format!("Primary bottleneck: {}.\n", cell(&bottleneck(result)));
    if let Some(saturation) = saturation(result) {
        text.push_str(&format!("\nSaturation: {}.\n", cell(saturation)));
    }
    findings(result, LEADING).into_iter().for_each(|it| finding(&mut text, it));
    section(out, "What held it back", &text);
    let Some(diagnosis) = &result.diagnosis else { return };
    section(out, "Where the time goes", &budget(diagnosis));
}

/// What else was found, for who scrolls.
pub(crate) fn rest(out: &mut String, result: &RunResult) {
    let told = findings(result, LEADING);
    let mut text = String::new();
    let all = result.findings.iter().flatten();
    all.filter(|it| !told.contains(it)).for_each(|it| finding(&mut text, it));
    section(out, "Further findings", text.trim_start());
    let Some(diagnosis) = &result.diagnosis else { return };
    section(out, "What is well", &list(diagnosis.strengths.iter().map(|it| cell(it))));
    section(out, "What could not be judged", &not_evaluated(diagnosis));
}

fn finding(out: &mut String, finding: &Finding) {
    let (severity, sure) = (finding.severity.name(), finding.confidence.name());
    // Writing to a String can't fail, here and below.
    let _ok = write!(
        out,
        "\n### {}\n\n`{}`, {severity}, confidence {sure}{}.\n\n",
        cell(&finding.title),
        cell(&finding.code),
        place(finding)
    );
    out.push_str(&list(finding.evidence.iter().map(|it| cell(&it.text))));
    let parts = [
        ("Diagnosis", &finding.diagnosis),
        ("Advice", &finding.advice),
        ("To verify", &finding.verify),
        ("Source", &finding.source),
    ];
    for (name, text) in parts {
        let _ok = write!(out, "\n{name}: {}.\n", cell(text));
    }
}

/// When it held, and in which stage.
fn place(finding: &Finding) -> String {
    let stage = finding.stage.as_ref().map(|stage| match stage.as_str() {
        WHOLE_RUN => format!(", {WHOLE_RUN}"),
        stage => format!(", stage \"{}\"", cell(stage)),
    });
    let window = finding
        .window
        .map(|it| format!(", {} to {} s", decimal(it.from_s.max(0.0)), decimal(it.to_s)));
    format!("{}{}", stage.unwrap_or_default(), window.unwrap_or_default())
}

fn budget(diagnosis: &Diagnosis) -> String {
    let Some(budget) = &diagnosis.budget else { return String::new() };
    let mut table = Table::new(["part of the mean response time", "mean", "share"], 1);
    table.rows.extend(budget.parts.iter().map(|it| {
        vec![named(&it.part).to_owned(), milliseconds(it.mean_ms), percent(it.share_percent)]
    }));
    let whole = milliseconds(budget.response_time_mean_ms);
    table.rows.push(vec!["together".to_owned(), whole, percent(100.0)]);
    let notes = budget.notes.iter().map(|it| cell(it)).chain(little(budget));
    format!("{}\n{}", grid(&table), list(notes))
}

fn little(budget: &LatencyBudget) -> Option<String> {
    let law = budget.littles_law?;
    let verdict = match budget.consistent {
        Some(false) => "the parts can't be trusted",
        _ => "consistent",
    };
    Some(format!(
        "Little's law: {} actions under way, rate times time says {} ({} apart): {verdict}",
        decimal(law.in_flight),
        decimal(law.rate_times_time),
        percent(law.difference_percent)
    ))
}

fn not_evaluated(diagnosis: &Diagnosis) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for it in &diagnosis.not_evaluated {
        match reasons.iter_mut().find(|(reason, _)| *reason == it.reason) {
            Some((_, codes)) => codes.push(&it.code),
            None => reasons.push((&it.reason, vec![&it.code])),
        }
    }
    let lines = reasons.iter().map(|(reason, codes)| {
        let codes: Vec<String> = codes.iter().map(|it| format!("`{}`", cell(it))).collect();
        format!("{}: {}", codes.join(", "), cell(reason))
    });
    list(lines)
}
