//! Who hears of each second of a load: the record, the stages, the progress line, the monitor, the
//! action log.

use super::abort::Abort;
use super::action_log::ActionLog;
use super::journal::Journal;
use super::progress::Progress;
use super::watching::{self, Watching};
use engine::Notes;
use model::measured::Interval;
use model::run_result::StageTracker;
use std::time::Instant;

/// Everyone, in the order in which they are told.
pub struct Observers<'a> {
    pub journal: Journal,
    pub stages: StageTracker,
    pub progress: Progress<'a>,
    /// Where single actions are written, if they are.
    pub log: Option<ActionLog>,
    pub watching: &'a Watching,
    /// What ends the load before its time, if anything may.
    pub abort: Option<Abort<'a>>,
    /// Of whoever started the load.
    pub watch: &'a dyn Fn(&Interval),
}

impl engine::Observer for Observers<'_> {
    fn begins(&mut self, at: Instant) {
        self.watching.begins(at);
    }

    fn interval(&mut self, interval: &Interval) {
        self.journal.interval(interval);
        let Observers { watching, journal, abort, stages, .. } = self;
        watching.record(|line| {
            abort.iter_mut().for_each(|it| it.line(&line));
            watching::keep(&line, journal, stages);
        });
        self.stages.interval(interval);
        self.progress.interval(interval);
        self.abort.iter_mut().for_each(|it| it.interval(interval));
        (self.watch)(interval);
    }

    fn actions(&mut self, notes: Notes) {
        if let Some(log) = &mut self.log {
            log.take(notes);
        }
    }
}
