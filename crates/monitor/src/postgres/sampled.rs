//! Sections made of many looks while load ran.

use super::ends::Settings;
use super::observed::Observed;
use super::session::Session;
use super::snapshot::Span;
use super::statement_texts::texts;
use super::{database, replication, tables};
use crate::timeline::round;
use model::database_metrics::{
    ConnectionStats, LockContention, ReplicationStats, Section, Unread, VacuumStats, WaitEvents,
};

/// The looks of the measured time.
pub(super) struct Sampled<'a> {
    span: &'a Span<'a>,
    observed: &'a Observed,
    /// When they were; else why there was none.
    window: Result<(f64, f64), Unread>,
    /// What shows the sessions that are hidden.
    grant: String,
}

impl<'a> Sampled<'a> {
    pub(super) fn new(
        session: &Session,
        span: &'a Span<'a>,
        observed: &'a Observed,
    ) -> Sampled<'a> {
        let window = match observed.tally.samples {
            0 => Err(session.no_samples()),
            _ => Ok(span.sampled_window()),
        };
        Sampled { span, observed, window, grant: session.grant() }
    }

    fn section<S>(&self, make: impl FnOnce() -> Result<S, Unread>) -> Section<S> {
        match self.window.clone().and_then(|window| Ok((window, make()?))) {
            Ok((window, made)) => {
                // What could not be seen of other users' sessions.
                Section::read(made, window).with_gap(self.observed.tally.gap(&self.grant))
            }
            Err(unread) => Section::unread(unread),
        }
    }

    pub(super) fn connection_stats(&self) -> Section<ConnectionStats> {
        let slots = self.span.end.slots.ok().or(self.span.begin.slots.ok()).copied();
        let no_slots = || Unread::missing("the server does not say its slots");
        self.section(|| {
            let mut stats = self.observed.tally.connection_stats(slots.ok_or_else(no_slots)?);
            let counters = self.span.both(|it| &it.database);
            if let Ok(added) = counters.and_then(|(then, now)| now.since(then)) {
                let own = self.span.end.own_since(self.span.begin);
                database::sessions(&mut stats, &added, &own);
            }
            stats.longest_idle_in_transaction = self.observed.longest.finish();
            Ok(stats)
        })
    }

    pub(super) fn wait_events(&self, session: &mut Session) -> Section<WaitEvents> {
        self.section(|| {
            let mut waits = self.observed.tally.wait_events();
            match self.by_statement(session) {
                Ok(by_statement) => waits.by_statement = Some(by_statement),
                Err(unread) => waits.by_statement_reason = Some(unread.reason),
            }
            Ok(waits)
        })
    }

    fn by_statement(
        &self,
        session: &mut Session,
    ) -> Result<Vec<model::database_metrics::StatementWaits>, Unread> {
        let statements = &self.observed.tally.statements;
        if statements.is_empty() {
            let settings = self.span.end.settings.ok().or(self.span.begin.settings.ok());
            return match settings.and_then(|it| it.get("compute_query_id")).map(String::as_str) {
                None => Err(Unread::not_in_version(
                    "numbers of the statements that sessions run",
                    "PostgreSQL 14 and later have them",
                )),
                // No session was active when we looked, or nobody computes the numbers.
                Some("on" | "regress") => Ok(Vec::new()),
                Some("auto") if is_preloaded(settings) => Ok(Vec::new()),
                Some(_) => Err(Unread::missing(
                    "no statement has a number: set compute_query_id to on, or load \
                     pg_stat_statements",
                )),
            };
        }
        let mut most = statements.most(self.observed.tally.samples);
        let ids: Vec<i64> = most.iter().filter_map(|it| it.queryid.parse().ok()).collect();
        // Without texts their numbers say it too.
        let texts = texts(session, &ids).unwrap_or_default();
        for (it, id) in most.iter_mut().zip(&ids) {
            it.text = texts.get(id).cloned();
        }
        Ok(most)
    }

    pub(super) fn locks(&self) -> Section<LockContention> {
        let counters = self.span.both(|it| &it.database).and_then(|(then, now)| now.since(then));
        let (tally, worst) = (&self.observed.tally, &self.observed.worst);
        let length_s = self.window.as_ref().map_or(0.0, |(from_s, to_s)| to_s - from_s);
        let made = LockContention {
            samples: tally.samples,
            waiting_sessions: tally.waiting_sessions(),
            lock_wait_s: round(tally.lock_wait_s(length_s)),
            deadlocks: counters.as_ref().ok().and_then(database::deadlocks),
            worst: worst.finish(),
        };
        match (&self.window, counters) {
            (Ok(window), counters) => {
                let mut section = Section::read(made, *window);
                section.reason = counters.err().map(|unread| format!("no deadlocks: {unread}"));
                section.with_gap(worst.trouble()).with_gap(tally.gap(&self.grant))
            }
            (Err(unread), _) => Section::unread(unread.clone()),
        }
    }

    pub(super) fn replication(&self) -> Section<ReplicationStats> {
        let section = self.section(|| self.observed.replicating.stats());
        let gap = section.data().and_then(|stats| replication::gap(stats, &self.grant));
        section.with_gap(gap)
    }

    pub(super) fn vacuum(&self) -> Section<VacuumStats> {
        self.section(|| {
            let mut stats = VacuumStats {
                autovacuum_workers: self.observed.tally.autovacuum_workers(),
                progress: self.observed.vacuuming.seen(),
                oldest_xmin: self.observed.vacuuming.oldest_xmin(),
                ..VacuumStats::default()
            };
            let counters = self.span.both(|it| &it.database);
            let is_reset = counters.and_then(|(then, now)| now.since(then)).is_err();
            if let Ok((then, now)) = self.span.both(|it| &it.look.tables)
                && !is_reset
            {
                tables::vacuums(&mut stats, now, then);
            }
            let freeze = self.span.end.freeze.ok().or(self.span.begin.freeze.ok());
            let settings = self.span.end.settings.ok().or(self.span.begin.settings.ok());
            let limit = |name: &str| settings?.get(name)?.parse().ok();
            stats.xid_age = freeze.map(|it| it.xids);
            stats.mxid_age = freeze.map(|it| it.mxids);
            stats.freeze_max_age = limit("autovacuum_freeze_max_age");
            stats.multixact_freeze_max_age = limit("autovacuum_multixact_freeze_max_age");
            Ok(stats)
        })
        .with_gap(self.observed.vacuuming.gap())
    }
}

/// Whether `pg_stat_statements` is, which has the numbers computed. Who may not see the setting
/// may not see the statements of others either.
fn is_preloaded(settings: Option<&Settings>) -> bool {
    let libraries = settings.and_then(|it| it.get("shared_preload_libraries"));
    libraries.is_none_or(|libraries| libraries.contains("pg_stat_statements"))
}
