//! Before the load: are the tables fit, which are missing, and the rows that a run starts from.

use super::of_run;
use super::preload::{Events, GamePlayers, Games, Players, Sessions, Source};
use super::reuse::Reuse;
use super::statements::{self, Tables};
use super::tables::{NEEDED, key_column, new_table};
use super::world::World;
use crate::error::Error;
use crate::loading::{self, Rows};
use crate::schema::{self, Claim, Found, Mark, Owned, Trigger};
use crate::workload::{Server, SetUp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use wire::blocking::Client;
use wire::value::TimestampUs;

/// Makes everything ready. `is_claimed` is set as soon as there may be something to clean up.
pub fn set_up(
    world: &Arc<World>,
    server: &Server<'_>,
    is_claimed: &mut bool,
) -> Result<SetUp, Error> {
    let (began, schema) = (Instant::now(), world.profile.schema.as_deref());
    let tables = Tables::new(schema);
    let mut client = server.connect()?;
    let mut done = SetUp { statements: schema::statements(), ..SetUp::default() };
    let found = schema::inspect(&mut client, schema, &NEEDED)?;
    if world.profile.reuse_data {
        Reuse { world, server, tables: &tables, client: &mut client }.check(&found)?;
    } else {
        refuse_occupied(world, &mut client, &tables, &found)?;
    }
    claim(world, &mut client, &tables, (&mut done, is_claimed))?;
    let now_us = server_time_us(&mut client)?;
    done.rows_loaded = if world.profile.reuse_data {
        let mut reuse = Reuse { world, server, tables: &tables, client: &mut client };
        reuse.restore(now_us)?
    } else {
        preload(server, Source { world, tables: &tables, now_us })?
    };
    for table in &done.created {
        // Otherwise autovacuum would do it at some moment of the run.
        let doing = format!("analyzing table {table}");
        client.batch(&format!("VACUUM (ANALYZE) {table}")).map_err(Error::server(doing))?;
    }
    done.seconds = began.elapsed().as_secs_f64();
    Ok(done)
}

/// Creates what is missing, shares what other runs created, and has every statement read.
fn claim(
    world: &World,
    client: &mut Client,
    tables: &Tables,
    (done, is_claimed): (&mut SetUp, &mut bool),
) -> Result<(), Error> {
    let (schema, run) = (world.profile.schema.as_deref(), world.prefix());
    let mut claim = Claim::begin(client, run)?;
    if let Some(schema) = schema {
        claim.schema(schema)?;
    }
    // Another run may have created or dropped tables since.
    let found = schema::inspect(claim.client(), schema, &NEEDED)?;
    let (mut missing, mut shared_with) = (Vec::new(), BTreeSet::new());
    for (table, found) in NEEDED.iter().zip(found) {
        if found == Found::Missing {
            missing.push(new_table(tables, table.name, world.profile.schema_variant));
        } else if let Some(mark) = claim.join(Owned::Table(tables.named(table.name)))? {
            shared_with.extend(mark.others(run).into_iter().map(str::to_owned));
        }
    }
    let triggers = schema::triggers(claim.client(), schema, &NEEDED)?;
    done.warnings.extend(Trigger::warning(&triggers));
    done.created = claim.create(&missing, &Mark::of(run))?;
    if !shared_with.is_empty() {
        let runs: Vec<String> = shared_with.into_iter().collect();
        done.notes.push(format!("tables are shared with run {}", runs.join(", ")));
    }
    schema::prepare(claim.client(), &statements::all(schema))?;
    // The answer to a commit may get lost.
    *is_claimed = true;
    claim.commit()
}

/// A run never touches rows that are there before it: none may carry its name.
fn refuse_occupied(
    world: &World,
    client: &mut Client,
    tables: &Tables,
    found: &[Found],
) -> Result<(), Error> {
    for (table, found) in NEEDED.iter().zip(found) {
        let stored = match found {
            Found::Missing => 0,
            Found::Fits(_) => count(client, tables, table.name, world.prefix())?,
        };
        if stored != 0 {
            let (table, run) = (table.name, world.prefix());
            let text = format!("table {table} already holds {stored} rows of a run called {run}");
            let hint = format!("pgsurge load --clean {run} removes them");
            return Err(Error::contradicted(text, hint));
        }
    }
    Ok(())
}

fn preload(server: &Server<'_>, source: Source<'_>) -> Result<u64, Error> {
    let (players, games, members) = (Players(source), Games(source), GamePlayers(source));
    let (sessions, events) = (Sessions(source), Events(source));
    // Whatever points at another row comes after it.
    let all: [&dyn Rows; 5] = [&players, &games, &members, &sessions, &events];
    loading::load(server, &all)
}

fn count(client: &mut Client, tables: &Tables, table: &str, run: &str) -> Result<u64, Error> {
    let doing = format!("looking for rows of run {run} in table {table}");
    let (name, key) = (tables.named(table), key_column(table));
    let of_run = of_run::condition(client, (name, key), run)?;
    let row = client.query_one(&format!("SELECT count(*) FROM {name} WHERE {of_run}"), &[]);
    let count: i64 =
        row.map_err(Error::server(&doing))?.value(0).map_err(Error::unreadable(&doing))?;
    Ok(count.unsigned_abs())
}

/// The server's clock as its columns without a time zone have it.
fn server_time_us(client: &mut Client) -> Result<i64, Error> {
    let doing = "asking the server for the time";
    let row = client.query_one("SELECT localtimestamp", &[]).map_err(Error::server(doing))?;
    Ok(row.value::<TimestampUs>(0).map_err(Error::unreadable(doing))?.0)
}
