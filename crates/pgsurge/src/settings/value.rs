//! A setting's value, once it is known to be of its key's type.

use model::plan::{Part, Stage, UserStage};
use std::fmt;
use std::time::Duration;
use wire::settings::Secret;

use super::span;

/// What a setting was set to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// Any finite number.
    Number(f64),
    /// Two whole numbers, the smaller first.
    CountRange(u32, u32),
    /// A length of time.
    Span(Duration),
    /// Two lengths of time, the shorter first.
    SpanRange(Duration, Duration),
    /// A text: a name, a path, a URL.
    Text(String),
    /// A text that is never shown.
    Secret(Secret),
    /// One of a few words.
    Choice(&'static str),
    /// Some of a few words.
    Choices(Vec<&'static str>),
    /// Yes or no.
    Switch(bool),
    /// Any number of texts.
    Texts(Vec<String>),
    /// Any number of names with their texts.
    Pairs(Vec<(String, String)>),
    /// Workloads with their weights.
    Mix(Vec<Part>),
    /// The lines of a staged rate.
    Stages(Vec<Stage>),
    /// The lines of a staged number of users.
    UserStages(Vec<UserStage>),
    /// Switched off by `null`.
    Off,
}

impl Value {
    /// Adds what a flag that may be repeated was given once more.
    pub fn extend(&mut self, more: Value) {
        match (self, more) {
            (Value::Texts(all), Value::Texts(more)) => all.extend(more),
            (Value::Pairs(all), Value::Pairs(more)) => all.extend(more),
            // Others hold one value, and the last one counts.
            (all, more) => *all = more,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Count(n) => write!(f, "{n}"),
            Value::Number(n) => write!(f, "{n}"),
            Value::CountRange(low, high) => write!(f, "[{low}, {high}]"),
            Value::Span(span) => f.write_str(&span::show(*span)),
            Value::SpanRange(low, high) if low == high => f.write_str(&span::show(*low)),
            Value::SpanRange(low, high) => {
                write!(f, "{}-{}", span::show(*low), span::show(*high))
            }
            Value::Text(text) => f.write_str(text),
            Value::Secret(_) => f.write_str("***"),
            Value::Choice(word) => f.write_str(word),
            Value::Choices(words) => f.write_str(&words.join(",")),
            Value::Switch(on) => write!(f, "{on}"),
            Value::Stages(stages) => {
                let show = |it: &Stage| format!("{}:{}", span::show(it.duration), it.target_per_s);
                f.write_str(&stages.iter().map(show).collect::<Vec<_>>().join(","))
            }
            Value::UserStages(stages) => {
                let show =
                    |it: &UserStage| format!("{}:{}", span::show(it.duration), it.target_users);
                f.write_str(&stages.iter().map(show).collect::<Vec<_>>().join(","))
            }
            Value::Texts(texts) => f.write_str(&texts.join(", ")),
            Value::Pairs(pairs) => {
                for (index, (name, text)) in pairs.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{name}={text}")?;
                }
                Ok(())
            }
            Value::Mix(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{}@{}", part.name, part.weight)?;
                }
                Ok(())
            }
            Value::Off => f.write_str("off"),
        }
    }
}
