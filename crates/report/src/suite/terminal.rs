//! A suite on one screen: the verdict, the scenarios side by side, what follows.

use super::markdown::summary;
use super::table;
use crate::markdown::verdict_word;
use crate::terminal::lines::{Colour, Lines};
use crate::terminal::{Style, colour_of};
use model::suite::{Effect, Reference, Scenario, ScenarioStatus, SuiteResult};

/// How many of each there is room for; what is left is in the files.
const REASONS: usize = 5;
const SCENARIOS: usize = 12;
const NEXT: usize = 5;
const CHANGES: usize = 6;

/// The report.
pub fn render(suite: &SuiteResult, style: Style) -> String {
    let mut lines = Lines::new(style, 2);
    let colour = colour_of(suite.verdict.outcome);
    lines.headline(colour, verdict_word(suite.verdict.outcome), &summary(suite));
    let reasons = &suite.verdict.reasons;
    reasons.iter().take(REASONS).for_each(|reason| lines.bullet(colour, reason));
    if reasons.len() > REASONS {
        lines.bullet(colour, &format!("and {} more", reasons.len() - REASONS));
    }
    scenarios(&mut lines, suite, style);
    changes(&mut lines, suite);
    lines.gap();
    for it in suite.recommendations.iter().take(NEXT) {
        lines.labelled(&it.category, Colour::None, &it.rationale);
    }
    lines.finish()
}

fn scenarios(lines: &mut Lines, suite: &SuiteResult, style: Style) {
    let mut all = table::scenarios(suite);
    all.columns[2].0 = "conns";
    lines.gap();
    // Ten columns need a hundred characters; a narrow screen has the percentiles that limits use.
    let columns: &[usize] =
        if style.width >= 100 { &[0, 1, 2, 3, 4, 7, 8, 9] } else { &[0, 1, 2, 4, 7, 8] };
    lines.table(&all, columns, SCENARIOS);
    if all.rows.len() > SCENARIOS {
        lines.bullet(Colour::None, &format!("and {} more", all.rows.len() - SCENARIOS));
    }
    // One that could not start is a reason of the verdict, and told above.
    let without = suite.scenarios.iter().filter(|it| it.status == ScenarioStatus::NotRun);
    without.take(REASONS).for_each(|it| lines.bullet(Colour::None, &why(it)));
}

fn why(scenario: &Scenario) -> String {
    let reason = scenario.reason.as_deref().unwrap_or("no reason is known");
    format!("{}: {}: {reason}", scenario.name, table::outcome(scenario))
}

/// Each scenario against the one before it, in a line.
fn changes(lines: &mut Lines, suite: &SuiteResult) {
    lines.gap();
    let previous = suite.degradation.iter().filter(|it| it.reference == Reference::Previous);
    for it in previous.take(CHANGES) {
        let changes = [
            ("", table::throughput(it)),
            ("p95 ", table::of(it, "response_time_ms.p95")),
            ("p99 ", table::of(it, "response_time_ms.p99")),
        ];
        let told = changes.iter().filter_map(|(prefix, change)| {
            change.map(|change| format!("{prefix}{}", change.words))
        });
        let errors =
            table::of(it, "error_rate_percent").filter(|it| it.effect != Effect::Unchanged);
        let told: Vec<String> = told.chain(errors.map(|it| it.words.clone())).collect();
        let text = format!("{} after {}: {}", it.scenario, it.against, told.join(", "));
        lines.labelled("change", Colour::None, &text);
    }
}
