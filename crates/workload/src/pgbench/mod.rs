//! pgbench's three built-in scripts: `select-only`, `simple-update`, `tpcb-like`.
//!
//! Same statements, same distributions, one round trip per statement as pgbench does unless
//! pipelining is asked for, so that the generator can be held against pgbench like for like. The
//! `pgbench_*` tables are used where they exist (updated in place, never truncated or vacuumed),
//! else made and dropped afterwards. Scripts in pgbench's own language would be another file
//! beside `script`.

mod player;
mod script;
mod set_up;
mod tables;
mod verify;

pub use player::{Count, PgbenchPlayer};
pub use script::Script;
pub use tables::needed as tables_needed;

use crate::error::Error;
use crate::postgres::Statement;
use crate::schema::{self, How, Owned, Release};
use crate::workload::{CleanUp, Server, SetUp, Workload};
use model::verification::Verification;
use set_up::{Ready, SettingUp};
use std::time::Instant;
use tables::Tables;
use verify::Stored;
use wire::blocking::Client;

/// What to run.
#[derive(Clone, Debug, PartialEq)]
pub struct PgbenchOptions {
    /// Which scripts, and how often each relative to the others.
    pub scripts: Vec<(Script, u32)>,
    /// The size of tables that we make: 100,000 accounts each.
    pub scale: u32,
    /// The schema of the tables; none for the search path.
    pub schema: Option<String>,
    /// The run's seed.
    pub seed: u64,
    /// The run's name: it stands in the comments of tables that are made.
    pub run: String,
    /// Leaves tables that we made where they are.
    pub keep_data: bool,
    /// Sends a whole script in one round trip: none of its statements needs an earlier answer.
    /// Not for the simple protocol, which has a round trip per statement.
    pub pipeline: bool,
    /// Uses tables that an earlier run of the same name made and kept, and no others.
    pub reuse_data: bool,
}

/// The workload.
#[derive(Debug)]
pub struct Pgbench {
    options: PgbenchOptions,
    /// Whether tables may be there that wait to be released.
    is_claimed: bool,
    /// What set-up found or made, and what was stored then; nothing before it.
    ready: Option<(Ready, Stored)>,
}

impl Pgbench {
    /// A workload of these scripts.
    ///
    /// # Errors
    /// When there is no script, a weight is 0, a script is named twice, or the scale is senseless.
    pub fn new(options: PgbenchOptions) -> Result<Pgbench, Error> {
        let wrong = |text: &str| Err(Error::Settings(text.to_owned()));
        if options.scripts.is_empty() {
            return wrong("pgbench: no script to run");
        }
        if options.scripts.iter().any(|(_, weight)| *weight == 0) {
            return wrong("pgbench: the weight of a script is 0");
        }
        for script in Script::ALL {
            if options.scripts.iter().filter(|(it, _)| *it == script).count() > 1 {
                return wrong("pgbench: a script is named twice");
            }
        }
        if !(1..=MAX_SCALE).contains(&options.scale) {
            return wrong("pgbench: the scale is not from 1 to 1000000");
        }
        Ok(Pgbench { options, is_claimed: false, ready: None })
    }

    fn writes(&self) -> bool {
        self.options.scripts.iter().any(|(script, _)| script.writes())
    }

    fn tables(&self, scale: u32) -> Tables<'_> {
        Tables { schema: self.options.schema.as_deref(), scale, writes: self.writes() }
    }
}

/// 100 billion accounts: some 15 TB.
const MAX_SCALE: u32 = 1_000_000;

impl Workload for Pgbench {
    type Player = PgbenchPlayer;

    fn actions(&self) -> Vec<String> {
        self.options.scripts.iter().map(|(script, _)| script.action().to_owned()).collect()
    }

    fn statements(&self) -> Vec<Statement> {
        script::statements(self.options.schema.as_deref(), &self.options.scripts)
    }

    fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error> {
        let began = Instant::now();
        let mut client = server.connect()?;
        let mut setting_up = SettingUp {
            server,
            run: &self.options.run,
            reuse: self.options.reuse_data,
            tables: self.tables(self.options.scale),
            statements: self.statements(),
            done: SetUp::default(),
            is_claimed: false,
        };
        let prepared = prepare(&mut setting_up, &mut client);
        let SettingUp { mut done, is_claimed, .. } = setting_up;
        self.is_claimed = is_claimed;
        self.ready = None;
        self.ready = Some(prepared?);
        done.seconds = began.elapsed().as_secs_f64();
        Ok(done)
    }

    fn players(&mut self, clients: u32) -> Vec<PgbenchPlayer> {
        let scale = self.ready.as_ref().map_or(self.options.scale, |(ready, _)| ready.scale);
        (0..clients).map(|client| PgbenchPlayer::new(&self.options, scale, client)).collect()
    }

    fn verify(
        &mut self,
        server: &Server<'_>,
        players: &mut [PgbenchPlayer],
    ) -> Result<Verification, Error> {
        let Some((ready, before)) = &self.ready else {
            return Err(Error::Settings("pgbench: verification needs a set-up".to_owned()));
        };
        let (mut client, tables) = (server.connect()?, self.tables(ready.scale));
        let after = verify::stored(&mut client, &tables)?;
        // Only now: whoever has written until then stands in the mark.
        let alone = ready.is_maker && is_alone(&mut client, &tables, &self.options.run)?;
        let mut count = Count::default();
        players.iter().for_each(|player| count += player.count());
        let change = after.since(before);
        Ok(verify::verification(&count, change.as_ref(), alone))
    }

    fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error> {
        if !self.is_claimed {
            return Ok(CleanUp::default());
        }
        let options = &self.options;
        if options.reuse_data || options.keep_data && self.ready.is_some() {
            let run = &options.run;
            let text =
                format!("the pgbench tables of run {run} were kept; --clean {run} removes them");
            let notes = vec![text];
            return Ok(CleanUp { notes, ..CleanUp::default() });
        }
        let schema = self.options.schema.clone();
        let done = clean_run(&server.with_schema(schema), &self.options.run)?;
        self.is_claimed = false;
        Ok(done)
    }
}

/// Everything before the load; what was stored then.
fn prepare(setting_up: &mut SettingUp<'_>, client: &mut Client) -> Result<(Ready, Stored), Error> {
    let ready = setting_up.run(client)?;
    let tables = Tables { scale: ready.scale, ..setting_up.tables };
    let before = verify::stored(client, &tables)?;
    if ready.is_maker {
        setting_up.open(client)?;
    }
    Ok((ready, before))
}

/// Whether nobody but `run` has ever needed the tables.
fn is_alone(client: &mut Client, tables: &Tables<'_>, run: &str) -> Result<bool, Error> {
    let history = tables.name("pgbench_history");
    let mark = Owned::Table(&history).look_up(client)?.and_then(|seen| seen.mark);
    Ok(mark.is_some_and(|mark| mark.names(run) && !mark.is_shared))
}

/// Drops the tables that runs of ours made, and their schema, where the run called `run` was the
/// last that needed them. Tables that were there before any run of ours are not touched.
///
/// # Errors
/// When the server can't be reached or refuses.
pub fn clean_run(server: &Server<'_>, run: &str) -> Result<CleanUp, Error> {
    let mut client = server.connect()?;
    let mut done = CleanUp::default();
    // Their rows say nothing about who made them: all are everybody's.
    let how = How { run, others: None, leave: true };
    let names = tables::NAMES.map(|name| server.qualified(name));
    let things = names.each_ref().map(|name| Owned::Table(name));
    match schema::release(server, &mut client, &things, (how, &mut done))? {
        Release::Dropped(names) => done.dropped.extend(names),
        Release::Stays(why) => done.notes.push(format!("the pgbench tables stay: {why}")),
        Release::Untouched => {}
    }
    schema::release_schema(server, &mut client, run, &mut done)?;
    Ok(done)
}
