//! When actions start and how they travel: the part of a plan that the engine carries out.

use super::seconds;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Whether users wait for answers before they ask again, or come whether or not we can answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "loop", rename_all = "snake_case")]
pub enum Shape {
    /// Each connection begins its next action when the last one and the think time are over.
    Closed {
        /// The pause between actions.
        think_time: Option<ThinkTime>,
        /// How many users are active over time, each with a connection of its own; none where
        /// all are, always.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_stages: Option<Vec<UserStage>>,
    },
    /// Actions have intended starts, whatever the server does.
    Open {
        /// What takes a slot of the schedule.
        unit: Unit,
        /// How many slots there are at each moment.
        rate: Rate,
        /// How they are spread.
        arrivals: Arrivals,
        /// Actions that are later than this are skipped and counted.
        #[serde(rename = "max_backlog_s", with = "seconds")]
        max_backlog: Duration,
    },
}

/// A pause drawn evenly between two bounds; a fixed one has both the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThinkTime {
    /// The shortest.
    #[serde(rename = "min_s", with = "seconds")]
    pub min: Duration,
    /// The longest.
    #[serde(rename = "max_s", with = "seconds")]
    pub max: Duration,
}

/// What a rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Statements of the workload: an action of k statements takes k slots.
    Statements,
    /// Actions.
    Actions,
}

/// How the offered rate moves over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// The same from the start of the warm-up to the end.
    Constant {
        /// Slots per second.
        per_s: f64,
    },
    /// Straight lines from one target to the next, the first from 0; a stage of no length jumps.
    Stages(Vec<Stage>),
}

/// One line of a staged rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// How long it takes.
    #[serde(rename = "duration_s", with = "seconds")]
    pub duration: Duration,
    /// Slots per second at its end.
    pub target_per_s: f64,
}

/// One line of a number of users that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserStage {
    /// How long it takes.
    #[serde(rename = "duration_s", with = "seconds")]
    pub duration: Duration,
    /// Active users at its end.
    pub target_users: u32,
}

/// One straight line of an offered rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// How long it takes; never zero.
    pub duration: Duration,
    /// Slots per second at its start.
    pub from_per_s: f64,
    /// Slots per second at its end.
    pub to_per_s: f64,
}

impl Rate {
    /// The rate over warm-up and measured time. A warm-up before stages holds the first target.
    pub fn lines(&self, warm_up: Duration, duration: Duration) -> Vec<Line> {
        let hold = |duration, per_s| Line { duration, from_per_s: per_s, to_per_s: per_s };
        let mut lines = match self {
            Rate::Constant { per_s } => vec![hold(warm_up.saturating_add(duration), *per_s)],
            Rate::Stages(stages) => {
                let first_per_s = stages.first().map_or(0.0, |it| it.target_per_s);
                let mut from_per_s = 0.0;
                let ramps = stages.iter().map(|stage| {
                    let to_per_s = stage.target_per_s;
                    let start_per_s = std::mem::replace(&mut from_per_s, to_per_s);
                    Line { duration: stage.duration, from_per_s: start_per_s, to_per_s }
                });
                std::iter::once(hold(warm_up, first_per_s)).chain(ramps).collect()
            }
        };
        lines.retain(|it| !it.duration.is_zero());
        lines
    }
}

/// How the gaps between intended starts are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// Even gaps.
    Uniform,
    /// Exponential gaps: independent users.
    Poisson,
}

/// How statements are sent, in pgbench's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// As text.
    Simple,
    /// Parsed, bound and executed each time.
    Extended,
    /// Parsed once per connection.
    Prepared,
}

impl Protocol {
    /// The word for it in settings and results.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Simple => "simple",
            Protocol::Extended => "extended",
            Protocol::Prepared => "prepared",
        }
    }
}

/// What moves the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Poller {
    /// The one that measures better here, the other where it can't be had.
    Auto,
    /// io_uring, or an error.
    IoUring,
    /// epoll.
    Epoll,
}
