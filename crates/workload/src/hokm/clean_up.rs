//! After the load: the run's rows go by their keys, and with them the tables that the run made.

use super::set_up::key_column;
use super::statements::Tables;
use super::tables::{NEEDED, maker};
use crate::error::Error;
use crate::schema::{self, Created};
use crate::workload::{CleanUp, Server};
use wire::blocking::{Client, Param};

/// Drops what was `created`, and deletes the run's rows from every other table.
pub fn clean_up(
    server: &Server<'_>,
    tables: &Tables,
    run: &str,
    created: &[Created],
) -> Result<CleanUp, Error> {
    let mut client = server.connect()?;
    let mut done = CleanUp::default();
    // Whatever points at another row goes before it.
    for table in NEEDED.iter().rev() {
        let name = tables.named(table.name);
        if !created.iter().any(|made| made.name == name) {
            done.rows_removed += delete(&mut client, tables, table.name, run)?;
        }
    }
    done.dropped = schema::drop(&mut client, created)?;
    Ok(done)
}

/// Removes what a run that was killed has left: its rows, and the tables that the catalogs say it
/// made, unless somebody else has put rows into them since.
///
/// # Errors
/// When the server can't be reached or refuses.
pub fn clean_run(server: &Server<'_>, run: &str) -> Result<CleanUp, Error> {
    let tables = Tables::new(server.schema.as_deref());
    let mut client = server.connect()?;
    let mut done = CleanUp::default();
    for table in NEEDED.iter().rev() {
        let name = tables.named(table.name);
        let Some((oid, comment)) = look_up(&mut client, name)? else { continue };
        done.rows_removed += delete(&mut client, &tables, table.name, run)?;
        if comment.as_deref() != Some(maker(run).as_str()) {
            continue;
        }
        let doing = format!("looking for rows in table {name}");
        let rows = client.query(&format!("SELECT FROM {name} LIMIT 1"), &[]);
        if rows.map_err(Error::server(doing))?.is_empty() {
            let made = Created { name: name.to_owned(), oid };
            done.dropped.extend(schema::drop(&mut client, &[made])?);
        } else {
            done.notes.push(format!("table {name} has rows of others: it stays"));
        }
    }
    Ok(done)
}

fn delete(client: &mut Client, tables: &Tables, table: &str, run: &str) -> Result<u64, Error> {
    let (name, key) = (tables.named(table), key_column(table));
    let sql = format!("DELETE FROM {name} WHERE starts_with({key}, $1)");
    let removed = client.execute(&sql, &[Param::Text(&format!("{run}-"))]);
    removed.map_err(Error::server(format!("deleting the rows of run {run} from table {name}")))
}

/// A table's OID and comment; none when it is not there.
fn look_up(client: &mut Client, name: &str) -> Result<Option<(u32, Option<String>)>, Error> {
    let doing = format!("looking up table {name}");
    let sql = "SELECT c.oid, pg_catalog.obj_description(c.oid, 'pg_class') \
               FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1)";
    let rows = client.query(sql, &[Param::Text(name)]).map_err(Error::server(&doing))?;
    let Some(row) = rows.first() else { return Ok(None) };
    let oid = row.value(0).map_err(Error::unreadable(&doing))?;
    let comment = row.value::<Option<String>>(1).map_err(Error::unreadable(&doing))?;
    Ok(Some((oid, comment)))
}
