//! The end of a ring: nothing of ours is freed while the kernel may still use it.

use super::operation::operation_of;
use super::{GROUP, Poller, Uring};
use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

impl Drop for Uring {
    fn drop(&mut self) {
        for client in 0..self.slots.len() {
            self.close(client);
        }
        let give_up = Instant::now() + Duration::from_secs(1);
        while !self.closing.is_empty() && Instant::now() < give_up {
            if self.submit_and_wait(Duration::from_millis(20)).is_err() {
                break;
            }
            self.collect();
            while let Some(done) = self.done.pop_front() {
                if let Some(operation) = operation_of(done.data) {
                    self.let_go(operation, done);
                }
            }
        }
        if self.closing.is_empty() && self.ring.submitter().unregister_buf_ring(GROUP).is_ok() {
            // SAFETY: nothing is under way any more, the kernel has let go of the buffers, and
            // nobody uses them after this.
            unsafe { ManuallyDrop::drop(&mut self.buffers) };
        }
        // Where the kernel may still use it, losing the memory is the safe way out.
        std::mem::forget(std::mem::take(&mut self.closing));
    }
}

impl std::fmt::Debug for Uring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uring").field("clients", &self.slots.len()).finish_non_exhaustive()
    }
}
