//! Before the load: are the tables fit, which are missing, and the rows that a run starts from.

use super::preload::{Events, GamePlayers, Games, Players, Sessions, Source};
use super::statements::{self, Tables};
use super::tables::{NEEDED, new_table};
use super::world::World;
use crate::error::Error;
use crate::loading::{self, Rows};
use crate::schema::{self, Created, Found};
use crate::workload::{Server, SetUp};
use std::time::Instant;
use wire::blocking::{Client, Param};
use wire::value::TimestampUs;

/// Makes everything ready. What was created is put into `created` as soon as it is, so that it
/// can be undone if something fails later.
pub fn set_up(
    world: &World,
    server: &Server<'_>,
    created: &mut Vec<Created>,
) -> Result<SetUp, Error> {
    let (began, schema) = (Instant::now(), world.profile.schema.as_deref());
    let tables = Tables::new(schema);
    let mut client = server.connect()?;
    let mut done = SetUp::default();
    let found = schema::inspect(&mut client, schema, &NEEDED)?;
    let missing: Vec<_> = NEEDED
        .iter()
        .zip(&found)
        .filter(|(_, found)| **found == Found::Missing)
        .map(|(table, _)| {
            new_table(&tables, table.name, world.profile.schema_variant, world.prefix())
        })
        .collect();
    *created = schema::create(&mut client, &missing)?;
    done.statements = schema::statements(created);
    done.created = created.iter().map(|table| table.name.clone()).collect();
    schema::prepare(&mut client, &statements::all(schema))?;
    done.rows_loaded = preload(world, server, &mut client, &tables)?;
    if done.rows_loaded == 0 {
        done.notes.push("the rows of an earlier set-up were used".to_owned());
    }
    for table in created.iter() {
        // Otherwise autovacuum would do it at some moment of the run.
        let doing = format!("analyzing table {}", table.name);
        client.batch(&format!("VACUUM (ANALYZE) {}", table.name)).map_err(Error::server(doing))?;
    }
    done.seconds = began.elapsed().as_secs_f64();
    Ok(done)
}

fn preload(
    world: &World,
    server: &Server<'_>,
    client: &mut Client,
    tables: &Tables,
) -> Result<u64, Error> {
    let now_us = server_time_us(client)?;
    let source = Source { world, tables, now_us };
    let (players, games, members) = (Players(source), Games(source), GamePlayers(source));
    let (sessions, events) = (Sessions(source), Events(source));
    // Whatever points at another row comes after it.
    let all: [&dyn Rows; 5] = [&players, &games, &members, &sessions, &events];
    let mut present = 0;
    for (rows, table) in all.iter().zip(NEEDED) {
        let stored = count(client, tables, table.name, world.prefix())?;
        if stored != 0 && (!world.profile.reuse_data || stored != rows.count()) {
            return Err(Error::Settings(occupied(world, table.name, stored, rows.count())));
        }
        present += stored;
    }
    if world.profile.reuse_data && present > 0 {
        return Ok(0);
    }
    loading::load(server, &all)
}

fn occupied(world: &World, table: &str, stored: u64, expected: u64) -> String {
    let run = world.prefix();
    match world.profile.reuse_data {
        true => format!(
            "table {table} holds {stored} rows of run {run}, not the {expected} of a fresh \
             set-up with these settings: clean the run up first"
        ),
        false => format!(
            "table {table} already holds {stored} rows of a run called {run}: clean it up first"
        ),
    }
}

/// The column that every row's prefix stands in.
pub fn key_column(table: &str) -> &'static str {
    match table {
        "players" => "player_id",
        "sessions" => "session_id",
        _ => "game_id",
    }
}

fn count(client: &mut Client, tables: &Tables, table: &str, run: &str) -> Result<u64, Error> {
    let doing = format!("looking for rows of run {run} in table {table}");
    let (name, key) = (tables.named(table), key_column(table));
    let sql = format!("SELECT count(*) FROM {name} WHERE starts_with({key}, $1)");
    let row = client.query_one(&sql, &[Param::Text(&format!("{run}-"))]);
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
