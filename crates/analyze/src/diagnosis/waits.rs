//! What active sessions waited for, by names that hold for every version of the server.
//!
//! Events changed their names in versions 13, 14, 17 and 19: they are compared without regard to
//! case, and those that became other words are in a table. An event that nobody knows is one of
//! its class, never an error.

use super::facts::Missing;
use model::database_metrics::{StatementWaits, WaitEvent, WaitEvents};
use model::finding::{Confidence, Window};

/// Fewer looks than this show no share of anything.
const MIN_SAMPLES: u64 = 10;
/// A share is told when it is at least so many of its own standard errors: below that, chance
/// could have made it.
const SURE: f64 = 3.0;
/// So many sightings of busy sessions make a share that can be relied on, and so few make one that
/// may well be otherwise: sightings within a second depend on each other.
const MANY_LOOKS: f64 = 100.0;
const FEW_LOOKS: f64 = 30.0;
/// Fewer busy sessions than this, on average, are no load on the server.
const IDLE: f64 = 0.05;

/// Old names and what they are called since (monitoring statistics of the manual, "Wait Event
/// Types", versions 12 to 19). Names that differ only in case need no entry.
const ALIASES: &[(&str, &str)] = &[
    ("LWLock:buffer_content", "LWLock:BufferContent"),
    ("LWLock:buffer_mapping", "LWLock:BufferMapping"),
    ("LWLock:lock_manager", "LWLock:LockManager"),
    ("LWLock:wal_insert", "LWLock:WALInsert"),
    ("LWLock:WALWriteLock", "LWLock:WALWrite"),
    ("LWLock:WALBufMappingLock", "LWLock:WALBufMapping"),
    ("LWLock:ProcArrayLock", "LWLock:ProcArray"),
    ("LWLock:CLogControlLock", "LWLock:XactSLRU"),
    ("LWLock:clog", "LWLock:XactBuffer"),
    ("LWLock:SubtransControlLock", "LWLock:SubtransSLRU"),
    ("LWLock:subtrans", "LWLock:SubtransBuffer"),
    ("LWLock:MultiXactOffsetControlLock", "LWLock:MultiXactOffsetSLRU"),
    ("LWLock:MultiXactMemberControlLock", "LWLock:MultiXactMemberSLRU"),
    ("LWLock:multixact_offset", "LWLock:MultiXactOffsetBuffer"),
    ("LWLock:multixact_member", "LWLock:MultiXactMemberBuffer"),
    ("LWLock:buffer_io", "IPC:BufferIO"),
    ("LWLock:BufferIO", "IPC:BufferIO"),
    ("IPC:ProcArrayGroupUpdate", "IPC:ProcarrayGroupUpdate"),
    ("Buffer:BufferShared", "LWLock:BufferContent"),
    ("Buffer:BufferShareExclusive", "LWLock:BufferContent"),
    ("Buffer:BufferExclusive", "LWLock:BufferContent"),
    ("BufferPin:BufferPin", "Buffer:BufferCleanup"),
];

/// Events as `Class:Event`; a `*` at the end stands for any ending.
pub(crate) struct Wait;

impl Wait {
    /// Time for a commit to be safe.
    pub(crate) const COMMIT: &'static [&'static str] =
        &["IO:WALSync", "IO:WALWrite", "LWLock:WALWrite", "IPC:SyncRep"];
    /// Heavyweight locks.
    pub(crate) const LOCK: &'static [&'static str] = &["Lock:*"];
    /// Everything that is read or written.
    pub(crate) const IO: &'static [&'static str] = &["IO:*"];
    /// Nothing was waited for: it ran, or wanted to.
    pub(crate) const CPU: &'static [&'static str] = &["CPU:*"];
    /// The client's turn, though the session counts as active.
    pub(crate) const CLIENT: &'static [&'static str] = &["Client:*"];
}

/// What sessions waited for.
pub(crate) struct Waits<'a> {
    seen: &'a WaitEvents,
    pub(crate) window: Option<Window>,
    /// Mean number of sessions that were busy: active, and not the client's turn.
    pub(crate) busy: f64,
}

/// Some events together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Share {
    /// Mean number of sessions in them.
    pub(crate) sessions: f64,
    /// Of all busy sessions, in hundredths.
    pub(crate) percent: f64,
    /// Each event by its name here, most first.
    pub(crate) events: Vec<(String, f64)>,
    /// Enough looks to be sure of it?
    pub(crate) confidence: Confidence,
}

impl<'a> Waits<'a> {
    pub(super) fn of(seen: &'a WaitEvents, window: Option<Window>) -> Result<Waits<'a>, Missing> {
        if seen.samples < MIN_SAMPLES {
            let text = format!("the sessions were looked at {} times only", seen.samples);
            return Err(Missing(text));
        }
        let mut waits = Waits { seen, window, busy: 0.0 };
        waits.busy = (seen.active_sessions.mean - waits.sessions(Wait::CLIENT)).max(0.0);
        Ok(waits)
    }

    /// Mean number of sessions in these events.
    pub(crate) fn sessions(&self, patterns: &[&str]) -> f64 {
        let sum: f64 = match patterns {
            // Of a whole class the sum is there, with the events that found no room in the list.
            [pattern] if pattern.ends_with(":*") => {
                let of = |class: &str| class.eq_ignore_ascii_case(&pattern[..pattern.len() - 2]);
                self.seen.by_class.iter().filter(|(class, _)| of(class)).map(|(_, n)| n).sum()
            }
            _ => self.matching(patterns).map(|event| event.active_sessions).sum(),
        };
        // The sum of nothing is minus zero, which would be told as such.
        sum + 0.0
    }

    fn matching(&self, patterns: &[&str]) -> impl Iterator<Item = &'a WaitEvent> {
        self.seen.events.iter().filter(move |event| {
            let name = named(&event.class, &event.event);
            patterns.iter().any(|pattern| matches(pattern, &name))
        })
    }

    /// The statement that most of these sessions ran, and how many did; none where the server does
    /// not tell.
    pub(crate) fn statement(&self, patterns: &[&str]) -> Option<(&'a StatementWaits, f64)> {
        let within = |it: &StatementWaits| -> f64 {
            let events = it.events.iter().filter(|event| {
                let name = named(&event.class, &event.event);
                patterns.iter().any(|pattern| matches(pattern, &name))
            });
            events.map(|event| event.active_sessions).sum()
        };
        let all = self.seen.by_statement.as_deref()?.iter().map(|it| (it, within(it)));
        let most = all.max_by(|(_, a), (_, b)| a.total_cmp(b));
        most.filter(|(_, sessions)| *sessions > 0.0)
    }

    /// These events of all busy time; none where it is less than `percent` of it, or where so few
    /// sessions were seen that chance could have made it.
    pub(crate) fn share(&self, patterns: &[&str], percent: f64) -> Option<Share> {
        if self.busy < IDLE {
            return None;
        }
        let sessions = self.sessions(patterns);
        let share = (sessions / self.busy).min(1.0);
        let looks = self.seen.samples as f64 * self.busy;
        let error = (share * (1.0 - share) / looks).sqrt();
        if share * 100.0 < percent || share < SURE * error {
            return None;
        }
        let mut events: Vec<(String, f64)> = self
            .matching(patterns)
            .map(|it| (format!("{}:{}", it.class, it.event), it.active_sessions))
            .collect();
        events.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let sure = (share - SURE * error) * 100.0 >= percent;
        let confidence = match looks {
            looks if looks < FEW_LOOKS => Confidence::Low,
            looks if looks < MANY_LOOKS || !sure => Confidence::Medium,
            _ => Confidence::High,
        };
        Some(Share { sessions, percent: share * 100.0, events, confidence })
    }
}

/// An event by the name that it has today.
fn named(class: &str, event: &str) -> String {
    let name = format!("{class}:{event}");
    let known = ALIASES.iter().find(|(old, _)| old.eq_ignore_ascii_case(&name));
    known.map_or(name, |(_, new)| (*new).to_owned())
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => {
            name.get(..beginning.len()).is_some_and(|it| it.eq_ignore_ascii_case(beginning))
        }
        None => pattern.eq_ignore_ascii_case(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::database_metrics::MeanMax;

    fn seen(events: &[(&str, &str, f64)], samples: u64) -> WaitEvents {
        let mean: f64 = events.iter().map(|(_, _, n)| n).sum();
        let mut seen = WaitEvents {
            samples,
            active_sessions: MeanMax { mean, max: mean },
            ..WaitEvents::default()
        };
        for (class, event, active_sessions) in events {
            *seen.by_class.entry((*class).to_owned()).or_default() += active_sessions;
            let (class, event) = ((*class).to_owned(), (*event).to_owned());
            seen.events.push(WaitEvent { class, event, active_sessions: *active_sessions });
        }
        seen
    }

    #[test]
    fn an_event_is_known_by_all_its_names() {
        let all = [
            ("LWLock", "WALWriteLock", 1.0),
            ("LWLock", "WALWrite", 1.0),
            ("IO", "WALSync", 1.0),
            ("IO", "WalSync", 1.0),
            ("Buffer", "BufferExclusive", 1.0),
            ("LWLock", "buffer_content", 1.0),
            ("Surprise", "ofVersion20", 1.0),
        ];
        let seen = seen(&all, 100);
        let waits = Waits::of(&seen, None).unwrap();
        assert_eq!(waits.sessions(Wait::COMMIT), 4.0);
        assert_eq!(waits.sessions(&["LWLock:BufferContent"]), 2.0);
    }

    #[test]
    fn a_share_is_told_only_where_enough_was_seen_of_it() {
        let waits = [("Lock", "tuple", 0.1), ("CPU", "CPU", 0.9)];
        let (few, many) = (seen(&waits, 20), seen(&waits, 600));
        let share = |seen| Waits::of(seen, None).unwrap().share(Wait::LOCK, 9.0);
        assert_eq!(share(&few), None, "2 of 20 sessions may be chance");
        assert_eq!(share(&many).unwrap().percent, 10.0);
        assert!(Waits::of(&seen(&waits, 9), None).is_err());
    }

    #[test]
    fn the_clients_turn_is_not_the_servers_time() {
        let seen = seen(&[("Client", "ClientRead", 3.0), ("IO", "DataFileRead", 1.0)], 100);
        let waits = Waits::of(&seen, None).unwrap();
        assert!(waits.sessions(Wait::LOCK).is_sign_positive(), "nobody is not minus nobody");
        assert_eq!((waits.busy, waits.share(Wait::IO, 50.0).unwrap().percent), (1.0, 100.0));
    }
}
