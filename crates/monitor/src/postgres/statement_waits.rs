//! What active sessions ran, by the server's number of their statement (since version 14), and what
//! they waited for meanwhile.

use super::activity::{Active, Event};
use crate::timeline::round;
use model::database_metrics::{StatementWaits, WaitEvent};
use std::collections::BTreeMap;

/// Statements beyond this many are not told apart: a load of ever new ones must not fill our
/// memory.
const MOST: usize = 1000;
const SHOWN: usize = 20;
const SHOWN_EVENTS: usize = 5;

/// Sums of samples by statement.
#[derive(Clone, Debug, Default)]
pub(super) struct ByStatement(BTreeMap<i64, BTreeMap<Event, f64>>);

impl ByStatement {
    pub(super) fn add(&mut self, active: &Active) {
        let Some(query_id) = active.query_id else { return };
        if self.0.contains_key(&query_id) || self.0.len() < MOST {
            let events = self.0.entry(query_id).or_default();
            *events.entry(active.event.clone()).or_default() += active.count;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that most sessions ran, as means over so many samples.
    pub(super) fn most(&self, samples: u64) -> Vec<StatementWaits> {
        let mean = |sum: f64| round(sum / samples.max(1) as f64);
        let event = |((class, event), sum): (&Event, &f64)| WaitEvent {
            class: class.clone(),
            event: event.clone(),
            active_sessions: mean(*sum),
        };
        let statement = |(query_id, of): (&i64, &BTreeMap<Event, f64>)| {
            let mut events: Vec<WaitEvent> = of.iter().map(event).collect();
            events.sort_by(|a, b| b.active_sessions.total_cmp(&a.active_sessions));
            events.truncate(SHOWN_EVENTS);
            StatementWaits {
                queryid: query_id.to_string(),
                text: None,
                active_sessions: mean(of.values().sum()),
                events,
            }
        };
        let mut all: Vec<StatementWaits> = self.0.iter().map(statement).collect();
        all.sort_by(|a, b| b.active_sessions.total_cmp(&a.active_sessions));
        all.truncate(SHOWN);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ever_new_statements_fill_no_memory_and_the_busiest_come_first() {
        let mut all = ByStatement::default();
        let event = ("CPU".to_owned(), "CPU".to_owned());
        for query_id in 0..5000 {
            let count = if query_id == 7 { 3.0 } else { 1.0 };
            all.add(&Active { event: event.clone(), query_id: Some(query_id), other: None, count });
        }
        let most = all.most(2);
        assert_eq!((all.0.len(), most.len()), (MOST, SHOWN));
        assert_eq!((most[0].queryid.as_str(), most[0].active_sessions), ("7", 1.5));
    }
}
