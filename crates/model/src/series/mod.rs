//! Values over time: as they stand in a result, and on the way there.
//!
//! While a run goes on its series goes to disk line by line (`line`, `encoder`); at the end it is
//! turned into columns, one [`Series`] each. Nothing here keeps a run in memory.

mod busiest;
mod encoder;
mod line;
mod operation;
mod watched;

pub use busiest::{Busiest, BusiestRow, IndexWindow, StatementWindow, TableWindow};
pub use encoder::SeriesEncoder;
pub use line::{EndRow, Header, IntervalRow, Line, LineError, StatementName};
pub use operation::{ActionRow, StatementRow};
pub use watched::{HostRow, PoolerRow, ServerRow};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One value of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Point {
    /// A number in the series' unit.
    Number(f64),
    /// A histogram (HDR V2, base64), or words where the unit says so.
    Text(String),
}

/// What a series is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct SeriesName {
    /// What it measures (`response_time_p99_ms`).
    pub metric: String,
    /// Of what (`action: play_card`); nothing for the whole run.
    pub labels: BTreeMap<String, String>,
    /// The unit of its values; `hdr_v2_us` for histograms of µs, `text` for words.
    pub unit: String,
}

impl SeriesName {
    /// A series of the whole run.
    pub fn new(metric: &str, unit: &str) -> SeriesName {
        let (metric, unit) = (metric.to_owned(), unit.to_owned());
        SeriesName { metric, labels: BTreeMap::new(), unit }
    }

    /// The same of a part of it.
    pub fn of(mut self, label: &str, value: &str) -> SeriesName {
        self.labels.insert(label.to_owned(), value.to_owned());
        self
    }
}

/// One metric over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Series {
    /// What it is of.
    #[serde(flatten)]
    pub name: SeriesName,
    /// When each interval began, seconds since measuring began; negative in the warm-up.
    pub t: Vec<f64>,
    /// The values, as many as times.
    pub v: Vec<Point>,
}

#[cfg(test)]
mod tests;
