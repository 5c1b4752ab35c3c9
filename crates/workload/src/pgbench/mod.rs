//! pgbench's three built-in scripts: `select-only`, `simple-update`, `tpcb-like`.
//!
//! Same statements, same distributions, one round trip per statement as pgbench does, so that the
//! generator can be held against pgbench like for like. The `pgbench_*` tables are used where
//! they exist (updated in place, never truncated or vacuumed), else made and dropped afterwards.
//! Scripts in pgbench's own language would be another file beside [`script`].

mod player;
mod script;
mod tables;
mod verify;

pub use player::{Count, PgbenchPlayer};
pub use script::Script;

use crate::error::Error;
use crate::postgres::Statement;
use crate::schema::{self, Created};
use crate::workload::{CleanUp, Server, SetUp, Workload};
use model::metric::Metric;
use model::verification::Verification;
use std::time::Instant;
use tables::Tables;
use verify::Stored;

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
    /// Leaves tables that we made where they are.
    pub keep_data: bool,
}

/// The workload.
#[derive(Debug)]
pub struct Pgbench {
    options: PgbenchOptions,
    /// What set-up found; nothing before it.
    ready: Option<Ready>,
}

#[derive(Debug)]
struct Ready {
    scale: u32,
    created: Vec<Created>,
    before: Stored,
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
        Ok(Pgbench { options, ready: None })
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

    fn name(&self) -> &'static str {
        match self.options.scripts.as_slice() {
            [(only, _)] => only.name(),
            _ => "pgbench",
        }
    }

    fn actions(&self) -> Vec<String> {
        self.options.scripts.iter().map(|(script, _)| script.action().to_owned()).collect()
    }

    fn statements(&self) -> Vec<Statement> {
        script::statements(self.options.schema.as_deref(), &self.options.scripts)
    }

    fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error> {
        let began = Instant::now();
        let mut client = server.connect()?;
        let mut done = SetUp::default();
        let wanted = self.tables(self.options.scale);
        let (scale, created) = match wanted.find(&mut client)? {
            Some(scale) => {
                if scale != self.options.scale {
                    let text = "the pgbench tables that are there have scale";
                    done.notes.push(format!("{text} {scale}: --scale was not used"));
                }
                (scale, Vec::new())
            }
            None => {
                let created = wanted.create(&mut client)?;
                // Only from here on there is something to undo.
                self.ready = Some(Ready {
                    scale: self.options.scale,
                    created: created.clone(),
                    before: Stored::default(),
                });
                done.rows_loaded = self.tables(self.options.scale).fill(server, &mut client)?;
                done.statements = schema::statements(&created);
                done.created = created.iter().map(|table| table.name.clone()).collect();
                (self.options.scale, created)
            }
        };
        schema::prepare(&mut client, &self.statements())?;
        let before = verify::stored(&mut client, &self.tables(scale))?;
        self.ready = Some(Ready { scale, created, before });
        done.seconds = began.elapsed().as_secs_f64();
        Ok(done)
    }

    fn players(&mut self, clients: u32) -> Vec<PgbenchPlayer> {
        let scale = self.ready.as_ref().map_or(self.options.scale, |ready| ready.scale);
        (0..clients)
            .map(|client| {
                PgbenchPlayer::new(&self.options.scripts, scale, self.options.seed, client)
            })
            .collect()
    }

    fn verify(
        &mut self,
        server: &Server<'_>,
        players: &mut [PgbenchPlayer],
    ) -> Result<Verification, Error> {
        let Some(ready) = &self.ready else {
            return Err(Error::Settings("pgbench: verification needs a set-up".to_owned()));
        };
        let after = verify::stored(&mut server.connect()?, &self.tables(ready.scale))?;
        let mut count = Count::default();
        players.iter().for_each(|player| count += player.count());
        let change = after.since(&ready.before);
        Ok(verify::verification(&count, change.as_ref(), !ready.created.is_empty()))
    }

    fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error> {
        let mut done = CleanUp::default();
        let Some(ready) = &self.ready else { return Ok(done) };
        if ready.created.is_empty() {
            return Ok(done);
        }
        if self.options.keep_data {
            done.notes.push("the pgbench tables were kept".to_owned());
            return Ok(done);
        }
        done.dropped = schema::drop(&mut server.connect()?, &ready.created)?;
        self.ready = None;
        Ok(done)
    }

    fn metrics(&self, _players: &[PgbenchPlayer], _elapsed_s: f64) -> Vec<Metric> {
        // pgbench has none beyond what the engine measures.
        Vec::new()
    }
}
