//! Sections made of many looks at the sessions.

use super::activity::Tally;
use super::database;
use super::session::Session;
use super::snapshot::Span;
use model::database_metrics::{
    ConnectionStats, LockContention, LockMoment, Section, Unread, WaitEvents,
};

/// The looks of the measured time.
pub(super) struct Sampled<'a> {
    pub(super) span: &'a Span<'a>,
    pub(super) tally: &'a Tally,
    /// When they were; else why there was none.
    window: Result<(f64, f64), Unread>,
    user: String,
}

impl<'a> Sampled<'a> {
    pub(super) fn new(session: &Session, span: &'a Span<'a>, tally: &'a Tally) -> Sampled<'a> {
        let window = match tally.samples {
            0 => Err(session.no_samples()),
            _ => Ok(span.sampled_window()),
        };
        Sampled { span, tally, window, user: session.user().to_owned() }
    }

    /// What could not be seen of other users' sessions.
    fn gap(&self) -> Option<Unread> {
        self.tally.gap(&self.user)
    }

    pub(super) fn section<S>(&self, make: impl FnOnce() -> Result<S, Unread>) -> Section<S> {
        match self.window.clone().and_then(|window| Ok((window, make()?))) {
            Ok((window, made)) => Section::read(made, window),
            Err(unread) => Section::unread(unread),
        }
    }

    pub(super) fn connection_stats(&self) -> Section<ConnectionStats> {
        let slots = self.span.end.slots.ok().or(self.span.begin.slots.ok()).copied();
        let no_slots = || Unread::missing("the server does not say its slots");
        let made = || Ok(self.tally.connection_stats(slots.ok_or_else(no_slots)?));
        self.section(made).with_gap(self.gap())
    }

    pub(super) fn wait_events(&self) -> Section<WaitEvents> {
        self.section(|| Ok(self.tally.wait_events())).with_gap(self.gap())
    }

    pub(super) fn locks(&self, worst: Option<LockMoment>) -> Section<LockContention> {
        let counters = self.span.both(|it| &it.database).and_then(|(then, now)| now.since(then));
        let mut section = self.section(|| {
            Ok(LockContention {
                samples: self.tally.samples,
                waiting_sessions: self.tally.waiting_sessions(),
                deadlocks: counters.as_ref().ok().and_then(database::deadlocks),
                worst,
            })
        });
        if let (Some(_), Err(unread)) = (&section.data, counters) {
            section.reason = Some(format!("no deadlocks: {unread}"));
        }
        section
    }
}
