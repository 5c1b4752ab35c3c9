//! Moves bytes between socket and connection until something is reached.
//!
//! It reads while it writes: a server that can't get rid of its answers stops reading requests,
//! and two sides that only write wait for each other for ever.

use std::cell::Cell;
use std::io;
use std::time::Instant;

use bytes::{Buf, BytesMut};

use super::stop::LOOK_EVERY;
use super::{Client, MAX_NOTICES};
use crate::connection::Connection;
use crate::error::Error;
use crate::event::Event;
use crate::frame;

impl Client {
    /// Sends request messages, made with [`crate::frame`], and tells every event up to the last
    /// Ready. They must end with a Sync or be simple queries. A `COPY … FROM STDIN` among them is
    /// given up, since nobody has data for it.
    pub fn round_trip(
        &mut self,
        requests: &mut BytesMut,
        mut sink: impl FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let deadline = self.call_deadline();
        self.send(requests)?;
        let wants_data = Cell::new(false);
        while !self.connection.is_ready() {
            let done = |connection: &Connection| connection.is_ready() || wants_data.get();
            self.pump(deadline, done, &mut |event| {
                wants_data.set(wants_data.get() || matches!(event, Event::CopyIn(_)));
                sink(event);
            })?;
            if wants_data.take() {
                requests.clear();
                frame::copy_fail(requests, "nobody has data for it")?;
                self.send(requests)?;
            }
        }
        Ok(())
    }

    /// Queues requests; `pump` sends them.
    pub(super) fn send(&mut self, requests: &mut BytesMut) -> Result<(), Error> {
        self.check()?;
        self.connection.send(requests, &mut self.out)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        match self.broken {
            Some(during) => Err(Error::Unusable { since: during }),
            None => Ok(()),
        }
    }

    /// Sends what is queued.
    pub(super) fn flush(&mut self, deadline: Instant) -> Result<(), Error> {
        self.pump(deadline, |_| true, &mut |_| {})
    }

    /// Sends all that is queued and takes what comes, until `done`.
    pub(super) fn pump(
        &mut self,
        deadline: Instant,
        done: impl Fn(&Connection) -> bool,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let pumped = self.pump_until(deadline, done, sink);
        if let Err(error) = &pumped {
            if self.broken.is_none() && matches!(error, Error::Stopped { .. }) {
                self.cancel_own_statement();
            }
            self.broken.get_or_insert(match error {
                Error::Timeout { .. } => "a call ran into its deadline",
                Error::Stopped { .. } => "it was stopped",
                _ => "an earlier call failed",
            });
        }
        pumped
    }

    fn pump_until(
        &mut self,
        deadline: Instant,
        done: impl Fn(&Connection) -> bool,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let mut hung_up = false;
        loop {
            if self.stop.is_raised() {
                return Err(Error::Stopped { during: self.connection.moment() });
            }
            let written = match self.write_some() {
                // Why may still lie in the socket: reading will tell.
                Err(error) if is_hang_up(&error) => {
                    self.out.clear();
                    hung_up = true;
                    false
                }
                written => written.map_err(|cause| self.failed(cause))?,
            };
            // Even when there is nothing to wait for: it may be the news that all is in vain.
            let read = self.read_some(sink)?;
            if self.out.is_empty() && !hung_up && done(&self.connection) {
                return Ok(());
            }
            if !written && !read {
                let writing = !self.out.is_empty();
                self.socket
                    .wait(writing, deadline, LOOK_EVERY)
                    .map_err(|cause| self.failed(cause))?;
            }
        }
    }

    fn write_some(&mut self) -> io::Result<bool> {
        if self.out.is_empty() {
            return Ok(false);
        }
        let count = self.socket.write(&self.out)?;
        self.out.advance(count.unwrap_or(0));
        Ok(count.is_some())
    }

    fn read_some(&mut self, sink: &mut dyn FnMut(Event<'_>)) -> Result<bool, Error> {
        let count = match self.socket.read(&mut self.input) {
            Ok(Some(count)) => count,
            Ok(None) => return Ok(false),
            Err(error) if is_hang_up(&error) => 0,
            Err(cause) => return Err(self.failed(cause)),
        };
        if count == 0 {
            return Err(self.connection.closed());
        }
        let notices = &mut self.notices;
        let fed = self.connection.feed(&self.input[..count], &mut self.out, &mut |event| {
            if let Event::Notice(notice) = &event {
                if notices.len() == MAX_NOTICES {
                    notices.pop_front();
                }
                notices.push_back(notice.to_owned());
            }
            sink(event);
        });
        if fed.is_err() {
            // An alert that tells the server why; whether it arrives makes no difference to us.
            let _ = self.socket.write(&self.out);
        }
        fed.map(|()| true)
    }

    fn failed(&self, cause: io::Error) -> Error {
        match cause.kind() {
            io::ErrorKind::TimedOut => Error::Timeout { during: self.connection.moment() },
            _ => Error::Io { doing: "the connection failed", cause },
        }
    }
}

fn is_hang_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected
    )
}
