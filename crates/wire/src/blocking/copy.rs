//! COPY, in and out.
//!
//! Rows are written straight into the message that carries them, which goes out whenever it is
//! large enough: no row is copied on its way to the socket.

use std::io;
use std::mem;
use std::time::{Duration, Instant};

use bytes::{BufMut, BytesMut};

use super::Client;
use crate::connection::Connection;
use crate::error::Error;
use crate::event::{CopyFormat, Event};
use crate::frame;
use crate::server_error::OwnedServerError;

/// A message of data goes out once it has grown to this.
const CHUNK_BYTES: usize = 128 << 10;

/// Tag and length of a CopyData message.
const HEADER: [u8; 5] = [b'd', 0, 0, 0, 0];

impl Client {
    /// Runs `COPY … FROM STDIN`; the rows go into what is returned.
    pub fn copy_in(&mut self, sql: &str) -> Result<CopyWriter<'_>, Error> {
        let (format, answer) = self.begin_copy(sql)?;
        match format {
            Some(format) => {
                let mut message = mem::take(&mut self.requests);
                message.clear();
                message.put_slice(&HEADER);
                Ok(CopyWriter { client: self, message, format, answer, finished: false })
            }
            None => Err(answer.error().unwrap_or(Error::Misuse("not a COPY … FROM STDIN"))),
        }
    }

    /// Runs `COPY … TO STDOUT`; tells each piece of data (in text formats one line) and returns
    /// the number of rows.
    pub fn copy_out(&mut self, sql: &str, mut sink: impl FnMut(&[u8])) -> Result<u64, Error> {
        let mut requests = BytesMut::new();
        frame::query(&mut requests, sql)?;
        let mut answer = CopyAnswer::default();
        let mut is_copy = false;
        let sent = self.round_trip(&mut requests, |event| match event {
            Event::CopyData(data) => sink(data),
            Event::CopyOut(_) => is_copy = true,
            event => answer.take(event),
        });
        match (answer.error(), sent) {
            (Some(error), _) | (None, Err(error)) => Err(error),
            (None, Ok(())) if !is_copy => Err(Error::Misuse("not a COPY … TO STDOUT")),
            (None, Ok(())) => Ok(answer.rows),
        }
    }

    fn begin_copy(&mut self, sql: &str) -> Result<(Option<CopyFormat>, CopyAnswer), Error> {
        let deadline = self.call_deadline();
        let mut requests = BytesMut::new();
        frame::query(&mut requests, sql)?;
        self.send(&mut requests)?;
        let format = std::cell::Cell::new(None);
        let mut answer = CopyAnswer::default();
        let begun = |connection: &Connection| format.get().is_some() || connection.is_ready();
        let pumped = self.pump(deadline, begun, &mut |event| match event {
            Event::CopyIn(copy) => format.set(Some(copy)),
            event => answer.take(event),
        });
        match (answer.error(), pumped) {
            (Some(error), _) | (None, Err(error)) => Err(error),
            (None, Ok(())) => Ok((format.get(), answer)),
        }
    }
}

/// How a COPY ended.
#[derive(Default)]
struct CopyAnswer {
    rows: u64,
    error: Option<Box<OwnedServerError>>,
}

impl CopyAnswer {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Complete { rows, .. } => self.rows = rows,
            Event::Error(error) if self.error.is_none() => {
                self.error = Some(Box::new(error.to_owned()));
            }
            _ => {}
        }
    }

    fn error(&self) -> Option<Error> {
        self.error.clone().map(Error::Server)
    }
}

/// Takes the data of a `COPY … FROM STDIN`. Dropped before [`CopyWriter::finish`], it gives the
/// COPY up, and no row of it stays.
#[must_use = "the rows stay only after finish"]
pub struct CopyWriter<'c> {
    client: &'c mut Client,
    /// A CopyData message, its length still to be filled in.
    message: BytesMut,
    format: CopyFormat,
    answer: CopyAnswer,
    finished: bool,
}

impl CopyWriter<'_> {
    /// What the server expects.
    pub fn format(&self) -> CopyFormat {
        self.format
    }

    /// Lets `write` append data, as much as it likes to hold in memory, best a row or some.
    #[inline]
    pub fn append(&mut self, write: impl FnOnce(&mut BytesMut)) -> Result<(), Error> {
        write(&mut self.message);
        if self.message.len() < CHUNK_BYTES { Ok(()) } else { self.send_message() }
    }

    /// Ends the data; tells how many rows there are now.
    pub fn finish(mut self) -> Result<u64, Error> {
        self.send_message()?;
        let deadline = self.client.call_deadline();
        self.message.clear();
        frame::copy_done(&mut self.message);
        self.finish_with(deadline)?;
        Ok(self.answer.rows)
    }

    fn send_message(&mut self) -> Result<(), Error> {
        if self.finished {
            return Err(self.answer.error().unwrap_or(Error::Misuse("the COPY is over")));
        }
        if self.message.len() == HEADER.len() {
            return Ok(());
        }
        let length = u32::try_from(self.message.len() - 1).ok().filter(|len| *len <= 1 << 30);
        let length = length.ok_or(frame::FrameError::TooLong)?;
        self.message[1..HEADER.len()].copy_from_slice(&length.to_be_bytes());
        let deadline = self.client.call_deadline();
        self.client.send(&mut self.message)?;
        let answer = &mut self.answer;
        let flushed = self.client.pump(deadline, |_| true, &mut |event| answer.take(event));
        self.message.clear();
        self.message.put_slice(&HEADER);
        // The server refused a row: it ignores all further data, so there is no use in more.
        if self.answer.error.is_some() || flushed.is_err() {
            // Whatever comes of that, the reason is known already.
            let _ = self.drain(deadline);
            return Err(self.answer.error().or(flushed.err()).unwrap_or(Error::Misuse("over")));
        }
        Ok(())
    }

    /// Sends the end and waits for its answer.
    fn finish_with(&mut self, deadline: Instant) -> Result<(), Error> {
        self.client.send(&mut self.message)?;
        let pumped = self.drain(deadline);
        match self.answer.error() {
            Some(error) => Err(error),
            None => pumped,
        }
    }

    fn drain(&mut self, deadline: Instant) -> Result<(), Error> {
        self.finished = true;
        let answer = &mut self.answer;
        self.client.pump(deadline, Connection::is_ready, &mut |event| answer.take(event))
    }
}

impl io::Write for CopyWriter<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.append(|buf| buf.put_slice(data)).map_err(io::Error::other)?;
        Ok(data.len())
    }

    /// Sends what is gathered; the server may still refuse it later.
    fn flush(&mut self) -> io::Result<()> {
        self.send_message().map_err(io::Error::other)
    }
}

impl Drop for CopyWriter<'_> {
    fn drop(&mut self) {
        if !self.finished && !self.client.is_broken() {
            self.message.clear();
            let deadline = self.client.call_deadline().min(Instant::now() + GIVE_UP_TIME);
            // Either the server confirms, or the connection is marked as broken.
            if frame::copy_fail(&mut self.message, "given up by the client").is_ok() {
                let _ = self.finish_with(deadline);
            }
        }
        self.client.requests = mem::take(&mut self.message);
    }
}

/// A drop must not block for long.
const GIVE_UP_TIME: Duration = Duration::from_secs(5);
