//! A result on one screen: the verdict first, then whether to believe it, then the numbers that
//! people ask for, then what to do next.
//!
//! At most 40 lines of the given width, however many actions and errors there are; the files
//! have the rest. Colour is for who looks, so the caller says whether there is any.

mod bottleneck;
pub(crate) mod lines;

use crate::advice::next_steps;
use crate::markdown::{metric_value, verdict_word};
use crate::server;
use crate::table;
use lines::{Colour, Lines};
use model::run_result::RunResult;
use model::threshold::{ThresholdOutcome, ThresholdSource};
use model::units::{count, decimal, duration, milliseconds, percent, rate, several};
use model::verdict::{ValidityOutcome, VerdictOutcome};

/// How a report is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to use ANSI colours.
    pub colour: bool,
    /// Columns of the screen; fewer than 60 count as 60, more than 100 as 100.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Style { colour: false, width: 80 }
    }
}

/// How many of each there is room for.
struct Room {
    reasons: usize,
    checks: usize,
    findings: usize,
    actions: usize,
    statements: usize,
    errors: usize,
    metrics: usize,
    steps: usize,
    /// Lines that a reason or a check may take.
    wrap: usize,
}

/// More lines than this don't fit a screen.
const SCREEN: usize = 40;

const ROOMY: Room = Room {
    reasons: 4,
    checks: 4,
    findings: 3,
    actions: 6,
    statements: 2,
    errors: 4,
    metrics: 4,
    steps: 3,
    wrap: 3,
};
const TIGHT: Room = Room {
    reasons: 3,
    checks: 2,
    findings: 1,
    actions: 4,
    statements: 1,
    errors: 2,
    metrics: 1,
    steps: 2,
    wrap: 1,
};

/// The report.
pub fn render(result: &RunResult, style: Style) -> String {
    let roomy = render_in(&ROOMY, result, style);
    match roomy.lines().count() <= SCREEN {
        true => roomy,
        false => render_in(&TIGHT, result, style),
    }
}

fn render_in(room: &Room, result: &RunResult, style: Style) -> String {
    let mut lines = Lines::new(style, room.wrap);
    verdict(&mut lines, room, result);
    validity(&mut lines, room, result);
    bottleneck::lines(&mut lines, room, result);
    figures(&mut lines, result);
    times(&mut lines, room, result);
    errors(&mut lines, room, result);
    outcomes(&mut lines, room, result);
    next(&mut lines, room, result);
    lines.finish()
}

fn verdict(lines: &mut Lines, room: &Room, result: &RunResult) {
    let colour = colour_of(result.verdict.outcome);
    let summary = &result.test_summary;
    let server = result.environment.server.as_ref().map(|server| {
        let which = if server.throwaway { "throwaway PostgreSQL" } else { "PostgreSQL" };
        format!(" on {which} {}", server.version.split(' ').next().unwrap_or(""))
    });
    let workload = match summary.workload.as_str() {
        "" => "no workload",
        name => name,
    };
    let what = format!(
        "{workload}, {}, {} measured{}",
        several(summary.concurrent_connections, "connection"),
        duration(result.load_metrics.elapsed_s),
        server.unwrap_or_default()
    );
    lines.headline(colour, verdict_word(result.verdict.outcome), &what);
    let reasons = &result.verdict.reasons;
    reasons.iter().take(room.reasons).for_each(|reason| lines.bullet(colour, reason));
    if reasons.len() > room.reasons {
        lines.bullet(colour, &format!("and {} more", reasons.len() - room.reasons));
    }
    if reasons.is_empty() {
        lines.bullet(colour, &limits_held(result));
    }
}

/// What a verdict is coloured in.
pub(crate) fn colour_of(outcome: VerdictOutcome) -> Colour {
    match outcome {
        VerdictOutcome::Passed => Colour::Green,
        VerdictOutcome::Failed | VerdictOutcome::Invalid => Colour::Red,
        VerdictOutcome::Inconclusive | VerdictOutcome::Interrupted => Colour::Yellow,
    }
}

/// How many limits held, and how many of the defaults could not be told.
fn limits_held(result: &RunResult) -> String {
    let of = |outcome| result.thresholds.iter().filter(|t| t.outcome == outcome).count();
    let (passed, unknown) = (of(ThresholdOutcome::Passed), of(ThresholdOutcome::NotEvaluated));
    let user = result.thresholds.iter().any(|t| t.source == ThresholdSource::User);
    let whose = if user { "limits" } else { "default limits" };
    match (passed, unknown) {
        (0, _) => format!("no {whose} to hold"),
        (passed, 0) => format!("all {passed} {whose} held"),
        (passed, unknown) => format!("all {passed} {whose} held, {unknown} not evaluated"),
    }
}

fn validity(lines: &mut Lines, room: &Room, result: &RunResult) {
    let of = |outcome| result.validity.iter().filter(move |check| check.outcome == outcome);
    let (invalid, warnings) = (of(ValidityOutcome::Invalid), of(ValidityOutcome::Warning));
    let evaluated = result.validity.len() - of(ValidityOutcome::NotEvaluated).count();
    let (bad, warned) = (invalid.clone().count(), warnings.clone().count());
    let (colour, what) = match (evaluated, bad, warned) {
        (0, ..) => (Colour::Yellow, "not checked".to_owned()),
        (n, 0, 0) => (Colour::Green, format!("all {n} checks ok")),
        (n, 0, w) => {
            let warned = several(w as u64, "warning");
            (Colour::Yellow, format!("{} of {n} checks ok, {warned}", n - w))
        }
        (n, b, w) => {
            let warned = several(w as u64, "warning");
            (Colour::Red, format!("{b} of {n} checks failed, {warned}"))
        }
    };
    lines.labelled("sound?", colour, &what);
    let told = invalid.chain(warnings).take(room.checks);
    told.for_each(|check| lines.bullet(colour, &check.evidence));
}

fn figures(lines: &mut Lines, result: &RunResult) {
    let load = &result.load_metrics;
    let offered = match load.offered_per_s {
        Some(offered) => format!("offered {}, ", rate(offered)),
        None => "closed loop, ".to_owned(),
    };
    let reads = load.read_share_ratio.map(|r| format!(", {} reads", percent(r * 100.0)));
    lines.gap();
    lines.labelled(
        "load",
        Colour::None,
        &format!(
            "{offered}achieved {}; {} queries/s{}",
            rate(load.achieved_per_s),
            decimal(load.queries_per_s),
            reads.unwrap_or_default()
        ),
    );
    let all = &load.all_actions;
    let mut ends = vec![format!("{} succeeded", count(all.succeeded))];
    let share = load.error_rate_percent.map(|p| format!(" ({})", percent(p)));
    ends.push(format!("{} failed{}", count(all.failed), share.unwrap_or_default()));
    if let Some(limit_s) = table::latency_limit_s(result) {
        let (late, limit) = (count(all.late), milliseconds(limit_s * 1000.0));
        ends[0].push_str(&format!(" ({late} later than {limit})"));
    }
    let rare = [
        (all.unknown, "of unknown outcome"),
        (all.skipped, "skipped"),
        (all.unfinished, "unfinished"),
        (all.retries, "retries"),
    ];
    ends.extend(
        rare.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n))),
    );
    lines.labelled("actions", Colour::None, &ends.join(", "));
}

fn times(lines: &mut Lines, room: &Room, result: &RunResult) {
    let mut actions = table::actions(result);
    actions.columns[0].0 = "response time";
    lines.gap();
    // The mean misleads and skipped has a line of its own: six columns fit everywhere.
    lines.table(&actions, &[0, 1, 3, 4, 5, 6, 7], room.actions + 1);
    let mut statements = table::statements(result);
    statements.columns[0].0 = "service time";
    statements.columns[2].0 = "answered";
    lines.table(&statements, &[0, 2, 4, 5, 6, 7, 8], room.statements + 1);
}

fn errors(lines: &mut Lines, room: &Room, result: &RunResult) {
    let load = &result.load_metrics;
    let shown = if load.errors.is_empty() { &load.early_errors } else { &load.errors };
    if shown.is_empty() {
        return;
    }
    lines.gap();
    for error in shown.iter().take(room.errors) {
        let code = error.sqlstate.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        let sample = error.sample.replace(['\r', '\n'], " ");
        let text = format!("{} x {}{code}: {sample}", count(error.count), error.class);
        lines.labelled("error", Colour::Red, &text);
    }
    if shown.len() > room.errors {
        let text = format!("and {} more kinds", shown.len() - room.errors);
        lines.labelled("error", Colour::Red, &text);
    }
}

fn outcomes(lines: &mut Lines, room: &Room, result: &RunResult) {
    let load = &result.load_metrics;
    lines.gap();
    let connections = &load.connections;
    if connections.lost > 0 || connections.failed > 0 {
        let recovery = match (connections.time_to_recover_s, connections.still_down) {
            (_, true) => ", still away at the end".to_owned(),
            (Some(s), false) => format!(", back after {}", milliseconds(s * 1000.0)),
            (None, false) => String::new(),
        };
        let available = load.availability_percent.map(|p| format!(", available {}", percent(p)));
        let text = format!(
            "{} connections lost, {} connects failed{recovery}{}",
            count(connections.lost),
            count(connections.failed),
            available.unwrap_or_default()
        );
        lines.labelled("server", Colour::Yellow, &text);
    }
    if let Some(text) = server::line(result) {
        lines.labelled("server", Colour::None, &text);
    }
    if let Some(games) = &load.games {
        let rate = games.completion_rate_percent.map(|p| format!(" ({} complete)", percent(p)));
        let text = format!(
            "{} started, {} completed, {} abandoned{}",
            count(games.started),
            count(games.completed),
            count(games.abandoned),
            rate.unwrap_or_default()
        );
        lines.labelled("games", Colour::None, &text);
    }
    own(lines, room, result);
    let (colour, data) = verified(result);
    lines.labelled("data", colour, &data);
    if let Some(pooler) = &result.environment.pooler {
        lines.labelled("pooler", Colour::None, &table::pooler(pooler));
    }
    let ours = &load.generator;
    let mut parts = vec![several(ours.threads, "thread")];
    parts.extend(ours.busiest_thread_percent.map(|p| format!("busiest at {} CPU", percent(p))));
    let late = load.all_actions.lateness_ms;
    parts.extend(late.map(|late| format!("own delay p99 {}", milliseconds(late.p99))));
    parts.extend(Some(result.environment.poller.clone()).filter(|poller| !poller.is_empty()));
    let text = parts.join(", ");
    lines.labelled("pgsurge", Colour::None, &text);
}

/// What the workload measured of its own, and what the user wrote beside the run.
fn own(lines: &mut Lines, room: &Room, result: &RunResult) {
    let custom = &result.load_metrics.custom;
    for (name, metric) in custom.iter().take(room.metrics) {
        let text = format!("{name}: {}", metric_value(metric));
        lines.labelled("metric", Colour::None, &text);
    }
    if custom.len() > room.metrics {
        let text = format!("and {} more", custom.len() - room.metrics);
        lines.labelled("metric", Colour::None, &text);
    }
    let tags = result.environment.tags.iter().map(|(name, text)| format!("{name}={text}"));
    let tags: Vec<String> = tags.collect();
    if !tags.is_empty() {
        lines.labelled("tags", Colour::None, &tags.join(", "));
    }
}

fn verified(result: &RunResult) -> (Colour, String) {
    let Some(verification) = &result.load_metrics.verification else {
        return (Colour::None, "not verified".to_owned());
    };
    let checked = verification.checks.iter().map(|check| check.checked).sum();
    let broken = verification.checks.iter().map(|check| check.violations).sum();
    let checks = verification.checks.len();
    match verification.passed {
        true => {
            (Colour::Green, format!("verified: {checks} checks of {} things held", count(checked)))
        }
        false => (
            Colour::Red,
            format!("WRONG: {} violations in {} things compared", count(broken), count(checked)),
        ),
    }
}

fn next(lines: &mut Lines, room: &Room, result: &RunResult) {
    let steps = next_steps(result);
    if steps.is_empty() {
        return;
    }
    lines.gap();
    steps.iter().take(room.steps).for_each(|step| lines.labelled("next", Colour::None, step));
}
