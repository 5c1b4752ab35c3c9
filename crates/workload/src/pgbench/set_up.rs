//! Before the load: pgbench's tables are found and shared, or made.

use super::tables::{Tables, needed};
use crate::error::Error;
use crate::postgres::Statement;
use crate::schema::{self, Claim, Mark, Owned, Trigger};
use crate::workload::{Server, SetUp};
use std::time::{Duration, Instant};
use wire::blocking::Client;

/// The tables as a run found or made them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub(super) scale: u32,
    /// Whether this run made them.
    pub(super) is_maker: bool,
}

/// How often a run looks whether another one has finished loading.
const LOOK: Duration = Duration::from_millis(200);
/// How long it looks when nobody says how patient it is.
const PATIENCE: Duration = Duration::from_secs(600);

/// Set-up of one run.
pub(super) struct SettingUp<'a> {
    pub(super) server: &'a Server<'a>,
    pub(super) run: &'a str,
    /// Whether the tables have to be those that the run of this name has made before.
    pub(super) reuse: bool,
    /// As they are to be where they have to be made.
    pub(super) tables: Tables<'a>,
    pub(super) statements: Vec<Statement>,
    pub(super) done: SetUp,
    /// Set as soon as there may be something to clean up.
    pub(super) is_claimed: bool,
}

impl SettingUp<'_> {
    /// Finds or makes the tables; those that it made are still to be opened to others.
    pub(super) fn run(&mut self, client: &mut Client) -> Result<Ready, Error> {
        let give_up = Instant::now() + self.server.patience.unwrap_or(PATIENCE);
        loop {
            while let Some(run) = self.loading(client)? {
                self.wait(&run, give_up)?;
            }
            if let Some(ready) = self.claim(client)? {
                if ready.is_maker {
                    self.done.rows_loaded = self.tables.fill(self.server, client)?;
                    schema::prepare(client, &self.statements)?;
                }
                return Ok(ready);
            }
        }
    }

    /// The run that is filling the tables at the moment.
    fn loading(&self, client: &mut Client) -> Result<Option<String>, Error> {
        let branches = self.tables.name("pgbench_branches");
        let mark = Owned::Table(&branches).look_up(client)?.and_then(|seen| seen.mark);
        Ok(mark.filter(|it| it.is_loading).map(|it| it.runs.join(", ")))
    }

    /// Whether the tables name this run already.
    fn is_ours(&self, client: &mut Client) -> Result<bool, Error> {
        let branches = self.tables.name("pgbench_branches");
        let mark = Owned::Table(&branches).look_up(client)?.and_then(|seen| seen.mark);
        Ok(mark.is_some_and(|it| it.names(self.run)))
    }

    fn wait(&self, run: &str, give_up: Instant) -> Result<(), Error> {
        let hint = format!("if it is gone, pgsurge load --clean {run} removes what it left");
        if Instant::now() > give_up || self.server.stop.is_raised() {
            let text = format!("run {run} is still loading the pgbench tables");
            return Err(Error::Occupied { text, hint });
        }
        (self.server.progress)(&format!("waiting for run {run} to load the tables; {hint}"));
        std::thread::sleep(LOOK);
        Ok(())
    }

    /// One transaction that finds and shares the tables, or creates them; none when another run
    /// has just begun to fill them.
    fn claim(&mut self, client: &mut Client) -> Result<Option<Ready>, Error> {
        let mut claim = Claim::begin(client, self.run)?;
        if self.loading(claim.client())?.is_some() {
            self.count(&["begin", "rollback"]);
            return claim.give_up().map(|()| None);
        }
        if let Some(schema) = self.tables.schema {
            claim.schema(schema)?;
        }
        let found = self.tables.find(claim.client())?;
        if self.reuse && !self.is_ours(claim.client())? {
            let (run, there) = (self.run, if found.is_some() { "others" } else { "none" });
            let text = format!("run {run} has left no pgbench tables: there are {there}");
            let hint = "--init-only makes tables that can be used again";
            return Err(Error::contradicted(text, hint));
        }
        let ready = match found {
            Some(scale) => {
                self.join(&mut claim, scale)?;
                schema::prepare(claim.client(), &self.statements)?;
                Ready { scale, is_maker: false }
            }
            None => {
                let mark = Mark { is_loading: true, ..Mark::of(self.run) };
                self.done.created = claim.create(&self.tables.new_tables(), &mark)?;
                Ready { scale: self.tables.scale, is_maker: true }
            }
        };
        // The answer to a commit may get lost.
        self.is_claimed = true;
        self.count(&["begin", "commit"]);
        claim.commit().map(|()| Some(ready))
    }

    fn join(&mut self, claim: &mut Claim<'_>, scale: u32) -> Result<(), Error> {
        if scale != self.tables.scale {
            let text = "the pgbench tables that are there have scale";
            self.done.notes.push(format!("{text} {scale}: --scale was not used"));
        }
        let tables = needed(self.tables.writes);
        let triggers = schema::triggers(claim.client(), self.tables.schema, tables)?;
        self.done.warnings.extend(Trigger::warning(&triggers));
        let mut others = Vec::new();
        for name in self.tables.names() {
            if let Some(mark) = claim.join(Owned::Table(&name))? {
                others = mark.others(self.run).into_iter().map(str::to_owned).collect();
            }
        }
        if !others.is_empty() {
            self.done.notes.push(format!(
                "the pgbench tables are shared with run {}: whether a transaction was stored \
                 twice can't be told, only that none was lost and that all balances agree",
                others.join(", ")
            ));
        }
        Ok(())
    }

    /// Opens tables that this run has made to others.
    pub(super) fn open(&mut self, client: &mut Client) -> Result<(), Error> {
        let mut claim = Claim::begin(client, self.run)?;
        for name in self.tables.names() {
            claim.loaded(Owned::Table(&name))?;
        }
        self.count(&["begin", "commit"]);
        claim.commit()
    }

    fn count(&mut self, ran: &[&'static str]) {
        for name in ran {
            match self.done.statements.iter_mut().find(|(it, _)| it == name) {
                Some((_, count)) => *count += 1,
                None => self.done.statements.push((name, 1)),
            }
        }
    }
}
