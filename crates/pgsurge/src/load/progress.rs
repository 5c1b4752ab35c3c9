//! Progress of a run on standard error: one line that is drawn over, or a plain line now and then
//! where nobody watches.

use crate::messages::{Loudness, Messages};
use model::measured::Interval;
use model::plan::Plan;
use std::io::Write;
use std::time::Duration;

/// How often a line is told where it can't be drawn over.
const PLAIN: Duration = Duration::from_secs(10);

/// See the module.
pub struct Progress<'a> {
    plan: &'a Plan,
    messages: &'a Messages,
    terminal: bool,
    drawn: bool,
    next_s: f64,
}

impl<'a> Progress<'a> {
    /// Progress of `plan`; drawn over where there is a `terminal`.
    pub fn new(plan: &'a Plan, messages: &'a Messages, terminal: bool) -> Progress<'a> {
        Progress { plan, messages, terminal, drawn: false, next_s: 0.0 }
    }

    /// One more interval is known.
    pub fn interval(&mut self, interval: &Interval) {
        let Some(every) = self.plan.progress else { return };
        let every = if self.terminal { every } else { every.max(PLAIN) };
        let end_s = interval.start_s + interval.length_s;
        if end_s + 0.001 < self.next_s {
            return;
        }
        self.next_s = end_s + every.as_secs_f64();
        let line = quick(interval);
        if self.terminal {
            let _gone_terminal = write!(std::io::stderr().lock(), "\r\x1b[K{line}");
            self.drawn = true;
        } else if self.messages.loudness() > Loudness::Quiet {
            self.messages.info(&line);
        }
    }

    /// The run is over: what comes next begins on a line of its own.
    pub fn finish(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _gone_terminal = writeln!(std::io::stderr().lock());
        }
    }
}

fn quick(i: &Interval) -> String {
    let a = i.all_actions();
    format!(
        "{:.0} s  {} ok {} failed  p50 {:?} p99 {:?} ms",
        i.start_s,
        a.counts.succeeded,
        a.counts.failed,
        a.response.quantile_ms(0.5),
        a.response.quantile_ms(0.99)
    )
}
