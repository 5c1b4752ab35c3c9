//! What kept the server busy, window by window: a look at statements, tables and indexes when one
//! is due, its difference to the one before, and the few with the most to do as a line of the
//! record. Only the last look is kept, so a long run takes no more memory than a short one.

mod borders;
mod known;
mod parts;
mod relations;
mod statements;

use super::look::Look;
use super::session::Session;
use super::snapshot::{Part, named};
use crate::timeline::{Timeline, Watched, round};
use known::Known;
use model::database_metrics::{Section, StatementsOverTime, Unread};
use model::run_result::StagePlan;
use model::series::{Busiest as Few, BusiestRow, Line};
use parts::Parts;
use statements::Added;
use std::time::Instant;

/// How many of each kind a window names.
const SHOWN: usize = 10;
/// A window shorter than this is none: the load ended with the window before.
const NOTHING_S: f64 = 0.05;

/// See the module.
pub(super) struct Busiest {
    stages: Vec<StagePlan>,
    /// When the next look is due, seconds since measuring began.
    due_s: f64,
    /// The last one; none in the first window, which begins with the measured time.
    last: Option<Look>,
    known: Known,
    parts: Parts,
}

impl Busiest {
    pub(super) fn new(watched: &Watched) -> Busiest {
        let mut stages = watched.stages.clone();
        if stages.is_empty() {
            let length_s = watched.duration.as_secs_f64();
            stages.push(StagePlan { length_s, ..StagePlan::default() });
        }
        let (due_s, parts) = (borders::after(&stages, 0.0), Parts::new(&stages));
        Busiest { stages, due_s, last: None, known: Known::default(), parts }
    }

    /// Whether it is time for a look.
    pub(super) fn is_due(&self, at_s: f64) -> bool {
        at_s >= self.due_s
    }

    /// Looks, and tells what happened since the look before; `begin` is the one that the measured
    /// time began with.
    pub(super) fn look(
        &mut self,
        session: &mut Session,
        timeline: &Timeline,
        begin: &Look,
    ) -> Option<Line> {
        let now = Look::take(session);
        self.due_s = borders::after(&self.stages, timeline.seconds(now.at));
        let earlier = self.last.take();
        let earlier = earlier.as_ref().unwrap_or(begin);
        let row = self.row(session, &Window { earlier, now: &now, timeline, ended: None });
        self.last = Some(now);
        row
    }

    /// Tells what happened since the last look, by the one after the load, which ended at `ended`.
    pub(super) fn end(
        &mut self,
        session: &mut Session,
        timeline: &Timeline,
        (begin, end, ended): (&Look, &Look, Instant),
    ) -> Option<Line> {
        let earlier = self.last.take();
        let earlier = earlier.as_ref().unwrap_or(begin);
        self.row(session, &Window { earlier, now: end, timeline, ended: Some(ended) })
    }

    /// How the busiest statements changed over time, where there is more than one part.
    pub(super) fn over_time(self, session: &mut Session) -> Option<Section<StatementsOverTime>> {
        let Busiest { mut known, parts, .. } = self;
        parts.finish(session, &mut known)
    }

    fn row(&mut self, session: &mut Session, window: &Window<'_>) -> Option<Line> {
        let (from, to) = window.between(window.earlier.at, window.now.at);
        let (from_s, to_s) = (window.timeline.seconds(from), window.timeline.seconds(to));
        if to_s - from_s < NOTHING_S {
            return None;
        }
        let statements = window.part(|look| &look.statements).and_then(|(then, now, length_s)| {
            let Added { by_id, unknown } = statements::added(now, then)?;
            let rows = statements::busiest(session, &mut self.known, &by_id)?;
            Ok((Few { length_s: Some(round(length_s)), reason: None, rows, unknown }, by_id))
        });
        let statements = match statements {
            Ok((few, by_id)) => {
                self.parts.add((from_s, to_s), few.length_s.unwrap_or_default(), &by_id);
                few
            }
            Err(unread) => {
                self.parts.gap((from_s, to_s), &unread);
                gap(unread)
            }
        };
        let tables = window.counted(|look| &look.tables, relations::tables);
        let indexes = window.counted(|look| &look.indexes, relations::indexes);
        let length_s = round(to_s - from_s);
        Some(Line::Busiest(Box::new(BusiestRow {
            t: from_s,
            length_s,
            statements,
            tables: tables.unwrap_or_else(gap),
            indexes: indexes.unwrap_or_else(gap),
        })))
    }
}

/// A kind of which nothing is known, and why.
fn gap<T>(unread: Unread) -> Few<T> {
    Few { reason: Some(unread.reason), ..Few::default() }
}

/// Two looks, and what lies between them.
struct Window<'a> {
    earlier: &'a Look,
    now: &'a Look,
    timeline: &'a Timeline,
    /// When the load ended, where it did.
    ended: Option<Instant>,
}

impl Window<'_> {
    /// What of the time between two moments load ran in.
    fn between(&self, then: Instant, now: Instant) -> (Instant, Instant) {
        let end = self.ended.map_or(now, |ended| ended.min(now));
        (then.max(self.timeline.begins), end)
    }

    /// Both looks at one part and how long load ran between them, where they can be compared.
    fn part<T>(&self, of: fn(&Look) -> &Part<T>) -> Result<(&T, &T, f64), Unread> {
        let (earlier, later) = self.both(|look| &look.epoch)?;
        later.same_server(earlier)?;
        let (then, now) = self.both(of)?;
        let (from, to) = self.between(of(self.earlier).at(), of(self.now).at());
        Ok((then, now, to.saturating_duration_since(from).as_secs_f64().max(0.001)))
    }

    fn both<T>(&self, of: fn(&Look) -> &Part<T>) -> Result<(&T, &T), Unread> {
        let then = of(self.earlier).result();
        let then = then.map_err(|unread| named(unread, "when the window began"))?;
        let now = of(self.now).result();
        Ok((then, now.map_err(|unread| named(unread, "when the window ended"))?))
    }

    /// The same for what goes with the counters of the database.
    fn counted<T, R>(
        &self,
        of: fn(&Look) -> &Part<T>,
        busiest: fn(&T, &T) -> (Vec<R>, u64),
    ) -> Result<Few<R>, Unread> {
        let (then, now, length_s) = self.part(of)?;
        let (earlier, later) = self.both(|look| &look.epoch)?;
        later.same_counters(earlier)?;
        let (rows, unknown) = busiest(now, then);
        Ok(Few { length_s: Some(round(length_s)), reason: None, rows, unknown })
    }
}
