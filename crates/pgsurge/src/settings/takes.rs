//! What a setting takes: its type and range, how that reads in words, and how text becomes it.
//!
//! One place for flags, environment and files alike, so that the same slip gives the same message
//! wherever it was made.

use super::document::{Data, Node};
use super::lists;
use super::mix;
use super::span::{self, Bare};
use super::stages;
use super::value::Value;
use model::plan::Stage;
use model::units;
use std::time::Duration;
use wire::settings::Secret;

/// The type and range of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Takes {
    /// A whole number.
    Count {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A finite number.
    Number {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
    },
    /// A finite number, or a word instead of one.
    NumberOr {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
        /// The word.
        word: &'static str,
    },
    /// Two whole numbers, the smaller first.
    CountRange {
        /// The smallest of the first.
        min: u32,
        /// The largest of the second.
        max: u32,
    },
    /// A length of time.
    Span {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
        /// What a number without a unit means.
        bare: Bare,
    },
    /// A length of time, or two with a dash between them.
    SpanRange {
        /// The longest.
        max: Duration,
    },
    /// A text that is not empty.
    Text,
    /// A text that is never shown.
    Secret,
    /// The name of a schema that is not the server's own.
    Schema,
    /// The name of a run.
    RunName,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Some of a few words, separated by commas.
    Choices(&'static [&'static str]),
    /// Yes or no.
    Switch,
    /// Any number of texts, which are described by these words.
    Texts(&'static str),
    /// Any number of names with their texts, which are described by these words.
    Pairs(&'static str),
    /// Workloads, each with a weight.
    Mix,
    /// A staged rate.
    Stages,
    /// A staged number of users.
    UserStages,
}

impl Takes {
    /// What would be right, in words that follow "expected".
    pub fn expected(&self) -> String {
        match self {
            Takes::Count { min, max } => {
                format!("a whole number from {} to {}", units::count(*min), units::count(*max))
            }
            Takes::Number { min, max } => format!("a number from {} to {}", show(*min), show(*max)),
            Takes::NumberOr { min, max, word } => {
                format!("a number from {} to {}, or {word}", show(*min), show(*max))
            }
            Takes::CountRange { min, max } => {
                format!("two whole numbers [low, high] with {min} <= low <= high <= {max}")
            }
            Takes::Span { min, max, bare } => {
                let bare = match bare {
                    Bare::Minutes => " (a number alone is minutes)",
                    Bare::Seconds => " (a number alone is seconds)",
                    Bare::Refused => "",
                };
                let (min, max) = (span::show(*min), span::show(*max));
                format!("a duration from {min} to {max}, as 90s, 15m, 1h30m or 500ms{bare}")
            }
            Takes::SpanRange { max } => {
                let max = span::show(*max);
                format!("a duration up to {max}, as 100ms, or a range of them, as 50ms-200ms")
            }
            Takes::Text | Takes::Secret => "a text that is not empty".to_owned(),
            Takes::Schema => {
                "the name of a schema, at most 63 bytes, not pg_… or information_schema".to_owned()
            }
            Takes::RunName => "the name of a run, as rtn8d0cx12ab".to_owned(),
            Takes::Choice(words) => format!("one of {}", words.join(", ")),
            Takes::Choices(words) => format!("some of {}", words.join(", ")),
            Takes::Switch => "true or false".to_owned(),
            Takes::Texts(what) => format!("{what}; in the environment separated by commas"),
            Takes::Pairs(what) => {
                format!("{what}; in the environment separated by commas, in a file as a table")
            }
            Takes::Mix => "workloads, as hokm or hokm@9,select-only@1".to_owned(),
            Takes::Stages => "stages of duration:target, as 30s:100,2m:500,30s:0".to_owned(),
            Takes::UserStages => "stages of duration:users, as 30s:10,2m:50,30s:0".to_owned(),
        }
    }

    /// The value that `text` (of a flag or a variable) stands for; none where it is a slip.
    pub fn read_text(&self, text: &str) -> Option<Value> {
        let trimmed = text.trim();
        match self {
            Takes::Count { min, max } => {
                whole(trimmed).filter(|n| (*min..=*max).contains(n)).map(Value::Count)
            }
            Takes::Number { min, max } => {
                let number: f64 = trimmed.parse().ok()?;
                (*min..=*max).contains(&number).then_some(Value::Number(number))
            }
            Takes::NumberOr { min, max, word } => {
                let number = Takes::Number { min: *min, max: *max };
                let chosen = (trimmed == *word).then_some(Value::Choice(word));
                chosen.or_else(|| number.read_text(trimmed))
            }
            Takes::CountRange { .. } => {
                let (low, high) = trimmed.split_once('-')?;
                self.count_range(whole(low)?, whole(high)?)
            }
            Takes::Span { bare, .. } => self.span(span::parse(trimmed, *bare)?),
            Takes::SpanRange { .. } => {
                let (low, high) = trimmed.split_once('-').unwrap_or((trimmed, trimmed));
                let read = |it: &str| span::parse(it, Bare::Refused);
                self.span_range(read(low)?, read(high)?)
            }
            Takes::Text => some_text(text).map(|it| Value::Text(it.to_owned())),
            Takes::Schema => schema(text).map(|it| Value::Text(it.to_owned())),
            Takes::RunName => {
                model::plan::is_run_name(trimmed).then(|| Value::Text(trimmed.to_owned()))
            }
            Takes::Secret => some_text(text).map(|it| Value::Secret(Secret::new(it))),
            Takes::Choice(words) => word(words, trimmed).map(Value::Choice),
            Takes::Choices(words) => {
                trimmed.split(',').map(|it| word(words, it.trim())).collect::<Option<_>>().map(some)
            }
            Takes::Switch => switch(trimmed).map(Value::Switch),
            Takes::Texts(_) => lists::separated(trimmed, lists::text),
            Takes::Pairs(_) => lists::separated(trimmed, lists::pair),
            Takes::Mix => mix::parse(trimmed).map(Value::Mix),
            Takes::Stages | Takes::UserStages => self.stages(stages::parse(trimmed)?),
        }
    }

    /// Whether its flag may be given more than once.
    pub fn is_repeatable(&self) -> bool {
        matches!(self, Takes::Texts(_) | Takes::Pairs(_))
    }

    /// The value that a flag given once stands for: one item where it may be repeated.
    pub fn read_item(&self, text: &str) -> Option<Value> {
        match self {
            Takes::Texts(_) => lists::text(text),
            Takes::Pairs(_) => lists::pair(text),
            _ => self.read_text(text),
        }
    }

    /// The value that a node of a settings file stands for; none where it is a slip.
    pub fn read_data(&self, node: &Node) -> Option<Value> {
        match (self, &node.data) {
            (
                Takes::Count { .. } | Takes::Number { .. } | Takes::NumberOr { .. },
                Data::Number(text),
            ) => self.read_text(text),
            (Takes::NumberOr { word, .. }, Data::Text(text)) if text == word => {
                Some(Value::Choice(word))
            }
            (
                Takes::Span { .. } | Takes::SpanRange { .. },
                Data::Number(text) | Data::Text(text),
            ) => self.read_text(text),
            (Takes::Switch, Data::Switch(on)) => Some(Value::Switch(*on)),
            (
                Takes::Text
                | Takes::Secret
                | Takes::Schema
                | Takes::RunName
                | Takes::Choice(_)
                | Takes::Choices(_)
                | Takes::Mix
                | Takes::Stages
                | Takes::UserStages,
                Data::Text(text),
            ) => self.read_text(text),
            (Takes::CountRange { .. }, Data::List(both)) => {
                let [low, high] = both.as_slice() else { return None };
                self.count_range(node_count(low)?, node_count(high)?)
            }
            (Takes::Texts(_), Data::Text(text)) => lists::text(text),
            (Takes::Texts(_), Data::List(list)) => lists::texts(list),
            (Takes::Pairs(_), Data::Table(entries)) => lists::pairs(entries),
            (Takes::Choices(words), Data::List(list)) => {
                let chosen = list.iter().map(|it| word(words, it.data.text()?));
                chosen.collect::<Option<_>>().map(some)
            }
            (Takes::Stages | Takes::UserStages, Data::List(list)) => {
                let all: Option<Vec<_>> = list.iter().map(stage_of_table).collect();
                self.stages(all.filter(|it| stages::sensible(it))?)
            }
            _ => None,
        }
    }

    fn stages(&self, stages: Vec<Stage>) -> Option<Value> {
        match self {
            Takes::UserStages => stages::users(&stages).map(Value::UserStages),
            _ => Some(Value::Stages(stages)),
        }
    }

    fn count_range(&self, low: u64, high: u64) -> Option<Value> {
        let Takes::CountRange { min, max } = self else { return None };
        let (low, high) = (u32::try_from(low).ok()?, u32::try_from(high).ok()?);
        (*min <= low && low <= high && high <= *max).then_some(Value::CountRange(low, high))
    }

    fn span(&self, span: Duration) -> Option<Value> {
        let Takes::Span { min, max, .. } = self else { return None };
        (*min..=*max).contains(&span).then_some(Value::Span(span))
    }

    fn span_range(&self, low: Duration, high: Duration) -> Option<Value> {
        let Takes::SpanRange { max } = self else { return None };
        (low <= high && high <= *max).then_some(Value::SpanRange(low, high))
    }
}

/// A number without the digits that say nothing.
fn show(number: f64) -> String {
    if number.fract() == 0.0 && (0.0..1e15).contains(&number) {
        units::count(number as u64)
    } else {
        number.to_string()
    }
}

/// A whole number, also where it is written with a point or an exponent (`50.0`, `1e6`).
fn whole(text: &str) -> Option<u64> {
    /// The last whole number up to which a float knows every one.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        ((0.0..=EXACT).contains(&number) && number.fract() == 0.0).then_some(number as u64)
    })
}

fn node_count(node: &Node) -> Option<u64> {
    match &node.data {
        Data::Number(text) => whole(text),
        _ => None,
    }
}

pub(super) fn some_text(text: &str) -> Option<&str> {
    (!text.is_empty() && !text.contains('\0')).then_some(text)
}

/// PostgreSQL cuts longer names off, keeps `pg_` for itself, and gives every session temporary
/// tables of its own.
fn schema(text: &str) -> Option<&str> {
    let is_servers = text.starts_with("pg_") || text == "information_schema";
    some_text(text).filter(|it| it.len() <= 63 && !is_servers)
}

fn word(words: &'static [&'static str], text: &str) -> Option<&'static str> {
    words.iter().find(|it| **it == text).copied()
}

/// Chosen words in order, each once.
fn some(mut words: Vec<&'static str>) -> Value {
    let mut seen = Vec::new();
    words.retain(|it| {
        !seen.contains(it) && {
            seen.push(*it);
            true
        }
    });
    Value::Choices(words)
}

fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// k6's own shape of a stage: `{"duration": "30s", "target": 100}`.
fn stage_of_table(node: &Node) -> Option<Stage> {
    let Data::Table(entries) = &node.data else { return None };
    let find = |name: &str| entries.iter().find(|it| it.key == name).map(|it| &it.value.data);
    match (entries.len(), find("duration")?, find("target")?) {
        (2, Data::Text(length), Data::Number(target)) => stages::make(length, target),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: Takes = Takes::Count { min: 1, max: 100_000 };
    const RATIO: Takes = Takes::Number { min: 0.0, max: 1.0 };

    #[test]
    fn numbers_outside_their_range_are_slips() {
        for text in ["0", "-5", "1000000", "1.5", "abc", "", "1e99", "NaN", "99999999999999999999"]
        {
            assert_eq!(COUNT.read_text(text), None, "{text:?}");
        }
        for text in ["-0.1", "1.0001", "NaN", "inf", "1e999", "x"] {
            assert_eq!(RATIO.read_text(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        for text in ["50", "50.0", "5e1"] {
            assert_eq!(COUNT.read_text(text), Some(Value::Count(50)), "{text:?}");
        }
    }

    #[test]
    fn a_word_may_stand_for_a_number() {
        let takes = Takes::NumberOr { min: 0.0, max: 20.0, word: "uniform" };
        assert_eq!(takes.read_text("uniform"), Some(Value::Choice("uniform")));
        assert_eq!(takes.read_text("1.5"), Some(Value::Number(1.5)));
        assert_eq!((takes.read_text("even"), takes.read_text("21")), (None, None));
    }

    #[test]
    fn the_servers_own_schemas_are_slips_and_odd_names_are_not() {
        for text in ["", "pg_temp", "pg_catalog", "information_schema", &"s".repeat(64)] {
            assert_eq!(Takes::Schema.read_text(text), None, "{text:?}");
        }
        for text in ["load", "Load \"test\"", "a.b", "schéma", " "] {
            assert_eq!(Takes::Schema.read_text(text), Some(Value::Text(text.to_owned())));
        }
    }

    #[test]
    fn an_inverted_range_is_a_slip() {
        let takes = Takes::SpanRange { max: Duration::from_secs(10) };
        assert!(takes.read_text("50ms-200ms").is_some());
        assert_eq!(takes.read_text("200ms-50ms"), None);
        assert_eq!(takes.read_text("1s-11s"), None);
    }

    #[test]
    fn a_word_chosen_twice_counts_once() {
        let takes = Takes::Choices(&["json", "md", "csv"]);
        assert_eq!(takes.read_text("csv, json,csv"), Some(Value::Choices(vec!["csv", "json"])));
        assert_eq!(takes.read_text("json,html"), None);
    }
}
