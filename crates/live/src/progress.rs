//! The progress line: elapsed, offered, achieved, percentiles, errors, time left.

use model::histogram::Histogram;
use model::measured::Interval;
use model::sample::Phase;
use model::units::{count, decimal, duration, milliseconds, several};

/// How long a run is meant to last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Length {
    /// The warm-up.
    pub warm_up_s: f64,
    /// The measured time after it.
    pub duration_s: f64,
    /// Measured actions after which it ends, where a count ends it.
    pub actions: Option<u64>,
    /// Whether users come and go, so that their number is worth a word.
    pub users: bool,
}

/// A schedule this far behind is worth a word.
const BEHIND_S: f64 = 1.0;
/// From this width on, a line has room for words.
const WIDE: usize = 100;

/// What a line tells of.
#[derive(Clone, Debug, Default)]
struct Window {
    length_s: f64,
    offered: Option<f64>,
    succeeded: u64,
    response: Histogram,
}

impl Window {
    fn add(&mut self, interval: &Interval) {
        let all = interval.all_actions();
        self.length_s += interval.length_s;
        self.succeeded += all.counts.succeeded;
        self.response.merge(&all.response);
        if let Some(offered) = interval.offered {
            *self.offered.get_or_insert(0.0) += offered;
        }
    }

    fn clear(&mut self) {
        (self.length_s, self.offered, self.succeeded) = (0.0, None, 0);
        self.response.clear();
    }

    fn per_s(&self, count: f64) -> String {
        if self.length_s > 0.0 { decimal(count / self.length_s) } else { "-".to_owned() }
    }
}

/// Where in the run an interval lies.
#[derive(Clone, Copy, Debug, PartialEq)]
struct At {
    /// Seconds since the start of the warm-up, at the interval's end.
    end_s: f64,
    phase: Phase,
    grace: bool,
    behind_s: f64,
    connected: u64,
}

/// Follows a run, interval by interval.
#[derive(Clone, Debug)]
pub struct Progress {
    length: Length,
    at: Option<At>,
    errors: u64,
    /// Measured actions that have begun.
    scheduled: u64,
    last: Window,
    since_plain: Window,
}

impl Progress {
    /// Follows a run of that length.
    pub fn new(length: Length) -> Progress {
        let (last, since_plain) = (Window::default(), Window::default());
        Progress { length, at: None, errors: 0, scheduled: 0, last, since_plain }
    }

    /// Takes the next interval.
    pub fn interval(&mut self, interval: &Interval) {
        self.at = Some(At {
            end_s: interval.start_s + interval.length_s,
            phase: interval.phase,
            grace: interval.grace,
            behind_s: interval.behind_s.unwrap_or(0.0),
            connected: interval.connected,
        });
        if interval.phase == Phase::Measured {
            self.scheduled += interval.counts().scheduled;
        }
        self.errors += interval.failures.total();
        self.last.clear();
        self.last.add(interval);
        self.since_plain.add(interval);
    }

    /// The line for a terminal of `width` columns, about the last interval; what does not fit is
    /// left out from its end.
    pub fn line(&self, width: usize) -> String {
        // The last column stays free: some terminals break the line when it is written.
        let room = width.saturating_sub(1);
        let mut parts = self.describe(&self.last, width >= WIDE);
        while parts.len() > 1 && parts.join("  ").chars().count() > room {
            parts.pop();
        }
        parts.join("  ").chars().take(room).collect()
    }

    /// The line for a log, about the time since the one before; none until `every_s` have gone by.
    pub fn plain(&mut self, every_s: f64) -> Option<String> {
        // Intervals are about a second: half of one is less than any of them is off.
        if self.since_plain.length_s + 0.5 < every_s {
            return None;
        }
        let line = self.describe(&self.since_plain, true).join("  ");
        self.since_plain.clear();
        Some(line)
    }

    fn describe(&self, window: &Window, words: bool) -> Vec<String> {
        let Some(at) = self.at else { return vec!["connecting".to_owned()] };
        let achieved = window.per_s(window.succeeded as f64);
        let rates = match (window.offered.map(|offered| window.per_s(offered)), words) {
            (Some(offered), true) => format!("offered {offered}/s  achieved {achieved}/s"),
            (Some(offered), false) => format!("{achieved} of {offered}/s"),
            (None, true) => format!("achieved {achieved}/s"),
            (None, false) => format!("{achieved}/s"),
        };
        let errors = match words {
            true => several(self.errors, "error"),
            false => format!("{} err", count(self.errors)),
        };
        let mut parts = vec![self.elapsed(at), rates, percentiles(&window.response), errors];
        if self.length.users {
            parts.insert(1, several(at.connected, "user"));
        }
        if at.behind_s >= BEHIND_S {
            parts.push(format!("{} behind", duration(at.behind_s)));
        }
        parts.extend(self.left(at));
        parts
    }

    fn elapsed(&self, at: At) -> String {
        match (at.phase, at.grace) {
            (Phase::WarmUp, _) => format!("warm-up {}", duration(at.end_s)),
            (Phase::Measured, false) => duration(at.end_s - self.length.warm_up_s),
            (Phase::Measured, true) => "ending".to_owned(),
        }
    }

    fn left(&self, at: At) -> Option<String> {
        let until_s = self.length.warm_up_s + self.length.duration_s - at.end_s;
        let left_s = match self.length.actions {
            Some(actions) => {
                if self.scheduled == 0 {
                    return None;
                }
                // As fast as so far.
                let each_s = (at.end_s - self.length.warm_up_s) / self.scheduled as f64;
                (actions.saturating_sub(self.scheduled) as f64 * each_s).min(until_s)
            }
            None => until_s,
        };
        (!at.grace).then(|| format!("ETA {}", duration(left_s)))
    }
}

fn percentiles(response: &Histogram) -> String {
    let named = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];
    let parts = named.map(|(name, quantile)| {
        let value = response.quantile_ms(quantile);
        format!("{name} {}", value.map_or_else(|| "-".to_owned(), milliseconds))
    });
    parts.join("  ")
}

/// `line` as it must be written to stand where the last one stood.
pub fn redrawn(line: &str) -> String {
    format!("\r\x1b[K{line}")
}

#[cfg(test)]
mod tests;
