//! Tables that a run makes for itself alone: named after it, filled by SQL, dropped after it.
//!
//! For workloads that need none of the user's tables. Whoever kills the run finds them by its name
//! (`--clean RUN`); `--init-only`, `--keep-data` and `--reuse-data` do with them what they say.

use crate::error::Error;
use crate::identifier::{qualified, quote};
use crate::postgres::Statement;
use crate::schema::{self, Claim, How, Mark, NewTable, Owned, Release};
use crate::workload::{CleanUp, Server, SetUp};
use std::time::Instant;
use wire::blocking::{Client, Param};

/// What becomes of the tables of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// They are made before the load and dropped after it.
    Dropped,
    /// They are made and stay.
    Kept,
    /// An earlier run of the same name has made them, and they stay.
    Reused,
}

/// The tables of one run.
#[derive(Debug)]
pub struct OwnTables {
    run: String,
    schema: Option<String>,
    fate: Fate,
    tables: Vec<Filled>,
    /// Whether tables may be there that wait to be dropped.
    is_claimed: bool,
    is_ready: bool,
}

/// A table and the query that fills it.
#[derive(Debug)]
struct Filled {
    table: NewTable,
    rows: String,
    /// Of its name without the schema, in bytes.
    length: usize,
}

/// PostgreSQL cuts longer names off (NAMEDATALEN - 1).
const LONGEST_NAME: usize = 63;

/// The tables of ours whose name ends with a run's, the youngest first: it may refer to an older
/// one. A schema of null is the search path.
const OF_RUN: &str = "\
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
  AND pg_catalog.right(c.relname::text, pg_catalog.length($1::text)) = $1
  AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
      ELSE n.nspname::text = $2 END
ORDER BY c.oid DESC";

impl OwnTables {
    /// None yet, of the run called `run`, in `schema` or else on the search path.
    pub fn new(run: &str, schema: Option<&str>, fate: Fate) -> OwnTables {
        let (run, schema) = (run.to_owned(), schema.map(str::to_owned));
        OwnTables { run, schema, fate, tables: Vec::new(), is_claimed: false, is_ready: false }
    }

    /// Adds a table of these columns and constraints, filled with what the query `rows` returns
    /// (nothing when it is empty). Returns what SQL calls it: `name` and the run's name, with the
    /// schema. The tables are made in the order in which they were added.
    pub fn add(&mut self, name: &str, columns: &str, rows: &str) -> String {
        let is_plain = name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
        let bare = format!("{name}_{}", self.run);
        let length = bare.len();
        let bare = if is_plain { bare } else { quote(&bare) };
        let name = qualified(self.schema.as_deref(), &bare);
        let sql = format!("CREATE TABLE {name} ({columns})");
        let table = NewTable { name: name.clone(), sql };
        self.tables.push(Filled { table, rows: rows.to_owned(), length });
        name
    }

    /// Makes and fills the tables (or finds those of an earlier run), and has the server read the
    /// workload's `statements` once.
    ///
    /// # Errors
    /// The server refuses, or the run whose tables are to be reused has not left them.
    pub fn set_up(
        &mut self,
        server: &Server<'_>,
        statements: &[Statement],
    ) -> Result<SetUp, Error> {
        let (began, mut done) = (Instant::now(), SetUp::default());
        let mut client = server.connect()?;
        self.claim(&mut client, &mut done)?;
        if self.fate != Fate::Reused {
            self.fill(&mut client, &mut done)?;
        }
        schema::prepare(&mut client, statements)?;
        if self.fate != Fate::Reused {
            let mut claim = Claim::begin(&mut client, &self.run)?;
            for Filled { table, .. } in &self.tables {
                claim.loaded(Owned::Table(&table.name))?;
            }
            claim.commit()?;
            done.statements.extend(schema::statements());
        }
        self.is_ready = true;
        if !done.created.is_empty() {
            let (run, made) = (&self.run, done.created.join(", "));
            done.notes.push(format!("made for run {run} alone: {made}"));
        }
        done.seconds = began.elapsed().as_secs_f64();
        Ok(done)
    }

    /// One transaction that creates all, or finds all.
    fn claim(&mut self, client: &mut Client, done: &mut SetUp) -> Result<(), Error> {
        if let Some(long) = self.tables.iter().find(|it| it.length > LONGEST_NAME) {
            let name = &long.table.name;
            let text = format!("table {name} has a name of more than {LONGEST_NAME} bytes");
            return Err(Error::Settings(text));
        }
        let mut claim = Claim::begin(client, &self.run)?;
        if let Some(schema) = &self.schema {
            claim.schema(schema)?;
        }
        if self.fate == Fate::Reused {
            for Filled { table, .. } in &self.tables {
                let mark = Owned::Table(&table.name).look_up(claim.client())?;
                let mark = mark.and_then(|seen| seen.mark);
                if !mark.is_some_and(|it| it.names(&self.run) && !it.is_loading) {
                    let text = format!("run {} has left no table {}", self.run, table.name);
                    let hint = "--init-only makes tables that can be used again";
                    return Err(Error::contradicted(text, hint));
                }
            }
        } else {
            let mark = Mark { is_loading: true, ..Mark::of(&self.run) };
            let tables: Vec<_> = self.tables.iter().map(|it| it.table.clone()).collect();
            done.created = claim.create(&tables, &mark)?;
        }
        // The answer to a commit may get lost.
        self.is_claimed = true;
        claim.commit()?;
        done.statements.extend(schema::statements());
        Ok(())
    }

    fn fill(&self, client: &mut Client, done: &mut SetUp) -> Result<(), Error> {
        for Filled { table: NewTable { name, .. }, rows, .. } in &self.tables {
            if !rows.is_empty() {
                let doing = format!("filling table {name}");
                let filled = client.execute(&format!("INSERT INTO {name} {rows}"), &[]);
                done.rows_loaded += filled.map_err(Error::server(doing))?;
            }
            let doing = format!("preparing table {name} for the load");
            let vacuum = format!("VACUUM (ANALYZE) {name}");
            client.batch(&vacuum).map_err(Error::server(doing))?;
        }
        Ok(())
    }

    /// Drops the tables, unless they are to stay; what was not made by then is no fault.
    ///
    /// # Errors
    /// The server refuses.
    pub fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error> {
        if !self.is_claimed {
            return Ok(CleanUp::default());
        }
        if self.fate == Fate::Reused || self.fate == Fate::Kept && self.is_ready {
            let run = &self.run;
            let text = format!("the tables of run {run} were kept; --clean {run} removes them");
            return Ok(CleanUp { notes: vec![text], ..CleanUp::default() });
        }
        let done = clean_run(&server.with_schema(self.schema.clone()), &self.run)?;
        self.is_claimed = false;
        Ok(done)
    }
}

/// Drops the tables that the run called `run` has made for itself alone, with their schema where it
/// was the last that needed it.
///
/// # Errors
/// The server can't be reached, or refuses.
pub fn clean_run(server: &Server<'_>, run: &str) -> Result<CleanUp, Error> {
    let (mut client, mut done) = (server.connect()?, CleanUp::default());
    let doing = "looking for the run's own tables";
    let (suffix, schema) = (format!("_{run}"), server.schema.as_deref());
    let parameters = [Param::Text(&suffix), schema.map_or(Param::Null, Param::Text)];
    let rows = client.query(OF_RUN, &parameters).map_err(Error::server(doing))?;
    let names: Result<Vec<&str>, _> = rows.iter().map(|row| row.value(0)).collect();
    let names = names.map_err(Error::unreadable(doing))?;
    let things: Vec<_> = names.into_iter().map(Owned::Table).collect();
    // Nobody else's rows are in a table that has this run's name. One without our mark stays.
    let how = How { run, others: None, leave: true };
    match schema::release(server, &mut client, &things, (how, &mut done))? {
        Release::Dropped(names) => done.dropped.extend(names),
        Release::Stays(why) => done.notes.push(format!("the run's own tables stay: {why}")),
        Release::Untouched => {}
    }
    schema::release_schema(server, &mut client, run, &mut done)?;
    Ok(done)
}
