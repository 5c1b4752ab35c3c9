//! Triggers on tables that are not ours: a load that writes there fires them, and what they do is
//! neither ours to measure apart nor to undo. So they are told before it.

use super::{Owned, Privilege, Table};
use crate::error::Error;
use crate::identifier::{qualified, quote};
use std::fmt;
use wire::blocking::{Client, OwnedRow, Param};
use wire::value::DecodeError;

/// A trigger of a user's that a load would fire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Its table, as SQL writes it.
    pub table: String,
}

/// Those that rows fire (4: insert, 8: delete, 16: update) in a session like ours: not the ones that
/// are switched off or for replicas, and not those of foreign keys.
const OF_ROWS: &str = "\
SELECT tgname::text FROM pg_catalog.pg_trigger WHERE tgrelid = $1::oid AND NOT tgisinternal
  AND tgenabled IN ('O', 'A') AND tgtype::int4 & 28 <> 0 ORDER BY tgname";

/// The triggers on those of `tables` that a workload writes to and that we have not created.
///
/// # Errors
/// The server can't be asked.
pub fn triggers(
    client: &mut Client,
    schema: Option<&str>,
    tables: &[Table],
) -> Result<Vec<Trigger>, Error> {
    let is_written = |it: &&Table| it.privileges.iter().any(|it| *it != Privilege::Select);
    let mut all = Vec::new();
    for table in tables.iter().filter(is_written) {
        let table = qualified(schema, table.name);
        let seen = Owned::Table(&table).look_up(client)?.filter(|it| it.mark.is_none());
        let Some(seen) = seen else { continue };
        let doing = format!("looking for triggers on table {table}");
        let rows = client.query(OF_ROWS, &[Param::Int8(i64::from(seen.oid))]);
        let rows = rows.map_err(Error::server(&doing))?;
        let names: Result<Vec<String>, DecodeError> =
            rows.iter().map(|row: &OwnedRow| row.value(0)).collect();
        let names = names.map_err(Error::unreadable(&doing))?;
        all.extend(names.into_iter().map(|name| Trigger { name, table: table.clone() }));
    }
    Ok(all)
}

impl Trigger {
    /// Why a reader should know.
    pub const WHY: &str =
        "what they do takes time that is measured, and stays when the run's rows are removed";

    /// What there is to say of them before a load; nothing where there are none.
    pub fn warning(all: &[Trigger]) -> Option<String> {
        let named: Vec<String> = all.iter().map(ToString::to_string).collect();
        let (named, why) = (named.join(", "), Trigger::WHY);
        (!all.is_empty()).then(|| format!("the load fires triggers of yours: {named}: {why}"))
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", quote(&self.name), self.table)
    }
}
