//! A judgement about the server, the host or the set-up, with what it rests on.
//!
//! Only the nouns: `analyze` makes findings, `report` shows them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How bad a finding is, or how soon a recommendation pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth doing.
    Medium,
    /// Limits what the server can do.
    High,
    /// Loses data, or stops the server.
    Critical,
}

impl Severity {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// It may be otherwise: much of what would prove it was not there.
    Low,
    /// Something that would prove it was not there.
    Medium,
    /// All that it takes was measured.
    High,
}

impl Confidence {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// One value that a finding rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// As a sentence.
    pub text: String,
    /// Where it is in the result, or what it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// The value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// A part of the run, in seconds since measuring began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Its beginning; negative in the warm-up.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
}

/// The stage of a finding that all of several stages show.
pub const WHOLE_RUN: &str = "whole run";

/// One judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The stable code.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure we are.
    pub confidence: Confidence,
    /// In one line, with the number that matters most.
    pub title: String,
    /// The values that it rests on.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// What is going on.
    pub diagnosis: String,
    /// What to do.
    pub advice: String,
    /// How to see that it helped.
    pub verify: String,
    /// Where the rule and its limit come from.
    pub source: String,
    /// When it held, or when what it rests on was seen; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// The stage of the schedule in which it showed most, or those that its window covers
    /// ([`WHOLE_RUN`] where that is all of several); absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The share of the server's busy time that it explains, less where we are not sure; 0 to 1;
    /// absent where nobody could tell, or where it is not about time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<f64>,
}

/// A finding in the shape that the settings file's users know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    /// What it is about.
    pub category: String,
    /// How soon it pays.
    pub priority: Severity,
    /// What to do.
    pub recommendation: String,
    /// Why.
    pub rationale: String,
    /// The values that it rests on.
    #[serde(default)]
    pub evidence: Vec<Value>,
}
