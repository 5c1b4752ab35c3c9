//! Counts what the server owes us: one Ready for every Sync and every simple query.
//!
//! After an error the server skips everything up to the next Sync, so counting Readies is all
//! that is needed to stay in step, however many batches are under way and whichever of them fail.

use crate::error::Error;
use crate::frame::FrameError;
use crate::message::unexpected;

#[derive(Default)]
pub(super) struct Ledger {
    /// Readies to come.
    awaited: u32,
    /// Requests were sent after the last Sync, so that more than Readies may come.
    open: bool,
}

impl Ledger {
    /// Notes request messages, which must be whole.
    #[inline]
    pub(super) fn sent(&mut self, mut messages: &[u8]) -> Result<(), FrameError> {
        let (mut awaited, mut open) = (self.awaited, self.open);
        while let [tag, a, b, c, d, rest @ ..] = messages {
            let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
            let body = length.checked_sub(4).ok_or(FrameError::NotFrames)?;
            messages = rest.get(body..).ok_or(FrameError::NotFrames)?;
            match tag {
                b'S' | b'Q' | b'F' => {
                    awaited += 1;
                    open = false;
                }
                // COPY data belongs to a query that is counted already, Flush is not answered.
                b'd' | b'c' | b'f' | b'H' => {}
                _ => open = true,
            }
        }
        if !messages.is_empty() {
            return Err(FrameError::NotFrames);
        }
        (self.awaited, self.open) = (awaited, open);
        Ok(())
    }

    /// Notes a Ready.
    #[inline]
    pub(super) fn answered(&mut self) -> Result<(), Error> {
        match self.awaited.checked_sub(1) {
            Some(awaited) => {
                self.awaited = awaited;
                Ok(())
            }
            None => Err(unexpected(b'Z', "before a Sync")),
        }
    }

    /// Whether nothing is owed.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.awaited == 0 && !self.open
    }

    /// Readies to come.
    pub(super) fn awaited(&self) -> u32 {
        self.awaited
    }
}
