//! What many looks while load ran came to: sessions ten times a second, replication and vacuum
//! once a second.

use super::activity::Sample;
use super::blocking::Worst;
use super::idle::Longest;
use super::replication::Replicating;
use super::session::Session;
use super::tally::Tally;
use super::vacuum::Vacuuming;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Observed {
    pub(super) tally: Tally,
    pub(super) worst: Worst,
    pub(super) longest: Longest,
    pub(super) replicating: Replicating,
    pub(super) vacuuming: Vacuuming,
}

impl Observed {
    /// Adds a sample of the measured time, and looks closer where it is worse than all before.
    pub(super) fn sample(&mut self, session: &mut Session, at_s: f64, sample: &Sample) {
        self.tally.add(sample);
        self.worst.look(session, at_s, sample.waiting());
        self.longest.look(session, at_s, sample.idle);
    }

    /// Looks at what changes slowly. What can't be read now is read in the next second.
    pub(super) fn second(&mut self, session: &mut Session, at_s: f64) {
        self.replicating.look(session);
        self.vacuuming.look(session, at_s);
    }
}
