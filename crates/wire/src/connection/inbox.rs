//! Cuts arriving bytes into messages.
//!
//! Whole messages are handed on where they lie. Only an unfinished one at the end is kept, and
//! grows by what arrives: the length that a header claims is checked against the limit, and never
//! allocated in advance.

use std::mem;

use bytes::BytesMut;

use super::session::Session;
use crate::error::Error;
use crate::event::Event;
use crate::server_error::OwnedServerError;

/// Tag and length.
const HEADER_BYTES: usize = 5;

/// A buffer beyond this is given back once its message is read: connections are many.
const KEPT_CAPACITY_BYTES: usize = 4096;

/// The longest error text in the style of before 2003, which a server that can't fork still uses.
const OLD_STYLE_MAX_BYTES: usize = 1024;

/// The unfinished message at the end of what arrived.
#[derive(Default)]
pub(super) struct Inbox {
    tail: BytesMut,
}

impl Inbox {
    /// Hands every message that is whole now to the session, and keeps the rest.
    #[inline]
    pub(super) fn feed(
        &mut self,
        mut input: &[u8],
        session: &mut Session,
        out: &mut BytesMut,
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Error> {
        while !self.tail.is_empty() && !input.is_empty() {
            self.complete(&mut input, session, out, sink)?;
        }
        while let Some(length) = whole_length(input, session)? {
            let Some((message, rest)) = input.split_at_checked(length) else { break };
            session.take(message[0], &message[HEADER_BYTES..], out, sink)?;
            input = rest;
        }
        if !input.is_empty() {
            self.tail.extend_from_slice(input);
            self.check_old_style(session)?;
        }
        Ok(())
    }

    /// Moves input to the unfinished message, and hands it on when that completes it.
    #[cold]
    fn complete(
        &mut self,
        input: &mut &[u8],
        session: &mut Session,
        out: &mut BytesMut,
        sink: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let wanted = match whole_length(&self.tail, session)? {
            Some(length) => length,
            None if is_old_style(&self.tail, session) => OLD_STYLE_MAX_BYTES,
            None => HEADER_BYTES,
        };
        let missing = wanted.saturating_sub(self.tail.len());
        let (piece, rest) = input.split_at(missing.min(input.len()));
        self.tail.extend_from_slice(piece);
        *input = rest;
        self.check_old_style(session)?;
        if whole_length(&self.tail, session)? == Some(self.tail.len()) {
            let mut message = mem::take(&mut self.tail);
            session.take(message[0], &message[HEADER_BYTES..], out, sink)?;
            if message.capacity() <= KEPT_CAPACITY_BYTES {
                message.clear();
                self.tail = message;
            }
        }
        Ok(())
    }

    fn check_old_style(&self, session: &Session) -> Result<(), Error> {
        let ended = self.tail.len() >= OLD_STYLE_MAX_BYTES || self.tail.contains(&0);
        match self.old_style_error(session).filter(|_| ended) {
            Some(error) => Err(Error::Server(Box::new(error))),
            None => Ok(()),
        }
    }

    /// The error text without structure that lies here, if it is one.
    pub(super) fn old_style_error(&self, session: &Session) -> Option<OwnedServerError> {
        if !is_old_style(&self.tail, session) {
            return None;
        }
        let text = &self.tail[1..self.tail.len().min(OLD_STYLE_MAX_BYTES)];
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        Some(OwnedServerError {
            severity: "FATAL".to_owned(),
            message: String::from_utf8_lossy(text).trim_end().to_owned(),
            ..OwnedServerError::default()
        })
    }

    /// How much memory the unfinished message takes.
    pub(super) fn capacity_bytes(&self) -> usize {
        self.tail.capacity()
    }

    /// Whether no message is unfinished.
    pub(super) fn is_empty(&self) -> bool {
        self.tail.is_empty()
    }
}

/// The length of the message that begins here, once its header is there and is believable.
#[inline]
fn whole_length(bytes: &[u8], session: &Session) -> Result<Option<usize>, Error> {
    let [_, a, b, c, d, ..] = *bytes else { return Ok(None) };
    // In 64 bits: a length near 2^32 must not wrap around to a small one.
    let length = u64::from(u32::from_be_bytes([a, b, c, d])) + 1;
    let max_bytes = session.limit_bytes();
    match usize::try_from(length) {
        Ok(length) if (HEADER_BYTES..=max_bytes).contains(&length) => Ok(Some(length)),
        _ if is_old_style(bytes, session) => Ok(None),
        Ok(length) if length < HEADER_BYTES => {
            Err(Error::protocol("a message shorter than its own length field"))
        }
        length => Err(Error::FrameTooLong { bytes: length.unwrap_or(usize::MAX), max_bytes }),
    }
}

/// Before the login is done, an error may be plain text, whose first letters make an absurd length.
fn is_old_style(bytes: &[u8], session: &Session) -> bool {
    match bytes {
        [b'E', letters @ ..] => {
            session.is_logging_in()
                && letters.len() >= 4
                && letters[..4].iter().all(|letter| *letter >= b' ')
        }
        _ => false,
    }
}
