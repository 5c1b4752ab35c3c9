//! Samples of sessions together: of a second, or of the measured window.

use super::activity::{Event, Sample, Slots};
use super::statement_waits::ByStatement;
use crate::timeline::{mean_max, round};
use model::database_metrics::{ConnectionStats, MeanMax, Status, Unread, WaitEvent, WaitEvents};
use model::series::ServerRow;
use std::collections::BTreeMap;

/// Events beyond this many are of one name; servers know about 250.
const MOST_EVENTS: usize = 400;
/// How many events a result names.
const SHOWN_EVENTS: usize = 30;
/// Other applications beyond this many are not told apart.
const MOST_APPLICATIONS: usize = 100;
/// How many of them a result names.
const SHOWN_APPLICATIONS: usize = 10;

/// A sum of samples and the largest.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    sum: f64,
    max: f64,
}

impl Total {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.max = self.max.max(value);
    }

    fn over(&self, samples: u64) -> MeanMax {
        mean_max(self.sum, self.max, samples)
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) samples: u64,
    sessions: Total,
    active: Total,
    idle_in_transaction: Total,
    waiting: Total,
    others: Total,
    autovacuum: Total,
    /// In how many samples a worker of it was there.
    autovacuum_seen: u64,
    /// In how many the checkpointer could be seen, and was at work.
    checkpointer_seen: u64,
    checkpoint_seen: u64,
    states: BTreeMap<String, Total>,
    events: BTreeMap<Event, f64>,
    applications: BTreeMap<String, f64>,
    pub(super) statements: ByStatement,
}

impl Tally {
    pub(super) fn add(&mut self, sample: &Sample) {
        self.samples += 1;
        self.sessions.add(sample.sessions());
        self.active.add(sample.active());
        self.idle_in_transaction.add(sample.idle_in_transaction());
        self.waiting.add(sample.waiting());
        self.others.add(sample.others());
        self.autovacuum.add(sample.autovacuum);
        self.autovacuum_seen += u64::from(sample.autovacuum > 0.0);
        self.checkpointer_seen += u64::from(sample.checkpoint.is_some());
        self.checkpoint_seen += u64::from(sample.checkpoint == Some(true));
        for (state, count) in &sample.states {
            self.states.entry(state.clone()).or_default().add(*count);
        }
        for it in &sample.active {
            let is_known = self.events.contains_key(&it.event);
            let place = match is_known || self.events.len() < MOST_EVENTS {
                true => it.event.clone(),
                false => ("other".to_owned(), "other".to_owned()),
            };
            *self.events.entry(place).or_default() += it.count;
            self.statements.add(it);
            self.other(it.other.as_deref(), it.count);
        }
    }

    fn other(&mut self, application: Option<&str>, count: f64) {
        let Some(application) = application else { return };
        let is_known = self.applications.contains_key(application);
        if is_known || self.applications.len() < MOST_APPLICATIONS {
            *self.applications.entry(application.to_owned()).or_default() += count;
        }
    }

    /// Workers of autovacuum.
    pub(super) fn autovacuum_workers(&self) -> MeanMax {
        self.autovacuum.over(self.samples)
    }

    /// In what share of the samples a checkpoint was at work; none where nobody could see.
    pub(super) fn checkpoint_percent(&self) -> Option<f64> {
        percent(self.checkpoint_seen, self.checkpointer_seen)
    }

    pub(super) fn waiting_sessions(&self) -> MeanMax {
        self.waiting.over(self.samples)
    }

    /// How long sessions waited for locks in a window of so many seconds, all of them together.
    pub(super) fn lock_wait_s(&self, length_s: f64) -> f64 {
        self.waiting.sum / self.samples.max(1) as f64 * length_s
    }

    fn classes(&self) -> BTreeMap<String, f64> {
        let mut classes = BTreeMap::<String, f64>::new();
        for ((class, _), sum) in &self.events {
            *classes.entry(class.clone()).or_default() += sum;
        }
        classes.values_mut().for_each(|sum| *sum = round(*sum / self.samples.max(1) as f64));
        classes
    }

    /// Puts the means of a second into its row.
    pub(super) fn fill(&self, row: &mut ServerRow, slots: Option<Slots>) {
        row.samples = self.samples;
        if self.samples > 0 {
            row.connection_usage_percent = slots.map(|slots| self.usage_percent(slots));
            let mean = |total: &Total| Some(total.over(self.samples).mean);
            row.sessions = mean(&self.sessions);
            row.active = mean(&self.active);
            row.idle_in_transaction = mean(&self.idle_in_transaction);
            row.classes = self.classes();
            row.checkpoint_active_percent = self.checkpoint_percent();
            row.autovacuum_active_percent = percent(self.autovacuum_seen, self.samples);
        }
    }

    pub(super) fn wait_events(&self) -> WaitEvents {
        let mut events: Vec<WaitEvent> = self
            .events
            .iter()
            .map(|((class, event), sum)| WaitEvent {
                class: class.clone(),
                event: event.clone(),
                active_sessions: round(sum / self.samples.max(1) as f64),
            })
            .collect();
        events.sort_by(|a, b| b.active_sessions.total_cmp(&a.active_sessions));
        events.truncate(SHOWN_EVENTS);
        WaitEvents {
            samples: self.samples,
            active_sessions: self.active.over(self.samples),
            by_class: self.classes(),
            events,
            ..WaitEvents::default()
        }
    }

    /// Most slots in use at once; the monitor's own session uses one as well.
    fn used(&self) -> u64 {
        self.sessions.max as u64 + 1
    }

    fn usage_percent(&self, slots: Slots) -> f64 {
        round(self.used() as f64 * 100.0 / slots.usable.max(1) as f64)
    }

    pub(super) fn connection_stats(&self, slots: Slots) -> ConnectionStats {
        let by_state =
            self.states.iter().map(|(state, total)| (state.clone(), total.over(self.samples)));
        ConnectionStats {
            samples: self.samples,
            max_connections: slots.max,
            usable_connections: slots.usable,
            used_connections_max: self.used(),
            pool_usage_percent: self.usage_percent(slots),
            by_state: by_state.collect(),
            idle_in_transaction_percent: (self.sessions.sum > 0.0)
                .then(|| round(self.idle_in_transaction.sum * 100.0 / self.sessions.sum)),
            other_active_sessions: Some(self.others.over(self.samples)),
            other_applications: self.other_applications(),
            ..ConnectionStats::default()
        }
    }

    fn other_applications(&self) -> BTreeMap<String, f64> {
        let mut all: Vec<_> = self.applications.iter().collect();
        all.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let mean = |sum: &f64| round(sum / self.samples.max(1) as f64);
        let shown = all.into_iter().take(SHOWN_APPLICATIONS);
        shown.map(|(name, sum)| (name.clone(), mean(sum))).collect()
    }

    /// Why it is not known whether a checkpoint was at work.
    pub(super) fn no_checkpointer(&self, grant: &str) -> Option<Unread> {
        let is_hidden = self.samples > 0 && self.checkpointer_seen == 0;
        let reason = format!("{grant} shows when checkpoints were at work");
        is_hidden.then_some(Unread { status: Status::NoPrivilege, reason })
    }

    /// What could not be seen of other users' sessions.
    pub(super) fn gap(&self, grant: &str) -> Option<Unread> {
        let hidden = self.states.get("hidden")?.max;
        let reason = format!("{grant} shows up to {hidden:.0} hidden sessions of other users");
        Some(Unread { status: Status::NoPrivilege, reason })
    }
}

/// A part of some samples; none of none.
fn percent(part: u64, samples: u64) -> Option<f64> {
    (samples > 0).then(|| round(part as f64 * 100.0 / samples as f64))
}

#[cfg(test)]
mod tests {
    use super::super::activity::Active;
    use super::*;

    fn sample(active: &[(&str, &str, f64)], idle: f64) -> Sample {
        let running: f64 = active.iter().map(|(_, _, count)| count).sum();
        let states = [("active", running), ("idle", idle)];
        Sample {
            states: states.map(|(state, count)| (state.to_owned(), count)).into(),
            active: active
                .iter()
                .map(|(class, event, count)| Active {
                    event: (class.to_string(), event.to_string()),
                    count: *count,
                    ..Active::default()
                })
                .collect(),
            ..Sample::default()
        }
    }

    #[test]
    fn nobody_waiting_is_not_minus_nobody() {
        let mut tally = Tally::default();
        tally.add(&sample(&[], 6.0));
        let waiting = tally.waiting_sessions();
        assert!(waiting.mean.is_sign_positive() && waiting.max.is_sign_positive(), "{waiting:?}");
    }

    #[test]
    fn means_are_over_all_samples_those_without_a_session_included() {
        let mut tally = Tally::default();
        tally.add(&sample(&[("CPU", "CPU", 3.0), ("Lock", "tuple", 1.0)], 2.0));
        tally.add(&sample(&[], 6.0));
        let seen = tally.wait_events();
        assert_eq!(seen.active_sessions, MeanMax { mean: 2.0, max: 4.0 });
        assert_eq!((seen.by_class["CPU"], seen.by_class["Lock"]), (1.5, 0.5));
        assert_eq!(seen.events[0].event, "CPU");
        assert_eq!(tally.waiting_sessions(), MeanMax { mean: 0.5, max: 1.0 });
        let stats = tally.connection_stats(Slots { max: 20, usable: 14 });
        assert_eq!((stats.used_connections_max, stats.pool_usage_percent), (7, 50.0));
        assert_eq!(stats.by_state["idle"], MeanMax { mean: 4.0, max: 6.0 });
    }

    #[test]
    fn a_checkpoint_counts_by_the_samples_in_which_the_checkpointer_was_seen() {
        let with = |checkpoint, autovacuum| Sample { checkpoint, autovacuum, ..Sample::default() };
        let mut tally = Tally::default();
        tally.add(&with(None, 2.0));
        assert_eq!(tally.checkpoint_percent(), None, "hidden is not idle");
        [Some(true), Some(false), Some(false), Some(true)]
            .iter()
            .for_each(|it| tally.add(&with(*it, 0.0)));
        let mut row = ServerRow::default();
        tally.fill(&mut row, None);
        assert_eq!(row.checkpoint_active_percent, Some(50.0));
        assert_eq!(row.autovacuum_active_percent, Some(20.0));
    }

    #[test]
    fn no_server_can_make_the_list_of_events_long() {
        let mut tally = Tally::default();
        for event in 0..2000 {
            tally.add(&sample(&[("Extension", &format!("event {event}"), 1.0)], 0.0));
        }
        assert!(tally.events.len() <= MOST_EVENTS + 1);
        let sum: f64 = tally.events.values().sum();
        assert_eq!((sum, tally.wait_events().events.len()), (2000.0, SHOWN_EVENTS));
    }
}
