//! Sessions, ten times a second: how many in which state, and what the active ones wait for.

use super::session::{Session, number, text};
use crate::timeline::{mean_max, round};
use model::database_metrics::{ConnectionStats, MeanMax, Status, Unread, WaitEvent, WaitEvents};
use model::series::ServerRow;
use std::collections::BTreeMap;

/// The function behind `pg_stat_activity`: the view joins two more catalogues, which costs the
/// server several times as much and says nothing that we ask. Of other users' sessions a user
/// without `pg_monitor` sees that they are there, and no state.
const SQL: &str = "\
    SELECT state, wait_event_type, wait_event, backend_type = 'parallel worker', count(*)::float8
      FROM pg_catalog.pg_stat_get_activity(NULL::int4)
     WHERE pid <> pg_catalog.pg_backend_pid()
       AND (backend_type IN ('client backend', 'parallel worker')
            OR (backend_type IS NULL AND datid IS NOT NULL AND usesysid IS NOT NULL))
     GROUP BY 1, 2, 3, 4";

/// What no wait means: the session runs, or waits for a CPU.
const CPU: &str = "CPU";
/// Events beyond this many are of one name; servers know about 250.
const MOST_EVENTS: usize = 400;
/// How many events a result names.
const SHOWN_EVENTS: usize = 30;

/// One look at the sessions.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    states: BTreeMap<String, f64>,
    active: BTreeMap<(String, String), f64>,
}

impl Sample {
    pub(super) fn take(session: &mut Session) -> Result<Sample, Unread> {
        let mut sample = Sample::default();
        for row in session.query("sessions", SQL, &[])? {
            let (state, class) = (text(&row, 0), text(&row, 1));
            let is_worker = row.value::<Option<bool>>(3).ok().flatten().unwrap_or(false);
            let count = number(&row, 4).unwrap_or(0.0);
            let is_active = matches!(state.as_deref(), Some("active" | "fastpath function call"));
            if is_active {
                let event = text(&row, 2).unwrap_or_else(|| CPU.to_owned());
                let class = class.unwrap_or_else(|| CPU.to_owned());
                *sample.active.entry((class, event)).or_default() += count;
            }
            if !is_worker {
                let state = state.unwrap_or_else(|| "hidden".to_owned());
                *sample.states.entry(state).or_default() += count;
            }
        }
        Ok(sample)
    }

    /// Sessions that wait for a heavyweight lock.
    pub(super) fn waiting(&self) -> f64 {
        let locks = self.active.iter().filter(|((class, _), _)| class == "Lock");
        locks.map(|(_, count)| count).sum()
    }

    fn sessions(&self) -> f64 {
        self.states.values().sum()
    }

    fn active(&self) -> f64 {
        self.active.values().sum()
    }

    fn idle_in_transaction(&self) -> f64 {
        let idle = self.states.iter().filter(|(it, _)| it.starts_with("idle in transaction"));
        idle.map(|(_, count)| count).sum()
    }
}

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

/// Samples together: of a second, or of the measured window.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) samples: u64,
    sessions: Total,
    active: Total,
    idle_in_transaction: Total,
    waiting: Total,
    states: BTreeMap<String, Total>,
    events: BTreeMap<(String, String), f64>,
}

impl Tally {
    pub(super) fn add(&mut self, sample: &Sample) {
        self.samples += 1;
        self.sessions.add(sample.sessions());
        self.active.add(sample.active());
        self.idle_in_transaction.add(sample.idle_in_transaction());
        self.waiting.add(sample.waiting());
        for (state, count) in &sample.states {
            self.states.entry(state.clone()).or_default().add(*count);
        }
        for (event, count) in &sample.active {
            let is_known = self.events.contains_key(event);
            let place = match is_known || self.events.len() < MOST_EVENTS {
                true => event.clone(),
                false => ("other".to_owned(), "other".to_owned()),
            };
            *self.events.entry(place).or_default() += count;
        }
    }

    pub(super) fn waiting_sessions(&self) -> MeanMax {
        self.waiting.over(self.samples)
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
    pub(super) fn fill(&self, row: &mut ServerRow) {
        row.samples = self.samples;
        if self.samples > 0 {
            let mean = |total: &Total| Some(total.over(self.samples).mean);
            row.sessions = mean(&self.sessions);
            row.active = mean(&self.active);
            row.idle_in_transaction = mean(&self.idle_in_transaction);
            row.classes = self.classes();
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
        }
    }

    pub(super) fn connection_stats(&self, slots: Slots) -> ConnectionStats {
        // The monitor's own session uses a slot as well.
        let used = self.sessions.max as u64 + 1;
        let by_state =
            self.states.iter().map(|(state, total)| (state.clone(), total.over(self.samples)));
        ConnectionStats {
            samples: self.samples,
            max_connections: slots.max,
            usable_connections: slots.usable,
            used_connections_max: used,
            pool_usage_percent: round(used as f64 * 100.0 / slots.usable.max(1) as f64),
            by_state: by_state.collect(),
        }
    }

    /// What could not be seen of other users' sessions.
    pub(super) fn gap(&self, user: &str) -> Option<Unread> {
        let hidden = self.states.get("hidden")?.max;
        let reason = format!(
            "up to {hidden:.0} sessions of other users are hidden: GRANT pg_monitor TO \"{user}\" \
             shows them"
        );
        Some(Unread { status: Status::NoPrivilege, reason })
    }
}

/// How many sessions the server takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots {
    max: u64,
    usable: u64,
}

impl Slots {
    pub(super) fn read(session: &mut Session) -> Result<Slots, Unread> {
        let sql = "SELECT current_setting('max_connections')::float8, \
            current_setting('superuser_reserved_connections')::float8 \
                + coalesce(current_setting('reserved_connections', true), '0')::float8";
        let rows = session.query("max_connections", sql, &[])?;
        let read = |at| rows.first().and_then(|row| number(row, at));
        let (Some(max), Some(reserved)) = (read(0), read(1)) else {
            return Err(Unread::missing("the server does not say its max_connections"));
        };
        Ok(Slots { max: max as u64, usable: (max - reserved).max(0.0) as u64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(active: &[(&str, &str, f64)], idle: f64) -> Sample {
        let running: f64 = active.iter().map(|(_, _, count)| count).sum();
        let states = [("active", running), ("idle", idle)];
        Sample {
            states: states.map(|(state, count)| (state.to_owned(), count)).into(),
            active: active
                .iter()
                .map(|(class, event, count)| ((class.to_string(), event.to_string()), *count))
                .collect(),
        }
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
