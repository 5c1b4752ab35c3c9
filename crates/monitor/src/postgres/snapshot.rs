//! Everything cumulative at one moment. Each part is read by itself, and fails alone.

use super::activity::Slots;
use super::counters::Counters;
use super::grouped::Grouped;
use super::io::{self, Io};
use super::look::Look;
use super::session::{Cost, Session};
use super::tables::{self, Sizes};
use super::vacuum::{self, Freeze};
use super::wal::{Checkpoints, Wal};
use super::{database, ends};
use crate::timeline::Timeline;
use model::database_metrics::{Section, Unread};
use std::time::Instant;

/// One part, and when it was read.
#[derive(Clone, Debug)]
pub(super) struct Part<T> {
    at: Instant,
    read: Result<T, Unread>,
}

impl<T> Part<T> {
    pub(super) fn read(
        session: &mut Session,
        how: impl FnOnce(&mut Session) -> Result<T, Unread>,
    ) -> Part<T> {
        let read = how(session);
        Part { at: Instant::now(), read }
    }

    /// When it was read.
    pub(super) fn at(&self) -> Instant {
        self.at
    }

    /// What was read, or why it could not be.
    pub(super) fn result(&self) -> Result<&T, &Unread> {
        self.read.as_ref()
    }

    pub(super) fn ok(&self) -> Option<&T> {
        self.read.as_ref().ok()
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// What is read every ten seconds as well.
    pub(super) look: Look,
    pub(super) database: Part<Counters>,
    /// Our own statements before those counters were read.
    own: Cost,
    pub(super) wal: Part<Wal>,
    pub(super) checkpoints: Part<Checkpoints>,
    pub(super) conflicts: Part<Counters>,
    pub(super) io: Part<Io>,
    pub(super) slru: Part<Grouped>,
    pub(super) sizes: Part<Sizes>,
    pub(super) size: Part<f64>,
    pub(super) settings: Part<ends::Settings>,
    pub(super) slots: Part<Slots>,
    pub(super) freeze: Part<Freeze>,
}

impl Snapshot {
    /// Reads all parts, one after the other.
    pub(super) fn take(session: &mut Session) -> Snapshot {
        let look = Look::take(session);
        let sizes = Part::read(session, tables::sizes);
        let wal = Part::read(session, Wal::read);
        let checkpoints = Part::read(session, Checkpoints::read);
        let conflicts = Part::read(session, database::conflicts);
        let io = Part::read(session, io::read);
        let slru = Part::read(session, io::slru);
        let size = Part::read(session, ends::size);
        let settings = Part::read(session, ends::settings);
        let slots = Part::read(session, Slots::read);
        let freeze = Part::read(session, vacuum::freeze);
        flush(session);
        let own = session.cost;
        let database = Part::read(session, database::read);
        Snapshot {
            look,
            database,
            own,
            wal,
            checkpoints,
            conflicts,
            io,
            slru,
            sizes,
            size,
            settings,
            slots,
            freeze,
        }
    }

    /// Whether the server could be asked at all.
    pub(super) fn is_there(&self) -> bool {
        self.look.epoch.read.is_ok()
    }

    /// What our own statements came to since `earlier`.
    pub(super) fn own_since(&self, earlier: &Snapshot) -> Cost {
        self.own.since(&earlier.own)
    }
}

/// Two looks with the window between them.
pub(super) struct Span<'a> {
    pub(super) begin: &'a Snapshot,
    pub(super) end: &'a Snapshot,
    pub(super) timeline: &'a Timeline,
    /// When the load ended.
    pub(super) ended: Instant,
}

impl Span<'_> {
    /// Both looks at one part, where there are two and the server was the same one: counters of a
    /// server that was started anew meanwhile can't be compared.
    pub(super) fn both<T>(&self, of: fn(&Snapshot) -> &Part<T>) -> Result<(&T, &T), Unread> {
        let (begin, end) = (of(self.begin), of(self.end));
        let (then, now) = match (&begin.read, &end.read) {
            (Ok(then), Ok(now)) => (then, now),
            (Err(unread), _) => return Err(named(unread, "before the load")),
            (_, Err(unread)) => return Err(named(unread, "after the load")),
        };
        let (earlier, later) = (self.begin.look.epoch.ok(), self.end.look.epoch.ok());
        if let (Some(earlier), Some(later)) = (earlier, later) {
            later.same_server(earlier)?;
        }
        Ok((then, now))
    }

    /// When a part was read at both ends, in seconds since measuring began.
    pub(super) fn window<T>(&self, of: fn(&Snapshot) -> &Part<T>) -> (f64, f64) {
        let seconds = |snapshot| self.timeline.seconds(of(snapshot).at);
        (seconds(self.begin), seconds(self.end))
    }

    /// When the load ended, in seconds since measuring began.
    pub(super) fn load_end_s(&self) -> f64 {
        self.timeline.seconds(self.ended)
    }

    /// The measured time, as far as it has come: that of the samples.
    pub(super) fn sampled_window(&self) -> (f64, f64) {
        let end = self.timeline.planned_end.min(self.ended);
        (0.0, self.timeline.seconds(end))
    }

    /// A section made of one part.
    pub(super) fn section<T, S>(
        &self,
        of: fn(&Snapshot) -> &Part<T>,
        make: impl FnOnce(&T, &T) -> Result<S, Unread>,
    ) -> Section<S> {
        match self.both(of).and_then(|(then, now)| make(then, now)) {
            Ok(made) => Section::read(made, self.window(of)),
            Err(unread) => Section::unread(unread),
        }
    }
}

/// The same with the moment that it is about; a server's version is the same at all of them.
pub(super) fn named(unread: &Unread, when: &str) -> Unread {
    if Unread::is_of_version(&unread.reason) {
        return unread.clone();
    }
    Unread { status: unread.status, reason: format!("{} ({when})", unread.reason) }
}

/// Lets the server count our own statements at once (since version 15), so that they can be taken
/// out of what it counted.
fn flush(session: &mut Session) {
    if session.catalogue().has("pg_stat_force_next_flush") {
        let what = "whether counters are up to date";
        let _told_by_what_follows =
            session.query(what, "SELECT pg_catalog.pg_stat_force_next_flush()", &[]);
    }
}
