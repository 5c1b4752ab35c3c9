//! The common start: threads arrive when their connections are open, and begin together.
//!
//! Unlike a barrier it can be called off, and it hears of a thread that will never arrive: a run
//! must not hang because one of its threads could not be made, failed or panicked.

use crate::settings::Control;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct State {
    arrived: usize,
    /// A thread ended without having arrived.
    failed: bool,
    /// None while the gate is shut; then when to begin, or none of that when it is called off.
    verdict: Option<Option<u64>>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can panic half-way, so what a panic left is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// This thread is ready.
    pub(crate) fn arrive(&self) {
        self.change(|state| state.arrived += 1);
    }

    /// Waits until `threads` have arrived; false when one of them never will.
    pub(crate) fn wait_for_all(&self, threads: usize) -> bool {
        let mut state = self.lock();
        while state.arrived < threads && !state.failed && state.verdict.is_none() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.arrived >= threads && !state.failed
    }

    /// Lets everybody begin at `begin_ns`.
    pub(crate) fn open(&self, begin_ns: u64) {
        self.change(|state| state.verdict = Some(Some(begin_ns)));
    }

    /// Sends everybody home.
    pub(crate) fn call_off(&self) {
        self.change(|state| state.verdict = Some(None));
    }

    /// When to begin; none when there is nothing to begin.
    pub(crate) fn wait_for_begin(&self) -> Option<u64> {
        let mut state = self.lock();
        loop {
            if let Some(verdict) = state.verdict {
                return verdict;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Held by a thread as long as it lives: its end is heard whatever the reason.
pub(crate) struct Arrival<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) control: &'a Control,
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        if self.gate.lock().verdict.is_none() {
            self.gate.change(|state| state.failed = true);
        }
        if std::thread::panicking() {
            self.control.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_begins_at_the_same_moment() {
        let gate = Gate::default();
        std::thread::scope(|scope| {
            let begin = || {
                gate.arrive();
                gate.wait_for_begin()
            };
            let threads = [scope.spawn(begin), scope.spawn(begin)];
            assert!(gate.wait_for_all(2));
            gate.open(7);
            assert!(threads.into_iter().all(|thread| thread.join().is_ok_and(|it| it == Some(7))));
        });
    }

    #[test]
    fn a_thread_that_panics_before_it_arrives_keeps_nobody_waiting() {
        let (gate, control) = (Gate::default(), Control::default());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                gate.arrive();
                gate.wait_for_begin()
            });
            let broken = scope.spawn(|| {
                let _arrival = Arrival { gate: &gate, control: &control };
                panic!("broken on purpose");
            });
            assert!(!gate.wait_for_all(2));
            gate.call_off();
            assert!(waiting.join().is_ok_and(|begin| begin.is_none()) && broken.join().is_err());
        });
        assert!(control.is_stopping());
    }
}
