//! After the load: the run's rows go by their keys, and with them the tables that runs of ours
//! made, once nobody needs them any longer.

use super::of_run;
use super::statements::Tables;
use super::tables::{NEEDED, key_column};
use crate::error::Error;
use crate::identifier::literal;
use crate::schema::{self, How, Owned, Release};
use crate::workload::{CleanUp, Server};
use wire::blocking::{Client, Param};

/// Removes what the run called `run` has left, whether it comes to its own end or was killed: its
/// rows, and the tables and the schema that no run needs any longer, unless somebody has put
/// something else into them.
///
/// # Errors
/// When the server can't be reached or refuses.
pub fn clean_run(server: &Server<'_>, run: &str) -> Result<CleanUp, Error> {
    let tables = Tables::new(server.schema.as_deref());
    let mut client = server.connect()?;
    let mut done = CleanUp::default();
    // Whatever points at another row goes before it.
    for table in NEEDED.iter().rev() {
        clean_table(server, &mut client, (tables.named(table.name), table.name, run), &mut done)?;
    }
    schema::release_schema(server, &mut client, run, &mut done)?;
    Ok(done)
}

fn clean_table(
    server: &Server<'_>,
    client: &mut Client,
    (name, table, run): (&str, &str, &str),
    done: &mut CleanUp,
) -> Result<(), Error> {
    let key = key_column(table);
    if !has_keys(client, name, key)? {
        return Ok(());
    }
    let prefix = literal(&format!("{run}-"));
    let others =
        format!("SELECT FROM {name} WHERE starts_with({key},{prefix}) IS NOT TRUE LIMIT 1");
    let how = |leave| How { run, others: Some(&others), leave };
    // Dropping is faster than deleting, where nobody else is there.
    let things = [Owned::Table(name)];
    if let Release::Dropped(names) = schema::release(server, client, &things, (how(false), done))? {
        done.dropped.extend(names);
        return Ok(());
    }
    done.rows_removed += delete(client, (name, key), run)?;
    match schema::release(server, client, &things, (how(true), done))? {
        Release::Dropped(names) => done.dropped.extend(names),
        Release::Stays(why) => done.notes.push(format!("table {name} stays: {why}")),
        Release::Untouched => {}
    }
    Ok(())
}

fn delete(client: &mut Client, (name, key): (&str, &str), run: &str) -> Result<u64, Error> {
    let of_run = of_run::condition(client, (name, key), run)?;
    let removed = client.execute(&format!("DELETE FROM {name} WHERE {of_run}"), &[]);
    removed.map_err(Error::server(format!("deleting the rows of run {run} from table {name}")))
}

/// Whether there is such a table with such a column of text. Another application's table of the
/// same name may be there instead: no row of ours can be in it.
fn has_keys(client: &mut Client, name: &str, key: &str) -> Result<bool, Error> {
    let doing = format!("looking up table {name}");
    let sql = "SELECT count(*) > 0 FROM pg_catalog.pg_attribute a \
               JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
               JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
               WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p', 'f') \
               AND a.attname = $2 AND NOT a.attisdropped AND t.typcategory = 'S'";
    let row = client.query_one(sql, &[Param::Text(name), Param::Text(key)]);
    row.map_err(Error::server(&doing))?.value(0).map_err(Error::unreadable(&doing))
}
