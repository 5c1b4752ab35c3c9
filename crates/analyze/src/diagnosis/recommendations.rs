//! A finding in the shape that users of the settings file know.

use crate::rules::Fired;
use model::finding::Recommendation;
use serde_json::json;

pub(super) fn of(fired: &Fired) -> Recommendation {
    let found = &fired.found;
    let evidence = found.evidence.iter().map(|it| match (&it.metric, it.value) {
        (Some(metric), Some(value)) => {
            json!({ "metric": metric, "value": value, "text": it.text })
        }
        _ => json!({ "text": it.text }),
    });
    Recommendation {
        category: fired.rule.category.to_owned(),
        priority: found.severity,
        recommendation: found.advice.clone(),
        rationale: format!("{}: {}", found.title, found.diagnosis),
        evidence: evidence.collect(),
    }
}
