//! What follows from all scenarios together: one rule per function, each with its evidence.
//!
//! A rule says nothing unless the figures say it; what would help against a bottleneck is for the
//! diagnosis of single runs.

use super::compared::{Compared, Run};
use super::degradation::relative_percent;
use model::finding::{Recommendation, Severity};
use model::suite::{Scenario, ScenarioStatus};
use model::units::{decimal, duration, milliseconds, percent, rate};
use serde_json::{Value, json};

/// More connections bring less than this share of what they would bring if the server scaled:
/// its throughput has stopped to grow.
const STOPS_AT: f64 = 0.1;
/// A response time that doubles is one that users notice.
const NOTICED_PERCENT: f64 = 100.0;
/// Shorter runs have no steady state to judge (the limit of `validity::steady`).
const SHORT_S: f64 = 30.0;

/// All that apply, the most pressing first.
pub(super) fn all(
    scenarios: &[Scenario],
    compared: &Compared<'_>,
    time_scale: f64,
) -> Vec<Recommendation> {
    let by_load = compared.by_load();
    let mut all = Vec::new();
    all.extend(not_started(scenarios));
    all.extend(first_errors(&by_load));
    all.extend(first_crossed(&by_load));
    all.extend(fell_short(&by_load));
    all.extend(stopped_growing(&by_load));
    all.extend(slowed_down(compared, &by_load));
    if all.is_empty() {
        all.extend(headroom(scenarios, &by_load));
    }
    all.extend(too_short(compared, time_scale));
    all.extend(not_compared(compared));
    all
}

fn of(
    (category, priority): (&str, Severity),
    recommendation: &str,
    rationale: String,
    evidence: Vec<Value>,
) -> Recommendation {
    Recommendation {
        category: category.to_owned(),
        priority,
        recommendation: recommendation.to_owned(),
        rationale,
        evidence,
    }
}

fn seen(scenario: &str, metric: &str, value: impl Into<Value>) -> Value {
    json!({ "scenario": scenario, "metric": metric, "value": value.into() })
}

fn at(run: &Run<'_>) -> String {
    format!("{} ({} connections)", run.name, run.connections)
}

/// `up to W it …, at Z …`: what came before the first, where something did.
fn up_to(before: Option<&Run<'_>>, what: &str) -> String {
    before.map_or_else(String::new, |run| format!("; {what} up to {}", at(run)))
}

fn not_started(scenarios: &[Scenario]) -> Option<Recommendation> {
    let failed: Vec<&Scenario> =
        scenarios.iter().filter(|it| it.status == ScenarioStatus::CouldNotStart).collect();
    let first = failed.first()?;
    let names: Vec<&str> = failed.iter().map(|it| it.name.as_str()).collect();
    let why = first.reason.as_deref().unwrap_or("no reason is known");
    let evidence = failed.iter().map(|it| seen(&it.name, "reason", it.reason.as_deref()));
    Some(of(
        ("set-up", Severity::High),
        "make room for these scenarios, then go on with --resume",
        format!("{} could not start: {why}", names.join(", ")),
        evidence.collect(),
    ))
}

fn first_errors(by_load: &[Run<'_>]) -> Option<Recommendation> {
    let index = by_load.iter().position(|it| it.figures.failed > 0)?;
    let run = &by_load[index];
    let share = run.figures.error_rate_percent.unwrap_or_default();
    let error = run.figures.errors.first();
    let most = error.map_or_else(String::new, |it| format!(", most of them {}", it.class));
    let before = index.checked_sub(1).map(|it| &by_load[it]);
    let mut evidence = vec![
        seen(run.name, "failed", run.figures.failed),
        seen(run.name, "error_rate_percent", share),
    ];
    evidence.extend(error.map(|it| seen(run.name, "errors.class", it.class.as_str())));
    evidence.extend(before.map(|it| seen(it.name, "failed", it.figures.failed)));
    Some(of(
        ("errors", Severity::High),
        "look at the first errors before anything else: what follows them may be their effect",
        format!(
            "errors appear at {}: {} of its actions failed{most}{}",
            at(run),
            percent(share),
            up_to(before, "none")
        ),
        evidence,
    ))
}

/// Each limit where it breaks first; limits that break together are told together.
fn first_crossed(by_load: &[Run<'_>]) -> Vec<Recommendation> {
    let mut known: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    for (index, run) in by_load.iter().enumerate() {
        let new = run.figures.failed_thresholds.iter();
        let new: Vec<_> = new.filter(|it| !known.contains(&it.name.as_str())).collect();
        if new.is_empty() {
            continue;
        }
        known.extend(new.iter().map(|it| it.name.as_str()));
        let told = new.iter().map(|it| {
            let (value, limit) = (it.value.unwrap_or(f64::NAN), it.unit.show(it.limit));
            format!("{} ({}, the limit is {limit})", it.name, it.unit.show(value))
        });
        let told: Vec<String> = told.collect();
        let evidence = new.iter().map(|it| {
            json!({ "scenario": run.name, "threshold": it.name, "value": it.value,
                    "limit": it.limit })
        });
        let before = index.checked_sub(1).map(|it| &by_load[it]);
        all.push(of(
            ("capacity", Severity::High),
            "plan for less than this load, or find what holds the server back at it",
            format!("first crossed at {}: {}{}", at(run), told.join(", "), up_to(before, "held")),
            evidence.collect(),
        ));
    }
    all
}

fn fell_short(by_load: &[Run<'_>]) -> Option<Recommendation> {
    let index = by_load.iter().position(|it| it.kept_up() == Some(false))?;
    let run = &by_load[index];
    let offered = run.figures.offered_per_s?;
    let before = by_load[..index].iter().rfind(|it| it.kept_up() == Some(true));
    let mut evidence = vec![
        seen(run.name, "offered_per_s", offered),
        seen(run.name, "achieved_per_s", run.figures.achieved_per_s),
        seen(run.name, "skipped", run.figures.skipped),
    ];
    evidence.extend(before.map(|it| seen(it.name, "achieved_per_s", it.figures.achieved_per_s)));
    Some(of(
        ("capacity", Severity::High),
        "take what was achieved as the most that the server does at this load",
        format!(
            "the server did not keep up at {}: {} of {} offered{}",
            at(run),
            rate(run.figures.achieved_per_s),
            rate(offered),
            up_to(before, "it did")
        ),
        evidence,
    ))
}

/// Closed loops only: a schedule does not grow with the connections.
fn stopped_growing(by_load: &[Run<'_>]) -> Option<Recommendation> {
    let closed: Vec<&Run<'_>> =
        by_load.iter().filter(|it| it.figures.offered_per_s.is_none()).collect();
    let pair = closed.windows(2).find(|pair| {
        let more = pair[1].connections as f64 / pair[0].connections.max(1) as f64 - 1.0;
        let gain = pair[1].figures.achieved_per_s / pair[0].figures.achieved_per_s - 1.0;
        more > 0.0 && gain < more * STOPS_AT
    })?;
    let (few, many) = (pair[0], pair[1]);
    let change = relative_percent(few.figures.achieved_per_s, many.figures.achieved_per_s)?;
    let direction = if change < 0.0 { "less" } else { "more" };
    Some(of(
        ("scaling", Severity::Medium),
        "use no more connections than this, with a pooler in front if there are more clients",
        format!(
            "throughput stops growing between {} and {} connections: {} % {direction} for {} \
             times the connections",
            few.connections,
            many.connections,
            decimal(change.abs()),
            decimal(many.connections as f64 / few.connections.max(1) as f64)
        ),
        [few, many]
            .map(|it| {
                json!({ "scenario": it.name, "connections": it.connections,
                        "achieved_per_s": it.figures.achieved_per_s })
            })
            .to_vec(),
    ))
}

fn slowed_down(compared: &Compared<'_>, by_load: &[Run<'_>]) -> Option<Recommendation> {
    let baseline = compared.baseline()?;
    let p99 = |run: &Run<'_>| run.figures.response_time_ms.map(|it| it.p99);
    let before = p99(&baseline)?;
    let slow = by_load.iter().find(|run| {
        let change = p99(run).and_then(|after| relative_percent(before, after));
        run.connections > baseline.connections && change.is_some_and(|it| it >= NOTICED_PERCENT)
    })?;
    let after = p99(slow)?;
    Some(of(
        ("scaling", Severity::Medium),
        "expect users to notice from this load on, even where every limit holds",
        format!(
            "the p99 response time is {} times that of {} at {}: {} after {}",
            decimal(after / before),
            baseline.name,
            at(slow),
            milliseconds(after),
            milliseconds(before)
        ),
        vec![
            seen(baseline.name, "response_time_ms.p99", before),
            seen(slow.name, "response_time_ms.p99", after),
        ],
    ))
}

/// Nothing gave way at the largest load that was tried.
fn headroom(scenarios: &[Scenario], by_load: &[Run<'_>]) -> Option<Recommendation> {
    let largest = by_load.last()?;
    let ran = scenarios.iter().filter(|it| it.status == ScenarioStatus::Finished);
    if ran.into_iter().any(|it| it.exit_code() != Some(0)) {
        return None;
    }
    let doing = largest.figures.achieved_per_s;
    Some(of(
        ("capacity", Severity::Low),
        "raise the load to find what gives first: nothing did",
        format!("every limit held up to {}, at {}", at(largest), rate(doing)),
        vec![seen(largest.name, "achieved_per_s", doing)],
    ))
}

fn too_short(compared: &Compared<'_>, time_scale: f64) -> Option<Recommendation> {
    let length = |run: &Run<'_>| run.figures.longest_hold_s.unwrap_or(run.figures.elapsed_s);
    let short: Vec<&Run<'_>> = compared.runs.iter().filter(|run| length(run) < SHORT_S).collect();
    let scaled = time_scale < 1.0 && !compared.runs.is_empty();
    if !scaled && short.is_empty() {
        return None;
    }
    let mut why = Vec::new();
    if scaled {
        why.push(format!("all durations are {time_scale} of what was asked for"));
    }
    if !short.is_empty() {
        let names = short.iter().map(|it| format!("{} {}", it.name, duration(length(it))));
        let names: Vec<String> = names.collect();
        why.push(format!("stages below {}: {}", duration(SHORT_S), names.join(", ")));
    }
    let mut evidence: Vec<Value> =
        short.iter().map(|it| seen(it.name, "longest_stage_s", length(it))).collect();
    if scaled {
        evidence.push(json!({ "metric": "time_scale", "value": time_scale }));
    }
    Some(of(
        ("evidence", Severity::Medium),
        "run at full length before you rely on this: checkpoints, vacuum and growing tables take \
         minutes to show",
        why.join("; "),
        evidence,
    ))
}

fn not_compared(compared: &Compared<'_>) -> Option<Recommendation> {
    if compared.left_out.is_empty() {
        return None;
    }
    let told = compared.left_out.iter().map(|(name, why)| format!("{name} ({why})"));
    let told: Vec<String> = told.collect();
    let evidence = compared.left_out.iter().map(|(name, why)| seen(name, "reason", why.as_str()));
    Some(of(
        ("evidence", Severity::Medium),
        "run these again: their numbers are part of no comparison",
        told.join(", "),
        evidence.collect(),
    ))
}
