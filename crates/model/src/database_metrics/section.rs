//! What all sections have in common: a status, a reason, a window.

use serde::{Deserialize, Serialize};

/// Whether a section could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was read.
    Ok,
    /// The user may not see it, or not all of it: the reason names the GRANT that helps.
    NoPrivilege,
    /// It is not there: no such view, no connection, a counter that was reset.
    #[default]
    Missing,
    /// The server did not answer in time.
    Timeout,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unread {
    /// What kind of reason.
    pub status: Status,
    /// In words, for a reader.
    pub reason: String,
}

impl Unread {
    /// Something that is not there.
    pub fn missing(reason: impl Into<String>) -> Unread {
        Unread { status: Status::Missing, reason: reason.into() }
    }

    /// What a reason says of something that is not in the server's version.
    pub const NOT_IN_VERSION: &str = "this server has no ";

    /// Something that the server's version does not have; `since` says which has.
    pub fn not_in_version(what: &str, since: &str) -> Unread {
        Unread::missing(format!("{}{what}: {since}", Unread::NOT_IN_VERSION))
    }

    /// Whether a reason is the server's version: nothing is wrong then, and nothing helps but
    /// another one.
    pub fn is_of_version(reason: &str) -> bool {
        reason.contains(Unread::NOT_IN_VERSION)
    }
}

/// One subject: its numbers, or why there are none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Section<T> {
    /// Whether it could be read.
    #[serde(default)]
    pub status: Status,
    /// Why not, or what part of it could not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When its window began, seconds since measuring began; negative in the warm-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_s: Option<f64>,
    /// When its window ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_s: Option<f64>,
    /// The numbers.
    #[serde(flatten)]
    pub data: Option<T>,
}

impl<T> Default for Section<T> {
    fn default() -> Section<T> {
        let (from_s, to_s) = (None, None);
        Section { status: Status::Missing, reason: None, from_s, to_s, data: None }
    }
}

impl<T> Section<T> {
    /// A section that was read, over a window in seconds since measuring began.
    pub fn read(data: T, (from_s, to_s): (f64, f64)) -> Section<T> {
        let (from_s, to_s) = (Some(from_s), Some(to_s));
        Section { status: Status::Ok, reason: None, from_s, to_s, data: Some(data) }
    }

    /// A section that could not be read.
    pub fn unread(unread: Unread) -> Section<T> {
        Section { status: unread.status, reason: Some(unread.reason), ..Section::default() }
    }

    /// The same, with a word on what part of it could not be seen.
    pub fn with_gap(mut self, gap: Option<Unread>) -> Section<T> {
        if let Some(gap) = gap {
            let before = self.reason.map(|it| format!("{it}; "));
            self.reason = Some(before.unwrap_or_default() + &gap.reason);
            self.status = gap.status;
        }
        self
    }

    /// The numbers, where there are any.
    pub fn data(&self) -> Option<&T> {
        self.data.as_ref()
    }
}

/// A value over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeanMax {
    /// Its mean.
    pub mean: f64,
    /// Its largest.
    pub max: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_reads_back_as_it_was_written() {
        let read = Section::read(MeanMax { mean: 1.5, max: 3.0 }, (-1.0, 2.5));
        let unread = Section::<MeanMax>::unread(Unread::missing("it is not there"));
        for section in [read, unread, Section::default()] {
            let text = serde_json::to_string(&section).unwrap();
            assert_eq!(serde_json::from_str::<Section<MeanMax>>(&text).unwrap(), section, "{text}");
        }
    }

    #[test]
    fn what_is_absent_has_no_number_in_the_file() {
        let unread = Section::<MeanMax>::unread(Unread::missing("it is not there"));
        let text = serde_json::to_string(&unread).unwrap();
        assert_eq!(text, r#"{"status":"missing","reason":"it is not there"}"#);
    }
}
