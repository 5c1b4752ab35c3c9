//! What limits, and the findings that matter, each with what to do.

use super::lines::{Colour, Lines};
use super::room::Room;
use crate::diagnosis;
use model::finding::Severity;
use model::run_result::RunResult;

pub(super) fn lines(lines: &mut Lines, room: &Room, result: &RunResult) {
    let primary = result.diagnosis.as_ref().and_then(|it| it.primary.as_ref());
    let colour = if primary.is_some() { Colour::Yellow } else { Colour::None };
    lines.labelled("bottleneck", colour, &diagnosis::bottleneck(result));
    for finding in diagnosis::findings(result, room.findings) {
        // The line above has the title of the first.
        let text = match primary.is_some_and(|it| it.code == finding.code) {
            true => finding.advice.clone(),
            false => format!("{}: {}", finding.title, finding.advice),
        };
        lines.labelled("finding", colour_of(finding.severity), &text);
    }
    if let Some(text) = diagnosis::saturation(result) {
        lines.labelled("saturation", Colour::None, text);
    }
    if let Some(text) = diagnosis::time(result) {
        lines.labelled("time in", Colour::None, &text);
    }
}

fn colour_of(severity: Severity) -> Colour {
    match severity {
        Severity::Critical | Severity::High => Colour::Red,
        Severity::Medium => Colour::Yellow,
        Severity::Low => Colour::None,
    }
}
