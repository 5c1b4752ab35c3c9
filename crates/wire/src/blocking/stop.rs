//! Ending calls from another thread: a user who has seen enough does not wait for deadlines.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Client;

/// How soon a waiting call sees that it is to end.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long asking the server to give up on the statement may take.
const CANCEL: Duration = Duration::from_secs(1);

/// Shared by all connections whose calls are to end together. Once raised it stays so.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends the calls that are under way and all that follow.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it has been raised.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Client {
    /// Lets `stop` end this connection's calls. One that was ended leaves the connection of no
    /// use; the server is asked to cancel what it was doing.
    pub fn set_stop(&mut self, stop: Stop) {
        self.stop = stop;
    }

    pub(super) fn cancel_own_statement(&self) {
        if let Some(token) = self.cancel_token() {
            // It ends with the connection too, only later.
            let _ = token.cancel(Instant::now() + CANCEL);
        }
    }
}
