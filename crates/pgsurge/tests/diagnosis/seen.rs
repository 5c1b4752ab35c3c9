//! What a run of a scene came to, and whether its numbers are true.

use crate::running::Ended;
use model::finding::Finding;
use model::run_result::RunResult;

/// A result that has passed what holds for all of them.
pub struct Seen {
    pub result: RunResult,
}

impl Seen {
    #[track_caller]
    pub fn of(ended: &Ended) -> Seen {
        Seen { result: ended.result() }
    }

    /// All of them, as they are ordered.
    pub fn findings(&self) -> &[Finding] {
        self.result.findings.as_deref().expect("a run is diagnosed")
    }

    /// The code of what is said to limit.
    pub fn primary(&self) -> Option<&str> {
        let primary = self.result.diagnosis.as_ref()?.primary.as_ref()?;
        Some(&primary.code)
    }

    /// The finding of a rule.
    #[track_caller]
    pub fn finding(&self, code: &str) -> &Finding {
        let found = self.findings().iter().find(|it| it.code == code);
        found.unwrap_or_else(|| panic!("no {code}: {}", self.told()))
    }

    /// The value of its evidence whose place in the result ends so.
    #[track_caller]
    pub fn value(&self, code: &str, metric: &str) -> f64 {
        let all = &self.finding(code).evidence;
        let is_it = |it: &&model::finding::Evidence| {
            it.metric.as_deref().is_some_and(|name| name.ends_with(metric))
        };
        let value = all.iter().find(is_it).and_then(|it| it.value);
        value.unwrap_or_else(|| panic!("no {metric}: {all:#?}"))
    }

    /// Actions that succeeded while it was measured.
    pub fn succeeded(&self) -> f64 {
        self.result.load_metrics.all_actions.succeeded as f64
    }

    /// Every finding in one line each, for whoever reads a failure.
    pub fn told(&self) -> String {
        let result = &self.result;
        let mut lines = vec![
            format!("verdict: {:?}", result.verdict),
            format!("primary: {:?}", self.primary()),
        ];
        lines.extend(self.findings().iter().map(|it| {
            let (severity, title) = (it.severity.name(), &it.title);
            format!("  {} ({severity}, impact {:?}): {title}", it.code, it.impact)
        }));
        let waits = result.database_metrics.as_ref().and_then(|it| it.wait_events.data());
        lines.push(format!("  waits: {:?}", waits.map(|it| &it.by_class)));
        lines.join("\n")
    }
}

/// Holds a number to what somebody else measured, within so many hundredths of it.
#[track_caller]
pub fn near(what: &str, value: f64, truth: f64, percent: f64) {
    let off = (value - truth).abs();
    assert!(off <= truth.abs() * percent / 100.0, "{what}: {value}, in truth {truth}");
}
