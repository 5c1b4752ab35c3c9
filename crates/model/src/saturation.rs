//! Whether more load still brought more throughput: the stages of a run beside each other.
//!
//! Only the nouns: `analyze` compares the stages, `report` shows what it found.

use serde::{Deserialize, Serialize};

/// What the stages of a run say together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saturation {
    /// All of it in one sentence.
    pub text: String,
    /// The load from which on more of it brought no more; absent where the run never got there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<SaturatedFrom>,
    /// The stages that were compared, those with the least load first, whenever they ran.
    pub steps: Vec<LoadStep>,
}

/// Where saturation begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SaturatedFrom {
    /// The name of the stage.
    pub stage: String,
    /// When it began, seconds since measuring began.
    pub from_s: f64,
    /// Actions that succeeded in it, per second, but for those of a queue that an earlier stage left:
    /// what the server can do.
    pub achieved_per_s: f64,
    /// More load brought no more throughput; absent where only the next one shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plateau: Option<Plateau>,
    /// How much of what was offered succeeded, where it was clearly too little.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub achieved_of_offered_percent: Option<f64>,
}

/// A step to more load that did not pay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plateau {
    /// The stage with more load.
    pub next_stage: String,
    /// How much more it was.
    pub more_load_percent: f64,
    /// How much more throughput it brought; negative where it brought less.
    pub more_throughput_percent: f64,
}

/// A stage that held a load, as it compares with the others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadStep {
    /// Its name.
    pub stage: String,
    /// When it began, seconds since measuring began.
    pub from_s: f64,
    /// What the schedule offered per second (actions, or statements where those are paced); absent
    /// in a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_per_s: Option<f64>,
    /// Mean number of users that were connected; absent where their number is not staged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users_mean: Option<f64>,
    /// Actions that succeeded, per second.
    pub achieved_per_s: f64,
    /// 99th percentile of the response time; absent when nothing finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_time_p99_ms: Option<f64>,
}
