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
    /// Time in which it had work and waited on a run queue for a processor, µs; none where the
    /// system does not tell.
    pub run_queue_us: Option<u64>,
}

impl OwnTime {
    /// What came since `earlier`.
    pub(crate) fn since(self, earlier: OwnTime) -> OwnTime {
        let both = self.run_queue_us.zip(earlier.run_queue_us);
        OwnTime {
            cpu_us: self.cpu_us.saturating_sub(earlier.cpu_us),
            run_queue_us: both.map(|(now, then)| now.saturating_sub(then)),
        }
    }

    /// What there was before `spent`.
    pub(crate) fn before(self, spent: OwnTime) -> OwnTime {
        let both = self.run_queue_us.zip(spent.run_queue_us);
        OwnTime {
            cpu_us: self.cpu_us.saturating_sub(spent.cpu_us),
            run_queue_us: both.map(|(now, spent)| now.saturating_sub(spent)),
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
        let run_queue_us = self.schedstat.as_ref().and_then(|file| {
            // Three numbers of at most 20 digits, two blanks and the line's end.
            let mut text = [0; 64];
            let length = file.read_at(&mut text, 0).ok()?;
            waited_us(text.get(..length)?)
        });
        OwnTime { cpu_us: cpu_us(), run_queue_us }
    }
}

/// CPU time of this thread, µs.
fn cpu_us() -> u64 {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(0, |time| time.tv_sec() as u64 * 1_000_000 + time.tv_nsec() as u64 / 1000)
}

/// The second number of a `schedstat` (Documentation/scheduler/sched-stats: time on the CPU, time
/// on a run queue, both in ns, and how often it ran), as µs.
fn waited_us(schedstat: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(schedstat).ok()?;
    let mut numbers = text.split_ascii_whitespace().map(str::parse::<u64>);
    let (ran, waited) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    // A kernel that keeps no such books (built with delay accounting alone, and that switched
    // off) writes zeros; a thread that reads has run.
    (ran > 0).then_some(waited / 1000)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_the_second_number_and_absent_where_the_kernel_keeps_no_books() {
        let cases: [(&[u8], Option<u64>); 6] = [
            (b"322497 1468095 8\n", Some(1468)),
            (b"1 0 1\n", Some(0)),
            (
                b"18446744073709551615 18446744073709551615 18446744073709551615\n",
                Some(u64::MAX / 1000),
            ),
            (b"0 0 0\n", None),
            (b"322497\n", None),
            (b"\xff some other text", None),
        ];
        for (text, expected) in cases {
            assert_eq!(waited_us(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn what_came_since_and_what_was_before_undo_each_other() {
        let then = OwnTime { cpu_us: 10, run_queue_us: Some(3) };
        let now = OwnTime { cpu_us: 50, run_queue_us: Some(9) };
        assert_eq!(now.since(then), OwnTime { cpu_us: 40, run_queue_us: Some(6) });
        assert_eq!(now.before(now.since(then)), then);
        let unknown = OwnTime { cpu_us: 50, run_queue_us: None };
        assert_eq!(unknown.since(then).run_queue_us, None);
    }

    #[test]
    fn a_threads_books_are_read_again_and_again_and_never_go_back() {
        let clock = Clock::since(Instant::now());
        let mut last = clock.own_time();
        while last.cpu_us < 20_000 {
            let next = clock.own_time();
            assert!(next.cpu_us >= last.cpu_us && next.run_queue_us >= last.run_queue_us);
            last = next;
        }
        // Where the kernel keeps these books, they are of this thread and kept up to date.
        if let Ok(text) = std::fs::read("/proc/thread-self/schedstat") {
            assert!(waited_us(&text) >= last.run_queue_us);
            assert_eq!(waited_us(&text).is_some(), last.run_queue_us.is_some());
        }
    }
}
