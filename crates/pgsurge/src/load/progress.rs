//! Progress of a run on standard error: one line that is drawn over, or a plain line now
//! and then where nobody watches. What the lines say is decided in `live`; here they are printed.

use crate::messages::Messages;
use live::Length;
use model::measured::Interval;
use model::plan::{Plan, Shape};
use std::io::Write;

/// Columns where the terminal does not say.
const COLUMNS: usize = 80;

/// See the module.
pub struct Progress<'a> {
    messages: &'a Messages,
    follow: live::Progress,
    /// How often a line is drawn, s; none stays silent.
    every_s: Option<f64>,
    /// Columns of the terminal to draw on, where there is one.
    columns: Option<usize>,
    next_s: f64,
    drawn: bool,
}

impl<'a> Progress<'a> {
    /// Progress of `plan`. `terminal`: lines may be drawn over.
    pub fn new(plan: &Plan, messages: &'a Messages, terminal: bool) -> Progress<'a> {
        let length = Length {
            warm_up_s: plan.warm_up.as_secs_f64(),
            duration_s: plan.duration.as_secs_f64(),
            actions: plan.transactions.map(|each| each.saturating_mul(plan.connections.into())),
            users: matches!(plan.shape, Shape::Closed { user_stages: Some(_), .. }),
        };
        let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Progress {
            messages,
            follow: live::Progress::new(length),
            every_s: plan.progress.map(|every| every.as_secs_f64()),
            columns: terminal.then(|| columns.unwrap_or(COLUMNS)),
            next_s: 0.0,
            drawn: false,
        }
    }

    /// One more interval is known.
    pub fn interval(&mut self, interval: &Interval) {
        self.follow.interval(interval);
        let Some(every_s) = self.every_s else { return };
        let Some(columns) = self.columns else {
            if let Some(line) = self.follow.plain(every_s) {
                self.messages.info(&line);
            }
            return;
        };
        let end_s = interval.start_s + interval.length_s;
        // Intervals are about a second: half of one is less than any of them is off.
        if end_s + 0.5 >= self.next_s {
            self.next_s = end_s + every_s;
            let line = live::redrawn(&self.follow.line(columns));
            // A terminal that is gone must not end a run.
            let _gone = std::io::stderr().lock().write_all(line.as_bytes());
            self.drawn = true;
        }
    }

    /// The run is over: what comes next begins on a line of its own.
    pub fn finish(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _gone = writeln!(std::io::stderr().lock());
        }
    }
}
