//! Values by who gave them, and which of them holds: flags beat environment beats file beats
//! defaults.

use super::keys::Key;
use super::source::Source;
use super::value::Value;
use model::plan::Part;
use std::time::Duration;

/// A value that somebody gave.
#[derive(Clone, Debug)]
pub struct Given {
    /// Of which setting.
    pub key: &'static Key,
    /// The value.
    pub value: Value,
    /// Who and where.
    pub source: Source,
}

/// Everything that one of the flags, the environment or a file gave; each setting once.
#[derive(Clone, Debug, Default)]
pub struct Layer(Vec<Given>);

impl Layer {
    /// Adds a value; of a setting that may be repeated, to what it has.
    pub fn push(&mut self, given: Given) {
        match self.0.iter_mut().find(|it| std::ptr::eq(it.key, given.key)) {
            Some(earlier) => earlier.value.extend(given.value),
            None => self.0.push(given),
        }
    }

    /// Takes a value out again.
    pub fn remove(&mut self, key: &Key) -> Option<Given> {
        let at = self.0.iter().position(|it| std::ptr::eq(it.key, key))?;
        Some(self.0.remove(at))
    }

    /// The value of a setting.
    pub fn find(&self, key: &Key) -> Option<&Given> {
        self.0.iter().find(|it| std::ptr::eq(it.key, key))
    }
}

/// All layers, the strongest first.
#[derive(Clone, Debug, Default)]
pub struct Layers(pub Vec<Layer>);

/// The value of a setting that holds.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The value; none where nobody gave one and there is no fixed default.
    pub value: Option<Value>,
    /// Who gave it.
    pub source: Source,
}

impl Layers {
    /// What holds for a setting.
    pub fn effective(&self, key: &Key) -> Effective {
        match self.given(key) {
            Some(it) => Effective { value: Some(it.value.clone()), source: it.source.clone() },
            None => Effective { value: key.default_value(), source: Source::Default },
        }
    }

    /// The strongest value that somebody gave.
    pub fn given(&self, key: &Key) -> Option<&Given> {
        self.0.iter().find_map(|layer| layer.find(key))
    }

    /// How strong the strongest giver of a setting is: 0 for flags; none where nobody gave it.
    pub fn rank(&self, key: &Key) -> Option<usize> {
        self.0.iter().position(|layer| layer.find(key).is_some())
    }

    /// Who gave what holds.
    pub fn source(&self, key: &Key) -> Source {
        self.effective(key).source
    }

    /// A whole number.
    pub fn count(&self, key: &Key) -> Option<u64> {
        match self.effective(key).value? {
            Value::Count(n) => Some(n),
            _ => None,
        }
    }

    /// A whole number of a setting whose range ends below 2^32.
    pub fn small_count(&self, key: &Key) -> Option<u32> {
        self.count(key).and_then(|n| u32::try_from(n).ok())
    }

    /// A number; none also where it is switched off.
    pub fn number(&self, key: &Key) -> Option<f64> {
        match self.effective(key).value? {
            Value::Number(n) => Some(n),
            _ => None,
        }
    }

    /// Two whole numbers.
    pub fn count_range(&self, key: &Key) -> Option<(u32, u32)> {
        match self.effective(key).value? {
            Value::CountRange(low, high) => Some((low, high)),
            _ => None,
        }
    }

    /// A length of time.
    pub fn span(&self, key: &Key) -> Option<Duration> {
        match self.effective(key).value? {
            Value::Span(span) => Some(span),
            _ => None,
        }
    }

    /// Two lengths of time.
    pub fn span_range(&self, key: &Key) -> Option<(Duration, Duration)> {
        match self.effective(key).value? {
            Value::SpanRange(low, high) => Some((low, high)),
            _ => None,
        }
    }

    /// A text, also one that is not to be shown.
    pub fn text(&self, key: &Key) -> Option<String> {
        match self.effective(key).value? {
            Value::Text(text) => Some(text),
            Value::Secret(secret) => Some(secret.expose().to_owned()),
            _ => None,
        }
    }

    /// One of a few words.
    pub fn choice(&self, key: &Key) -> Option<&'static str> {
        match self.effective(key).value? {
            Value::Choice(word) => Some(word),
            _ => None,
        }
    }

    /// Any number of texts.
    pub fn texts(&self, key: &Key) -> Vec<String> {
        match self.effective(key).value {
            Some(Value::Texts(texts)) => texts,
            _ => Vec::new(),
        }
    }

    /// Any number of names with their texts.
    pub fn pairs(&self, key: &Key) -> Vec<(String, String)> {
        match self.effective(key).value {
            Some(Value::Pairs(pairs)) => pairs,
            _ => Vec::new(),
        }
    }

    /// Workloads with their weights.
    pub fn mix(&self, key: &Key) -> Option<Vec<Part>> {
        match self.effective(key).value? {
            Value::Mix(parts) => Some(parts),
            _ => None,
        }
    }

    /// Some of a few words.
    pub fn choices(&self, key: &Key) -> Option<Vec<&'static str>> {
        match self.effective(key).value? {
            Value::Choices(words) => Some(words),
            _ => None,
        }
    }

    /// Yes or no; no where nobody said.
    pub fn switch(&self, key: &Key) -> bool {
        matches!(self.effective(key).value, Some(Value::Switch(true)))
    }
}
