//! Before the load: what is missing is created, what another run created is shared, all in one
//! transaction that no other run can come between.

use super::owned::{self, Owned};
use super::{Mark, NewTable};
use crate::error::Error;
use crate::identifier::quote;
use wire::blocking::Client;

/// A transaction that creates and joins. Dropped without [`Claim::commit`], it has done nothing
/// once its connection is closed.
pub struct Claim<'a> {
    client: &'a mut Client,
    run: &'a str,
    /// A standby takes no marks, and drops nothing either.
    is_read_only: bool,
}

const CREATING: &str = "creating tables";

impl<'a> Claim<'a> {
    /// Begins; waits for other runs that create or drop tables at the moment.
    ///
    /// # Errors
    /// The server can't be asked.
    pub fn begin(client: &'a mut Client, run: &'a str) -> Result<Claim<'a>, Error> {
        owned::begin(client, CREATING)?;
        let row = client.query_one("SHOW transaction_read_only", &[]);
        let row = row.map_err(Error::server(CREATING))?;
        let shown: &str = row.value(0).map_err(Error::unreadable(CREATING))?;
        Ok(Claim { client, run, is_read_only: shown == "on" })
    }

    /// The connection, inside the transaction.
    pub fn client(&mut self) -> &mut Client {
        self.client
    }

    /// Creates a schema where it is missing; tells whether it was.
    ///
    /// # Errors
    /// The server refuses.
    pub fn schema(&mut self, name: &str) -> Result<bool, Error> {
        let schema = Owned::Schema(name);
        if schema.look_up(self.client)?.is_some() {
            self.join(schema)?;
            return Ok(false);
        }
        let doing = format!("creating {}", schema.called());
        self.client
            .batch(&format!("CREATE SCHEMA {}", quote(name)))
            .map_err(Error::server(doing))?;
        schema.set(self.client, &Mark::of(self.run))?;
        Ok(true)
    }

    /// Creates tables, which must be missing, with a mark; tells their names.
    ///
    /// # Errors
    /// The server refuses.
    pub fn create(&mut self, tables: &[NewTable], mark: &Mark) -> Result<Vec<String>, Error> {
        for NewTable { name, sql } in tables {
            let doing = format!("creating table {name}");
            self.client.batch(sql).map_err(Error::server(doing))?;
            Owned::Table(name).set(self.client, mark)?;
        }
        Ok(tables.iter().map(|table| table.name.clone()).collect())
    }

    /// Shares what another run created, so that it is not dropped before this run has ended; tells
    /// its mark, none where it is not ours.
    ///
    /// # Errors
    /// The server refuses.
    pub fn join(&mut self, owned: Owned<'_>) -> Result<Option<Mark>, Error> {
        let Some(mut mark) = owned.look_up(self.client)?.and_then(|it| it.mark) else {
            return Ok(None);
        };
        if !mark.names(self.run) && !self.is_read_only {
            mark.join(self.run);
            owned.set(self.client, &mark)?;
        }
        Ok(Some(mark))
    }

    /// What this run created is filled: others may use it.
    ///
    /// # Errors
    /// The server refuses.
    pub fn loaded(&mut self, owned: Owned<'_>) -> Result<(), Error> {
        match owned.look_up(self.client)?.and_then(|it| it.mark) {
            Some(mark) if mark.is_loading => {
                owned.set(self.client, &Mark { is_loading: false, ..mark })
            }
            _ => Ok(()),
        }
    }

    /// Ends it: everything is there for others now.
    ///
    /// # Errors
    /// The server refuses, or goes before it answers.
    pub fn commit(self) -> Result<(), Error> {
        self.client.batch("COMMIT").map_err(Error::server(CREATING))
    }

    /// Gives it up: nothing was done.
    ///
    /// # Errors
    /// The server can't be asked.
    pub fn give_up(self) -> Result<(), Error> {
        self.client.batch("ROLLBACK").map_err(Error::server(CREATING))
    }
}

/// What set-up runs of every catalogue's statements, by name: the server counts the transaction of
/// a claim with the load's.
pub fn statements() -> Vec<(&'static str, u64)> {
    vec![("begin", 1), ("commit", 1)]
}
