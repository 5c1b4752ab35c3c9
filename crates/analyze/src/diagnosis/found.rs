//! What a rule says when it fires.

use super::facts::Facts;
use crate::rules::Fired;
use model::finding::{Confidence, Evidence, Finding, Severity, Window};
use model::units::Unit;

/// What a finding is to the question what limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It limits nothing in this run, and is worth knowing.
    Remark,
    /// A resource that is used up; what uses it may be found besides.
    Resource,
    /// What limits throughput or latency.
    Cause,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    pub(crate) role: Role,
    /// The share of the server's busy time that it explains, 0 to 1; none where nobody could tell.
    pub(crate) explains: Option<f64>,
    pub(crate) title: String,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) diagnosis: String,
    pub(crate) advice: String,
    pub(crate) verify: String,
    /// When it held, where that is not simply when what the rule read was seen.
    pub(crate) window: Option<Window>,
    /// The moment when it showed most, seconds since measuring began.
    pub(crate) at_s: Option<f64>,
}

impl Found {
    pub(crate) fn new(severity: Severity, role: Role, title: impl Into<String>) -> Found {
        Found {
            severity,
            confidence: Confidence::High,
            role,
            explains: None,
            title: title.into(),
            evidence: Vec::new(),
            diagnosis: String::new(),
            advice: String::new(),
            verify: String::new(),
            window: None,
            at_s: None,
        }
    }

    pub(crate) fn explains(mut self, share: f64) -> Found {
        self.explains = Some(share.clamp(0.0, 1.0));
        self
    }

    pub(crate) fn sure(mut self, confidence: Confidence) -> Found {
        self.confidence = self.confidence.min(confidence);
        self
    }

    pub(crate) fn seen(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Found {
        self.evidence.extend(evidence);
        self
    }

    pub(crate) fn within(mut self, window: Option<Window>) -> Found {
        self.window = window;
        self
    }

    pub(crate) fn at(mut self, at_s: Option<f64>) -> Found {
        self.at_s = at_s;
        self
    }

    /// What is going on.
    pub(crate) fn because(mut self, diagnosis: impl Into<String>) -> Found {
        self.diagnosis = diagnosis.into();
        self
    }

    /// What to do, and how to see that it helped.
    pub(crate) fn advise(mut self, advice: impl Into<String>, verify: impl Into<String>) -> Found {
        (self.advice, self.verify) = (advice.into(), verify.into());
        self
    }

    /// The share that it explains, less where we are not sure; 0 where nobody could tell.
    pub(crate) fn impact(&self) -> f64 {
        let sure = match self.confidence {
            Confidence::High => 1.0,
            Confidence::Medium => 0.7,
            Confidence::Low => 0.4,
        };
        self.explains.unwrap_or(0.0) * sure
    }
}

impl Fired {
    pub(super) fn finding(self, facts: &Facts<'_>) -> Finding {
        let Fired { rule, found } = self;
        let impact = found.explains.map(|_| (found.impact() * 1000.0).round() / 1000.0);
        Finding {
            code: rule.code.to_owned(),
            severity: found.severity,
            confidence: found.confidence,
            title: found.title,
            evidence: found.evidence,
            diagnosis: found.diagnosis,
            advice: found.advice,
            verify: found.verify,
            source: rule.source.to_owned(),
            stage: facts.stage(found.at_s, found.window),
            window: found.window,
            impact,
        }
    }
}

/// A value that stands in the result at `metric`, as a sentence.
pub(crate) fn fact(text: impl Into<String>, metric: &str, value: f64) -> Evidence {
    // `response_time_ms.p95` is in ms as well.
    let name = match metric.rsplit_once('.') {
        Some((name, "mean" | "max" | "p50" | "p95" | "p99")) => name,
        _ => metric,
    };
    let unit = match Unit::of_name(name) {
        Unit::Milliseconds => "ms",
        Unit::Seconds => "s",
        Unit::Percent => "percent",
        Unit::Ratio => "ratio",
        Unit::PerSecond => "per_s",
        Unit::Bytes => "bytes",
        Unit::BytesPerSecond => "bytes_per_s",
        Unit::Count => "count",
    };
    let (metric, unit) = (Some(metric.to_owned()), Some(unit.to_owned()));
    Evidence { text: text.into(), metric, value: Some(value), unit }
}

/// Evidence in words alone.
pub(crate) fn said(text: impl Into<String>) -> Evidence {
    Evidence { text: text.into(), ..Evidence::default() }
}
