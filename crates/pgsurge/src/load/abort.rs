//! The end of a load at its first broken limit, where the plan wants that.
//!
//! It ends as by a first signal: actions in flight get their grace, what is stored is verified, and
//! what was added is removed. Which limits can be judged early is for `analyze` to say.

use super::interrupt::Interrupt;
use crate::messages::Messages;
use analyze::thresholds::early::Early;
use analyze::thresholds::of_plan;
use engine::Control;
use model::catalog::Catalog;
use model::event::{Event, EventKind};
use model::measured::{Interval, Measured};
use model::plan::{Plan, Shape};
use model::series::Line;

/// See the module.
pub struct Abort<'a> {
    early: Early,
    warm_up_s: f64,
    control: &'a Control,
    messages: &'a Messages,
    /// What ended the load.
    ended: Option<Event>,
}

impl<'a> Abort<'a> {
    /// Of a plan; none where limits are for the end alone. Who counts on one that can't end the load
    /// is told before it starts.
    pub fn of_plan(
        plan: &Plan,
        catalog: &Catalog,
        interrupt: &'a Interrupt,
        messages: &'a Messages,
    ) -> Option<Abort<'a>> {
        let grace_s = plan.abort_grace?.as_secs_f64();
        // They were read when the plan was made.
        let limits = of_plan(&plan.thresholds, &plan.threshold_expressions).unwrap_or_default();
        let is_closed = matches!(plan.shape, Shape::Closed { .. });
        let early = Early::new(limits, catalog, (grace_s, is_closed));
        if !early.at_end().is_empty() {
            messages.warn(&left_to_the_end(early.at_end()));
        }
        let (warm_up_s, control) = (plan.warm_up.as_secs_f64(), interrupt.control());
        Some(Abort { early, warm_up_s, control, messages, ended: None })
    }

    /// One more line of the monitor.
    pub fn line(&mut self, line: &Line) {
        match line {
            Line::Server(row) => self.early.server(row),
            Line::Host(row) => self.early.host(row),
            _ => {}
        }
    }

    /// One more second of the load: ends it if a limit is broken.
    pub fn interval(&mut self, interval: &Interval) {
        self.early.interval(interval);
        if self.ended.is_some() || interval.grace {
            return;
        }
        let Some(text) = self.early.broken() else { return };
        self.control.stop();
        self.messages.warn(&text);
        let at_s = interval.start_s + interval.length_s - self.warm_up_s;
        self.ended = Some(Event { at_s, kind: EventKind::Aborted, text });
    }

    /// Puts down that the load ended by this and not by the user, if it did.
    pub fn note(self, interrupt: &Interrupt, measured: &mut Measured) {
        let Some(event) = self.ended else { return };
        measured.events.push(event);
        measured.events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        measured.interrupted &= interrupt.once().is_raised();
    }
}

fn left_to_the_end(names: &[String]) -> String {
    format!(
        "these limits are judged at the end and don't abort the load: {} (response times, failures \
         and what the monitor sees every second can)",
        names.join(", ")
    )
}
