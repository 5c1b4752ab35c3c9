//! What time it is, for all threads alike, and what the system says that this thread did with it:
//! how long it ran, and how long it could have run but had no processor. Facts about ourselves;
//! what they mean for a run is not judged here.

use nix::time::{ClockId, clock_gettime};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

/// What a thread did with its time so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnTime {
    /// CPU time, µs; 0 where the system does not tell.
    pub cpu_us: u64,
    /// How it waited for a processor; none where the system does not tell.
    pub run_queue: Option<Queued>,
}

/// What a thread that had work waited on a run queue until it ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    /// How long, µs.
    pub wait_us: u64,
    /// How often it came to run; each time ends one wait, be it short.
    pub runs: u64,
}

impl Queued {
    fn minus(self, other: Queued) -> Queued {
        Queued {
            wait_us: self.wait_us.saturating_sub(other.wait_us),
            runs: self.runs.saturating_sub(other.runs),
        }
    }
}

impl OwnTime {
    /// What came since `earlier`.
    pub(crate) fn since(self, earlier: OwnTime) -> OwnTime {
        let both = self.run_queue.zip(earlier.run_queue);
        OwnTime {
            cpu_us: self.cpu_us.saturating_sub(earlier.cpu_us),
            run_queue: both.map(|(now, then)| now.minus(then)),
        }
    }

    /// What there was before `spent`.
    pub(crate) fn before(self, spent: OwnTime) -> OwnTime {
        let both = self.run_queue.zip(spent.run_queue);
        OwnTime {
            cpu_us: self.cpu_us.saturating_sub(spent.cpu_us),
            run_queue: both.map(|(now, spent)| now.minus(spent)),
        }
    }
}

/// The clock that a thread shares with all others, monotonic, from one origin; and its own books.
#[derive(Debug)]
pub(super) struct Clock {
    origin: Instant,
    /// Open for the whole run, so that a look costs one system call and no memory.
    schedstat: Option<File>,
}

impl Clock {
    /// A clock that counts from `origin`. To be made on the thread whose books it keeps.
    pub(super) fn since(origin: Instant) -> Clock {
        // The name stands for the thread that opens it, whoever reads it then. A system without
        // this file (a sandbox, not Linux) leaves the wait unknown.
        Clock { origin, schedstat: File::open("/proc/thread-self/schedstat").ok() }
    }

    #[inline]
    pub(super) fn now_ns(&self) -> u64 {
        self.origin.elapsed().as_nanos() as u64
    }

    /// How long until `until_ns`; none when it has passed.
    pub(super) fn remaining(&self, until_ns: u64) -> Option<Duration> {
        until_ns.checked_sub(self.now_ns()).filter(|&ns| ns > 0).map(Duration::from_nanos)
    }

    /// What this thread did with its time so far.
    pub(super) fn own_time(&self) -> OwnTime {
        let run_queue = self.schedstat.as_ref().and_then(|file| {
            // Three numbers of at most 20 digits, two blanks and the line's end.
            let mut text = [0; 64];
            let length = file.read_at(&mut text, 0).ok()?;
            queued(text.get(..length)?)
        });
        OwnTime { cpu_us: cpu_us(), run_queue }
    }
}

/// CPU time of this thread, µs.
fn cpu_us() -> u64 {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(0, |time| time.tv_sec() as u64 * 1_000_000 + time.tv_nsec() as u64 / 1000)
}

/// What a `schedstat` says (Documentation/scheduler/sched-stats): time on the CPU, time on a run
/// queue, both in ns, and how often the thread ran.
fn queued(schedstat: &[u8]) -> Option<Queued> {
    let text = std::str::from_utf8(schedstat).ok()?;
    let mut numbers = text.split_ascii_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (cpu_ns, wait_ns, runs) = (next()?, next()?, next()?);
    // A kernel that keeps no such books (built with delay accounting alone, and that switched
    // off) writes zeros; a thread that reads has run.
    (cpu_ns > 0).then_some(Queued { wait_us: wait_ns / 1000, runs })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn waits_and_runs_are_read_and_absent_where_the_kernel_keeps_no_books() {
        let seen = |wait_us, runs| Some(Queued { wait_us, runs });
        let cases: [(&[u8], Option<Queued>); 6] = [
            (b"322497 1468095 8\n", seen(1468, 8)),
            (b"1 0 1\n", seen(0, 1)),
            (
                b"18446744073709551615 18446744073709551615 18446744073709551615\n",
                seen(u64::MAX / 1000, u64::MAX),
            ),
            (b"0 0 0\n", None),
            (b"322497 1468095\n", None),
            (b"\xff some other text", None),
        ];
        for (text, expected) in cases {
            assert_eq!(queued(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn what_came_since_and_what_was_before_undo_each_other() {
        let own =
            |cpu_us, wait_us, runs| OwnTime { cpu_us, run_queue: Some(Queued { wait_us, runs }) };
        let (then, now) = (own(10, 3, 1), own(50, 9, 5));
        assert_eq!(now.since(then), own(40, 6, 4));
        assert_eq!(now.before(now.since(then)), then);
        let unknown = OwnTime { cpu_us: 50, run_queue: None };
        assert_eq!(unknown.since(then).run_queue, None);
    }

    #[test]
    fn a_threads_books_are_read_again_and_again_and_never_go_back() {
        let clock = Clock::since(Instant::now());
        let mut last = clock.own_time();
        while last.cpu_us < 20_000 {
            let next = clock.own_time();
            let pairs = last.run_queue.zip(next.run_queue);
            assert!(pairs.is_none_or(|(a, b)| b.wait_us >= a.wait_us && b.runs >= a.runs));
            assert!(next.cpu_us >= last.cpu_us);
            last = next;
        }
        // Where the kernel keeps these books, they are of this thread and kept up to date.
        let text = std::fs::read("/proc/thread-self/schedstat").unwrap_or_default();
        let (now, last) = (queued(&text), last.run_queue);
        assert_eq!(now.is_some(), last.is_some());
        assert!(now.zip(last).is_none_or(|(now, last)| now.wait_us >= last.wait_us));
        assert!(last.is_none_or(|last| last.runs > 0));
    }
}
