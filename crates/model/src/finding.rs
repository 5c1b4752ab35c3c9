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

/// One judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The stable code.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure we are, 0 to 1.
    pub confidence: f64,
    /// In one line.
    pub title: String,
    /// The values that it rests on, each as a sentence.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// What is going on.
    pub diagnosis: String,
    /// What to do.
    pub advice: String,
    /// How to see that it helped.
    pub verify: String,
    /// The rule that found it, and where its limit comes from.
    pub source: String,
    /// When it held: from and to, seconds since measuring began; none for the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<[f64; 2]>,
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
