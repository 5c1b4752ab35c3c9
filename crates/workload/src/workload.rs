//! The seam to the program: what a workload promises around the load itself.
//!
//! The engine knows players only. Everything before and after (tables, rows, verification) goes
//! through this trait, over blocking connections that nobody measures.

use crate::error::Error;
use crate::own_tables::OwnTables;
use crate::postgres::{Answer, Request, Statement};
use model::metric::Metric;
use model::verification::Verification;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::blocking::{Client, Stop};
use wire::settings::Settings;
use wire::tls::Tls;

/// What users do.
pub trait Workload: Send {
    /// One user.
    type Player: engine::Player<Request = Request, Answer = Answer> + 'static;

    /// Which version of the workload this is. Results name it: raise it when its figures stop being
    /// comparable with those of before.
    fn version(&self) -> String {
        "1".to_owned()
    }

    /// What every key begins with of the rows that it adds to tables that may hold others; none
    /// where it adds no such rows. The user is told before the load.
    fn row_prefix(&self) -> Option<String> {
        None
    }

    /// The names of its actions; a wish names one by its index.
    fn actions(&self) -> Vec<String>;

    /// Its own statements: the first has the number [`crate::postgres::FIRST`].
    fn statements(&self) -> Vec<Statement>;

    /// The tables that a run of it makes for itself alone: they are made by [`Workload::set_up`]
    /// and dropped by [`Workload::clean_up`] as those are here; none where it has others.
    fn own_tables(&mut self) -> Option<&mut OwnTables> {
        None
    }

    /// Checks that the tables fit, creates what is missing, loads what it needs. Nothing of the
    /// user's is ever changed.
    fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error> {
        let statements = self.statements();
        self.own_tables().map_or(Ok(SetUp::default()), |it| it.set_up(server, &statements))
    }

    /// One player for each client.
    fn players(&mut self, clients: u32) -> Vec<Self::Player>;

    /// Compares what the server holds with what the players remember.
    fn verify(
        &mut self,
        server: &Server<'_>,
        players: &mut [Self::Player],
    ) -> Result<Verification, Error>;

    /// Removes its rows by their keys, and drops only the tables that it created. Called after a
    /// set-up that failed, too.
    fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error> {
        self.own_tables().map_or(Ok(CleanUp::default()), |it| it.clean_up(server))
    }

    /// Counters, gauges and histograms of its own, over the measured window of `elapsed_s`.
    fn metrics(&self, _players: &[Self::Player], _elapsed_s: f64) -> Vec<Metric> {
        Vec::new()
    }
}

/// The server under load, as set-up and verification reach it.
pub struct Server<'a> {
    /// Where and how to connect.
    pub settings: Arc<Settings>,
    /// How to encrypt, where that is asked for.
    pub tls: Option<Arc<Tls>>,
    /// The schema of the tables; none for the search path.
    pub schema: Option<String>,
    /// How many connections may load at once.
    pub loaders: usize,
    /// How long one statement of set-up or verification may take; none waits for ever.
    pub patience: Option<Duration>,
    /// Ends set-up, verification and clean-up wherever they are.
    pub stop: Stop,
    /// Hears what is going on.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

/// How long connecting may take when the settings don't say.
const CONNECT: Duration = Duration::from_secs(30);

impl Server<'_> {
    /// A connection of its own for set-up or verification.
    pub fn connect(&self) -> Result<Client, Error> {
        let deadline = Instant::now() + self.settings.connect_timeout.unwrap_or(CONNECT);
        let connected = Client::connect(&self.settings, self.tls.clone(), deadline);
        let mut client = connected.map_err(Error::Connect)?;
        // A year: waiting for ever has no number.
        client.set_timeout(self.patience.unwrap_or(Duration::from_secs(365 * 24 * 3600)));
        client.set_stop(self.stop.clone());
        Ok(client)
    }

    /// The same server, with tables in another schema.
    pub fn with_schema(&self, schema: Option<String>) -> Server<'_> {
        Server {
            settings: self.settings.clone(),
            tls: self.tls.clone(),
            schema,
            stop: self.stop.clone(),
            ..*self
        }
    }

    /// The one whole number that a query returns: a count, or a sum made an `int8`.
    pub fn number(&self, sql: &str) -> Result<i64, Error> {
        let doing = format!("running {sql}");
        let row = self.connect()?.query_one(sql, &[]).map_err(Error::server(&*doing))?;
        row.value(0).map_err(Error::unreadable(doing))
    }

    /// A table's name in SQL: in our schema, or on the search path.
    pub fn qualified(&self, table: &str) -> String {
        crate::identifier::qualified(self.schema.as_deref(), table)
    }
}

/// What set-up did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetUp {
    /// The tables that were created, as they are named in SQL.
    pub created: Vec<String>,
    /// Rows loaded by COPY.
    pub rows_loaded: u64,
    /// How long all of it took.
    pub seconds: f64,
    /// What a reader of the result should know.
    pub notes: Vec<String>,
    /// What the user should know before the load begins.
    pub warnings: Vec<String>,
    /// Executions of the catalogue's statements in set-up, by name: they count on the server too.
    pub statements: Vec<(&'static str, u64)>,
}

/// What clean-up did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CleanUp {
    /// The tables that were dropped.
    pub dropped: Vec<String>,
    /// Rows removed from tables that stay.
    pub rows_removed: u64,
    /// What a reader of the result should know.
    pub notes: Vec<String>,
    /// Executions of the catalogue's statements in clean-up, by name: they count on the server too.
    pub statements: Vec<(&'static str, u64)>,
}

impl CleanUp {
    /// Adds what another clean-up did.
    pub fn add(&mut self, other: CleanUp) {
        self.dropped.extend(other.dropped);
        self.rows_removed += other.rows_removed;
        self.notes.extend(other.notes);
        self.statements.extend(other.statements);
    }

    /// Whether there was nothing to do.
    pub fn is_nothing(&self) -> bool {
        self.rows_removed == 0 && self.dropped.is_empty() && self.notes.is_empty()
    }
}
