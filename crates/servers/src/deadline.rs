//! Waiting for a condition, with an end.
//!
//! Everything that this crate waits for is asked again at short intervals until it holds or the
//! time is up; nothing sleeps for luck.

use std::time::{Duration, Instant};

/// Often enough that waiting costs a start next to nothing, seldom enough to leave the CPU alone.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(5);

/// Asks until there is an answer; `None` when the time was up first.
pub(crate) fn wait_for<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(ASK_AGAIN_AFTER);
    }
}
