//! Where a result goes and in which formats.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The files of one result. The JSON is always there: the others can be made from it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// The JSON document; other formats share its stem.
    pub path: PathBuf,
    /// What is written at the end; JSON is always among them, first.
    pub formats: Vec<Format>,
    /// Whether the series keep every operation for every second.
    pub include_raw_data: bool,
    /// Whether files that exist may be replaced.
    pub force: bool,
    /// A line per action; none where nobody wants one.
    #[serde(default)]
    pub log: Option<ActionLog>,
}

/// A file with a line per action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionLog {
    /// The file.
    pub path: PathBuf,
    /// The share of actions that get a line, above 0 and up to 1.
    pub sampling_rate: f64,
}

/// A format of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The result itself.
    Json,
    /// A summary for people.
    #[serde(rename = "md")]
    Markdown,
    /// A wide summary, and a long series beside it.
    Csv,
}

impl Format {
    /// Every format, in the order they are written.
    pub const ALL: [Format; 3] = [Format::Json, Format::Markdown, Format::Csv];

    /// The word in `--format`, which is also the ending of its file.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Markdown => "md",
            Format::Csv => "csv",
        }
    }
}

impl Output {
    /// Every file that the run will leave, with its format.
    pub fn files(&self) -> Vec<(Format, PathBuf)> {
        let mut files = Vec::new();
        for format in &self.formats {
            match format {
                Format::Json => files.push((*format, self.path.clone())),
                Format::Markdown => files.push((*format, self.path.with_extension("md"))),
                Format::Csv => {
                    files.push((*format, self.path.with_extension("csv")));
                    files.push((*format, self.series_csv()));
                }
            }
        }
        files
    }

    /// The CSV of the series, beside the one of the summary.
    pub fn series_csv(&self) -> PathBuf {
        self.path.with_extension("series.csv")
    }

    /// The record of a run that is under way, or was killed.
    pub fn partial(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".partial");
        PathBuf::from(name)
    }

    /// The folder of all of them.
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}
