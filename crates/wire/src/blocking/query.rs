//! Statements: one text or one statement with parameters, and all that it answers.

use std::mem;
use std::sync::Arc;

use bytes::BytesMut;

use super::rows::{only, own_columns};
use super::{Answer, Client, OwnedColumn, OwnedRow, Param};
use crate::error::Error;
use crate::event::Event;
use crate::frame::{self, Bind, FrameError, Target};
use crate::server_error::OwnedServerError;
use crate::value::Oid;

/// Gathers what a conversation brings, up to its first error.
#[derive(Default)]
struct Gathered {
    columns: Option<Arc<[OwnedColumn]>>,
    current: Answer,
    answers: Vec<Answer>,
    error: Option<Box<OwnedServerError>>,
}

impl Gathered {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::RowDescription(columns) => self.columns = Some(own_columns(columns)),
            Event::Row(row) => {
                let columns = self.columns.get_or_insert_with(|| Arc::from([]));
                self.current.rows.push(OwnedRow::new(columns.clone(), row));
            }
            Event::Complete { tag, rows } => {
                self.current.tag = tag.to_owned();
                self.current.affected = rows;
                self.answers.push(mem::take(&mut self.current));
            }
            Event::EmptyQuery => self.answers.push(mem::take(&mut self.current)),
            Event::Error(error) if self.error.is_none() => {
                self.error = Some(Box::new(error.to_owned()));
            }
            _ => {}
        }
    }

    fn finish(self) -> Result<Vec<Answer>, Error> {
        match self.error {
            Some(error) => Err(Error::Server(error)),
            None => Ok(self.answers),
        }
    }
}

impl Client {
    /// Runs one or more statements, separated by semicolons, in one transaction if they don't say
    /// otherwise. Their rows are text.
    pub fn simple_query(&mut self, sql: &str) -> Result<Vec<Answer>, Error> {
        self.gather(|buf| frame::query(buf, sql))
    }

    /// Runs statements whose rows nobody wants.
    pub fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.simple_query(sql).map(|_| ())
    }

    /// Runs one statement; its rows are in binary.
    pub fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<OwnedRow>, Error> {
        Ok(self.extended("", Some(sql), params)?.rows)
    }

    /// Runs one statement that returns exactly one row.
    pub fn query_one(&mut self, sql: &str, params: &[Param<'_>]) -> Result<OwnedRow, Error> {
        only(self.query(sql, params)?)
    }

    /// Runs one statement; tells how many rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, Error> {
        Ok(self.extended("", Some(sql), params)?.affected)
    }

    /// Lets the server read one statement and forget it: what is wrong with its text, its names
    /// or its types is found without running it.
    pub fn parse(&mut self, sql: &str, types: &[Oid]) -> Result<(), Error> {
        let parsed = self.gather(|buf| {
            frame::parse(buf, "", sql, types)?;
            frame::sync(buf);
            Ok(())
        });
        parsed.map(|_| ())
    }

    /// Keeps a statement without parameters in the session, under a name, for
    /// [`Client::run_prepared`].
    pub fn prepare(&mut self, name: &str, sql: &str) -> Result<(), Error> {
        let prepared = self.gather(|buf| {
            frame::parse(buf, name, sql, &[])?;
            frame::sync(buf);
            Ok(())
        });
        prepared.map(|_| ())
    }

    /// Runs a statement of that name; its rows are in binary.
    pub fn run_prepared(
        &mut self,
        name: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<OwnedRow>, Error> {
        Ok(self.extended(name, None, params)?.rows)
    }

    /// Keeps a statement under a name, in place of any other of that name, and runs it, in one round
    /// trip; later runs are [`Client::run_prepared`]. It may be kept although the run fails.
    pub fn prepare_and_run(
        &mut self,
        name: &str,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<OwnedRow>, Error> {
        Ok(self.extended(name, Some(sql), params)?.rows)
    }

    /// Forgets a statement of that name, if there is one.
    pub fn forget_prepared(&mut self, name: &str) -> Result<(), Error> {
        let forgotten = self.gather(|buf| {
            frame::close(buf, Target::Statement(name))?;
            frame::sync(buf);
            Ok(())
        });
        forgotten.map(|_| ())
    }

    /// One statement with its parameters: of that name, or of that text from now on. Without a name
    /// the server forgets it with the next.
    fn extended(
        &mut self,
        name: &str,
        sql: Option<&str>,
        params: &[Param<'_>],
    ) -> Result<Answer, Error> {
        let mut answers = self.gather(|buf| {
            let count = u16::try_from(params.len()).map_err(|_| FrameError::TooLong)?;
            if let Some(sql) = sql {
                // No error where there is none; the unnamed one is replaced anyway.
                if !name.is_empty() {
                    frame::close(buf, Target::Statement(name))?;
                }
                let oids: Vec<_> = params.iter().map(Param::oid).collect();
                frame::parse(buf, name, sql, &oids)?;
            }
            let bind = Bind::new(buf, name, count);
            params.iter().fold(bind, |bind, param| param.bind(bind)).finish()?;
            frame::describe(buf, Target::Portal(""))?;
            frame::execute(buf, 0);
            frame::sync(buf);
            Ok(())
        })?;
        Ok(answers.pop().unwrap_or_default())
    }

    fn gather(
        &mut self,
        write: impl FnOnce(&mut BytesMut) -> Result<(), FrameError>,
    ) -> Result<Vec<Answer>, Error> {
        let mut requests = mem::take(&mut self.requests);
        requests.clear();
        let mut gathered = Gathered::default();
        let sent = match write(&mut requests) {
            Ok(()) => self.round_trip(&mut requests, |event| gathered.take(event)),
            Err(fault) => Err(Error::Frame(fault)),
        };
        self.requests = requests;
        // The server's own reason says more than the end of the connection that follows it.
        match (sent, gathered.finish()) {
            (_, Err(server)) => Err(server),
            (sent, Ok(answers)) => sent.map(|()| answers),
        }
    }
}
