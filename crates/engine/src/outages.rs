//! When the server was away: as one thread saw it, and as all threads together did.
//!
//! Bounded like everything: a server that flaps for hours keeps its first outages for the list of
//! events, and beyond them how many there were, the longest and the last.

use model::event::{Event, EventKind};
use model::measured::Measured;

/// Outages that one thread keeps one by one.
const LISTED: usize = 1_000;

/// One outage: first lost connection, first success on a connection opened after it. ns since the
/// run's origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    pub(crate) began_ns: u64,
    pub(crate) ended_ns: Option<u64>,
}

impl Outage {
    /// How long it took, once it is over.
    fn length_ns(&self) -> Option<u64> {
        Some(self.ended_ns?.saturating_sub(self.began_ns))
    }
}

/// All outages of one thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outages {
    /// The one under way, or the last that was.
    current: Option<Outage>,
    /// Those before it, up to a number.
    listed: Vec<Outage>,
    /// How many more there were.
    unlisted: u64,
    /// The longest of those.
    longest_unlisted: Option<Outage>,
}

impl Outages {
    /// A usable connection is gone: an outage begins unless one is under way.
    pub(crate) fn lost(&mut self, now_ns: u64) {
        if self.current.is_none_or(|outage| outage.ended_ns.is_some()) {
            let new = Outage { began_ns: now_ns, ended_ns: None };
            if let Some(over) = self.current.replace(new) {
                self.keep(over);
            }
        }
    }

    fn keep(&mut self, over: Outage) {
        if self.listed.len() < LISTED {
            return self.listed.push(over);
        }
        self.unlisted += 1;
        if self.longest_unlisted.is_none_or(|it| it.length_ns() < over.length_ns()) {
            self.longest_unlisted = Some(over);
        }
    }

    /// An action succeeded on a connection that was opened at `opened_ns`.
    #[inline]
    pub(crate) fn succeeded_on(&mut self, opened_ns: u64, now_ns: u64) {
        if let Some(outage) = &mut self.current
            && outage.ended_ns.is_none()
            && opened_ns >= outage.began_ns
        {
            outage.ended_ns = Some(now_ns);
        }
    }

    fn known(&self) -> impl Iterator<Item = Outage> {
        self.listed.iter().copied().chain(self.longest_unlisted).chain(self.current)
    }
}

/// Outages of single threads that overlap are one: it began with the first loss and ended with
/// the first success on any thread.
fn merge(outages: impl Iterator<Item = Outage>) -> Vec<Outage> {
    let mut sorted: Vec<Outage> = outages.collect();
    sorted.sort_by_key(|outage| outage.began_ns);
    let mut merged: Vec<Outage> = Vec::new();
    for outage in sorted {
        match merged.last_mut() {
            Some(last) if last.ended_ns.is_none_or(|end| outage.began_ns <= end) => {
                last.ended_ns = match (last.ended_ns, outage.ended_ns) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
            _ => merged.push(outage),
        }
    }
    merged
}

/// Adds what all threads saw to the totals; times count from `measuring_ns`.
pub(crate) fn add_outages(totals: &mut Measured, threads: &[Outages], measuring_ns: f64) {
    let outages = merge(threads.iter().flat_map(Outages::known));
    totals.time_to_recover_s =
        outages.iter().filter_map(Outage::length_ns).max().map(|ns| ns as f64 / 1e9);
    totals.still_down = outages.last().is_some_and(|outage| outage.ended_ns.is_none());
    let mut push = |ns: u64, kind, text: String| {
        totals.events.push(Event { at_s: (ns as f64 - measuring_ns) / 1e9, kind, text });
    };
    // Threads see most outages together: the one that had to leave out most says how many.
    let unlisted = threads.iter().map(|it| it.unlisted).max().unwrap_or_default();
    for (index, outage) in outages.iter().enumerate() {
        let lost = match unlisted {
            // The last that is listed; behind it comes, at times, what is still to be known.
            more if more > 0 && index + 1 == outages.len() => {
                format!("connection lost; before, {more} outages or more were not listed")
            }
            _ => "connection lost".to_owned(),
        };
        push(outage.began_ns, EventKind::ConnectionLost, lost);
        if let (Some(ended_ns), Some(ns)) = (outage.ended_ns, outage.length_ns()) {
            let seconds = ns as f64 / 1e9;
            push(ended_ns, EventKind::Recovered, format!("recovered after {seconds:.3} s"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outage(began_ns: u64, ended_ns: Option<u64>) -> Outage {
        Outage { began_ns, ended_ns }
    }

    /// A thread that saw `count` outages of a second every 10 s, the one numbered `long` of 5 s.
    fn flapping(count: u64, long: u64) -> Outages {
        let mut outages = Outages::default();
        for number in 0..count {
            let (began_s, length_s) = (number * 10, if number == long { 5 } else { 1 });
            outages.lost(began_s * 1_000_000_000);
            outages.succeeded_on(u64::MAX, (began_s + length_s) * 1_000_000_000);
        }
        outages
    }

    fn totals(threads: &[Outages]) -> Measured {
        let mut totals = Measured::default();
        add_outages(&mut totals, threads, 0.0);
        totals
    }

    #[test]
    fn one_crash_seen_by_two_threads_is_one_outage() {
        let seen = [outage(100, Some(900)), outage(110, Some(950)), outage(2000, None)];
        let merged = merge(seen.into_iter());
        assert_eq!(merged, [outage(100, Some(900)), outage(2000, None)]);
    }

    #[test]
    fn an_outage_that_one_thread_never_got_over_ended_with_the_other() {
        let merged = merge([outage(100, None), outage(110, Some(950))].into_iter());
        assert_eq!(merged, [outage(100, Some(950))]);
    }

    #[test]
    fn of_more_outages_than_are_listed_the_longest_and_the_last_are_known() {
        let mut thread = flapping(5_000, 3_000);
        assert_eq!(totals(&[thread.clone()]).time_to_recover_s, Some(5.0));
        assert!(!totals(&[thread.clone()]).still_down);
        thread.lost(u64::MAX - 1);
        let ended = totals(&[thread]);
        assert!(ended.still_down && ended.events.len() < 2_100);
        let last = &ended.events.last().unwrap().text;
        assert_eq!(last, "connection lost; before, 4000 outages or more were not listed");
    }

    #[test]
    fn an_outage_that_another_thread_got_over_is_over_behind_the_listed_too() {
        let (mut one, mut other) = (flapping(2_000, 0), flapping(2_000, 0));
        one.lost(30_000_000_000_000);
        other.lost(30_000_000_000_000);
        assert!(totals(&[one.clone(), other.clone()]).still_down);
        other.succeeded_on(u64::MAX, 30_000_500_000_000);
        assert!(!totals(&[one, other]).still_down);
    }
}
