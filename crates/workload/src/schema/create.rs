//! Creating tables, and dropping them again: only those that we created.

use crate::error::Error;
use wire::blocking::{Client, Param};

/// A table to be made.
#[derive(Clone, Debug)]
pub struct NewTable {
    /// Its name as SQL writes it, schema included.
    pub name: String,
    /// `CREATE TABLE …`, without `IF NOT EXISTS`: whoever comes first owns it.
    pub sql: String,
}

/// A table that we made. Its OID tells it from another of the same name that someone made since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Its name as SQL writes it.
    pub name: String,
    /// PostgreSQL's number of it.
    pub oid: u32,
}

/// What [`create`] runs of every catalogue's statements, by name: the server counts it with the
/// load's.
pub fn statements(created: &[Created]) -> Vec<(&'static str, u64)> {
    match created {
        [] => Vec::new(),
        _ => vec![("begin", 1), ("commit", 1)],
    }
}

/// Creates all tables in one transaction: all of them, or none.
pub fn create(client: &mut Client, tables: &[NewTable]) -> Result<Vec<Created>, Error> {
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    client.batch("BEGIN").map_err(Error::server("creating tables"))?;
    let made = tables.iter().map(|table| create_one(client, table)).collect::<Result<Vec<_>, _>>();
    match made {
        Ok(made) => {
            client.batch("COMMIT").map_err(Error::server("creating tables"))?;
            Ok(made)
        }
        Err(error) => {
            // What failed is told; a rollback that fails too ends with the connection.
            let _ = client.batch("ROLLBACK");
            Err(error)
        }
    }
}

fn create_one(client: &mut Client, table: &NewTable) -> Result<Created, Error> {
    let doing = format!("creating table {}", table.name);
    client.batch(&table.sql).map_err(Error::server(&doing))?;
    match oid(client, &table.name, &doing)? {
        Some(oid) => Ok(Created { name: table.name.clone(), oid }),
        None => Err(Error::Unexpected { doing, found: "no such table afterwards".to_owned() }),
    }
}

/// Drops those tables that are still the ones that we made; tells which. Whatever depends on one
/// (a user's view) keeps it, with an error that says so.
pub fn drop(client: &mut Client, tables: &[Created]) -> Result<Vec<String>, Error> {
    let mut dropped = Vec::new();
    for table in tables {
        let doing = format!("dropping table {}", table.name);
        if oid(client, &table.name, &doing)? == Some(table.oid) {
            client.batch(&format!("DROP TABLE {}", table.name)).map_err(Error::server(&doing))?;
            dropped.push(table.name.clone());
        }
    }
    Ok(dropped)
}

fn oid(client: &mut Client, name: &str, doing: &str) -> Result<Option<u32>, Error> {
    let sql = "SELECT pg_catalog.to_regclass($1)::oid";
    let row = client.query_one(sql, &[Param::Text(name)]).map_err(Error::server(doing))?;
    row.value(0).map_err(Error::unreadable(doing))
}
