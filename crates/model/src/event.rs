//! Something that happened at a moment: a stage began, the server went away.

use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The warm-up ended and measuring began.
    MeasuringBegan,
    /// A stage of the schedule began.
    StageBegan,
    /// The schedule ended; what is in flight gets its grace.
    ScheduleEnded,
    /// The first connection was lost while none was known to be lost.
    ConnectionLost,
    /// The first success after that.
    Recovered,
    /// The user asked for the end.
    Interrupted,
    /// A limit that could no longer hold ended the load before its time.
    Aborted,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Seconds since measuring began; negative in the warm-up.
    pub at_s: f64,
    /// What happened.
    pub kind: EventKind,
    /// In words, for a reader.
    pub text: String,
}
