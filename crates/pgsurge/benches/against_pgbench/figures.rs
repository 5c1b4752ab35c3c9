//! Numbers of single runs, their medians, and what they are held against.

use crate::contender::Contender;
use std::collections::BTreeMap;

/// What one run came to.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Queries per second of the measured time.
    pub per_s: f64,
    /// CPU time of the client process per query, start and connecting included.
    pub cpu_us: f64,
    /// Of that, outside of the measured time; none where the client doesn't tell.
    pub beside_us: Option<f64>,
    /// The most memory that it had resident.
    pub peak_bytes: Option<u64>,
}

/// All runs of a benchmark by connections and contender, in order.
#[derive(Default)]
pub struct Book {
    runs: BTreeMap<(u32, Contender), Vec<Figures>>,
    failures: BTreeMap<(u32, Contender), String>,
}

impl Book {
    /// Takes one run; a failed one leaves its reason.
    pub fn add(&mut self, key: (u32, Contender), run: Result<Figures, String>) {
        match run {
            Ok(figures) => self.runs.entry(key).or_default().push(figures),
            Err(reason) => {
                self.failures.insert(key, reason);
            }
        }
    }

    /// The median over the rounds of one figure.
    pub fn median(
        &self,
        (connections, contender): (u32, Contender),
        figure: fn(&Figures) -> Option<f64>,
    ) -> Option<f64> {
        let runs = self.runs.get(&(connections, contender))?;
        median(runs.iter().filter_map(figure).collect())
    }

    /// Queries per second.
    pub fn per_s(&self, connections: u32, contender: Contender) -> Option<f64> {
        self.median((connections, contender), |run| Some(run.per_s))
    }

    /// CPU time per query.
    pub fn cpu_us(&self, connections: u32, contender: Contender) -> Option<f64> {
        self.median((connections, contender), |run| Some(run.cpu_us))
    }

    /// The most memory.
    pub fn peak_bytes(&self, connections: u32, contender: Contender) -> Option<f64> {
        self.median((connections, contender), |run| run.peak_bytes.map(|bytes| bytes as f64))
    }

    /// Why runs failed, each reason once, with who failed.
    pub fn failures(&self) -> Vec<String> {
        let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((connections, contender), reason) in &self.failures {
            reasons.entry(reason).or_default().push(format!("{contender} at {connections}"));
        }
        reasons.into_iter().map(|(reason, who)| format!("{}: {reason}", who.join(", "))).collect()
    }
}

/// The middle one; of an even number the mean of the two in the middle.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

/// What a figure is to be.
#[derive(Clone, Copy, Debug)]
pub enum Bar {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

/// A figure with its bar.
pub struct Row {
    /// What it is.
    pub what: String,
    /// What was measured, as text with its unit; none where it was not.
    pub shown: Option<String>,
    /// The same as a number.
    pub value: Option<f64>,
    /// What it is to be.
    pub bar: Bar,
    /// The bar's text.
    pub bar_shown: String,
}

impl Row {
    /// A ratio.
    pub fn ratio(what: impl Into<String>, value: Option<f64>, bar: Bar) -> Row {
        let bar_shown = match bar {
            Bar::AtMost(limit) => format!("≤ {limit:.2}"),
            Bar::AtLeast(limit) => format!("≥ {limit:.2}"),
        };
        let shown = value.map(|value| format!("{value:.2}"));
        Row { what: what.into(), shown, value, bar, bar_shown }
    }

    /// What came of it, in words.
    pub fn outcome(&self) -> String {
        let Some(value) = self.value else { return "not measured".to_owned() };
        let (kept, off) = match self.bar {
            Bar::AtMost(limit) => (value <= limit, value / limit - 1.0),
            Bar::AtLeast(limit) => (value >= limit, 1.0 - value / limit),
        };
        match kept {
            true => "ok".to_owned(),
            false => format!("**missed by {:.1} %**", off * 100.0),
        }
    }
}

/// A quotient, where both are known.
pub fn quotient(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    match (part, whole) {
        (Some(part), Some(whole)) if whole > 0.0 => Some(part / whole),
        _ => None,
    }
}
