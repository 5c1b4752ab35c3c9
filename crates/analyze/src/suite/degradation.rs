//! How one scenario differs from another, in percent and in words.

use super::compared::{Compared, Run};
use super::own;
use model::suite::{Change, Degradation, Effect, Figures, Reference};
use model::units::{decimal, percent};

/// Less than this is no change: histograms keep two significant digits.
pub(super) const RESOLUTION_PERCENT: f64 = 1.0;

/// Each scenario against the one before it and, where that is another one, against the baseline.
pub(super) fn all(compared: &Compared<'_>) -> Vec<Degradation> {
    let mut all = Vec::new();
    for (index, run) in compared.runs.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|it| compared.runs.get(it));
        let baseline = compared.baseline();
        if let Some(before) = before {
            all.push(against(run, before, Reference::Previous));
        }
        let known = before.map(|it| it.name);
        if let Some(baseline) = baseline.filter(|it| it.name != run.name && Some(it.name) != known)
        {
            all.push(against(run, &baseline, Reference::Baseline));
        }
    }
    all
}

fn against(run: &Run<'_>, other: &Run<'_>, reference: Reference) -> Degradation {
    let time = |metric, value| slower(metric, value, (other, run));
    let changes = [
        throughput(other, run),
        time("response_time_ms.mean", |it| it.response_time_ms.map(|it| it.mean)),
        time("response_time_ms.p50", |it| it.response_time_ms.map(|it| it.p50)),
        time("response_time_ms.p95", |it| it.response_time_ms.map(|it| it.p95)),
        time("response_time_ms.p99", |it| it.response_time_ms.map(|it| it.p99)),
        errors(other, run),
    ];
    let own = own::changes(other.figures, run.figures);
    Degradation {
        scenario: run.name.to_owned(),
        against: other.name.to_owned(),
        reference,
        changes: changes.into_iter().flatten().chain(own).collect(),
    }
}

/// A change in hundredths of what it was; none of nothing.
pub(super) fn relative_percent(from: f64, to: f64) -> Option<f64> {
    (from != 0.0).then(|| ((to / from - 1.0) * 1000.0).round() / 10.0)
}

/// Throughput: statements where both pace those, else actions. Where both did what the schedule
/// asked for, a difference is the schedule's.
fn throughput(from: &Run<'_>, to: &Run<'_>) -> Option<Change> {
    let paced = |run: &Run<'_>| run.figures.offered_queries_per_s.is_some();
    let (metric, value): (&str, fn(&Figures) -> f64) = match paced(from) && paced(to) {
        true => ("queries_per_s", |it| it.queries_per_s),
        false => ("achieved_per_s", |it| it.achieved_per_s),
    };
    let (before, after) = (value(from.figures), value(to.figures));
    let scheduled = from.kept_up() == Some(true) && to.kept_up() == Some(true);
    let change_percent = relative_percent(before, after);
    let size = change_percent.unwrap_or_default();
    let (direction, effect) = match size {
        size if size.abs() < RESOLUTION_PERCENT => ("the same throughput", Effect::Unchanged),
        size if size > 0.0 => ("more throughput", Effect::Better),
        _ => ("less throughput", Effect::Worse),
    };
    let effect = if scheduled { Effect::Unchanged } else { effect };
    let mut words = said(size, direction);
    if scheduled && size.abs() >= RESOLUTION_PERCENT {
        words.push_str(", as offered");
    }
    Some(Change {
        metric: metric.to_owned(),
        from: before,
        to: after,
        change_percent,
        effect,
        words,
    })
}

fn slower(
    metric: &str,
    value: fn(&Figures) -> Option<f64>,
    (from, to): (&Run<'_>, &Run<'_>),
) -> Option<Change> {
    let (before, after) = (value(from.figures)?, value(to.figures)?);
    let change_percent = relative_percent(before, after);
    let size = change_percent?;
    let (direction, effect) = match size {
        size if size.abs() < RESOLUTION_PERCENT => ("as fast", Effect::Unchanged),
        size if size > 0.0 => ("slower", Effect::Worse),
        _ => ("faster", Effect::Better),
    };
    let words = said(size, direction);
    Some(Change {
        metric: metric.to_owned(),
        from: before,
        to: after,
        change_percent,
        effect,
        words,
    })
}

/// Shares are not divided by each other: from 0 % to 1 % is the change that matters most.
fn errors(from: &Run<'_>, to: &Run<'_>) -> Option<Change> {
    let (before, after) = (from.figures.error_rate_percent?, to.figures.error_rate_percent?);
    let (direction, effect) = match after - before {
        change if change > 0.0 => ("more errors", Effect::Worse),
        change if change < 0.0 => ("fewer errors", Effect::Better),
        _ => ("as many errors", Effect::Unchanged),
    };
    let words = match effect {
        Effect::Unchanged => format!("{direction} ({})", percent(after)),
        _ => format!("{direction}: {} after {}", percent(after), percent(before)),
    };
    Some(Change {
        metric: "error_rate_percent".to_owned(),
        from: before,
        to: after,
        change_percent: relative_percent(before, after),
        effect,
        words,
    })
}

pub(super) fn said(size_percent: f64, direction: &str) -> String {
    match size_percent.abs() < RESOLUTION_PERCENT {
        true => direction.to_owned(),
        false => format!("{} % {direction}", decimal(size_percent.abs())),
    }
}
