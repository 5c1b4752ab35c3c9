//! What held the server back, as a whole: the one thing that limits, where the time went, what is
//! well, and what could not be judged. The findings themselves stand beside it.

use crate::finding::{Finding, Recommendation};
use crate::saturation::Saturation;
use serde::{Deserialize, Serialize};

/// All that a diagnosis comes to, in three parts of a result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnosed {
    /// The findings, the one that limits first, then by severity and impact.
    pub findings: Vec<Finding>,
    /// The same as recommendations.
    pub recommendations: Vec<Recommendation>,
    /// What they come to.
    pub diagnosis: Diagnosis,
}

/// The judgement of what held the server back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Diagnosis {
    /// The one thing that limits throughput or latency, the first of the findings; absent where
    /// none was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<Primary>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub none_reason: Option<String>,
    /// Where the time of an action went; absent where nothing was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<LatencyBudget>,
    /// Whether more load still brought more throughput; absent where the run can't tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturation: Option<Saturation>,
    /// Why it can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturation_reason: Option<String>,
    /// What is well, each with its number.
    pub strengths: Vec<String>,
    /// Rules that could not be judged: what they need was not there. They count neither for the
    /// server nor against it.
    pub not_evaluated: Vec<NotEvaluated>,
}

/// The one thing that limits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Primary {
    /// The code of its finding.
    pub code: String,
    /// Its title.
    pub title: String,
}

/// A rule without what it needs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NotEvaluated {
    /// Its code.
    pub code: String,
    /// What was not there, and why.
    pub reason: String,
}

/// Where the mean response time of an action went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyBudget {
    /// The mean response time of all actions: what the parts add up to.
    pub response_time_mean_ms: f64,
    /// The parts, in the order in which an action goes through them.
    pub parts: Vec<BudgetPart>,
    /// Little's law held against what the engine saw; absent where it can't be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub littles_law: Option<LittlesLaw>,
    /// True where Little's law holds, false where it does not: then don't trust the parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistent: Option<bool>,
    /// What a reader has to know of the parts: what could not be told apart, what was cut.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A part of the mean response time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BudgetPart {
    /// What it is: `wait`, `lateness`, `network_and_client`, `planning`, `cpu`, `io`, `lock`,
    /// `commit`, `other`, or `server` where the server's own parts are not known.
    pub part: String,
    /// Its mean.
    pub mean_ms: f64,
    /// Of the mean response time.
    pub share_percent: f64,
}

/// Little's law: as many actions are under way as begin in the time that one takes (J. D. C.
/// Little, Operations Research 9, 1961).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LittlesLaw {
    /// Actions under way on a connection, mean over time, as the engine saw it.
    pub in_flight: f64,
    /// Actions per second times their mean time on a connection.
    pub rate_times_time: f64,
    /// How far the second is from the first.
    pub difference_percent: f64,
}
