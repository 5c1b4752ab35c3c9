//! A table or a schema in the catalogs, as far as ownership goes: is it there, and is it ours?

use super::Mark;
use crate::error::Error;
use crate::identifier::{literal, quote};
use wire::blocking::{Client, OwnedRow, Param};
use wire::value::DecodeError;

/// Something that we may have created.
#[derive(Clone, Copy, Debug)]
pub enum Owned<'a> {
    /// A table, by its name as SQL writes it.
    Table(&'a str),
    /// A schema, by its bare name.
    Schema(&'a str),
}

/// What the catalogs say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// PostgreSQL's number of it.
    pub oid: u32,
    /// Our mark; none where it isn't ours, or belongs to a role that we may not act for.
    pub mark: Option<Mark>,
}

const TABLE: &str = "SELECT c.oid, pg_catalog.obj_description(c.oid, 'pg_class'), \
     pg_catalog.pg_has_role(c.relowner, 'USAGE') \
     FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1)";
const SCHEMA: &str = "SELECT n.oid, pg_catalog.obj_description(n.oid, 'pg_namespace'), \
     pg_catalog.pg_has_role(n.nspowner, 'USAGE') \
     FROM pg_catalog.pg_namespace n WHERE n.nspname = $1";

/// Two numbers that spell `pgsurge` in nobody else's code: creating, joining and dropping what is
/// ours happens one at a time in a database.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1885827957, 1970431845)";

impl Owned<'_> {
    /// Its name in SQL.
    pub fn name(self) -> String {
        match self {
            Owned::Table(name) => name.to_owned(),
            Owned::Schema(name) => quote(name),
        }
    }

    /// In words.
    pub fn called(self) -> String {
        format!("{} {}", self.kind().to_ascii_lowercase(), self.name())
    }

    pub(super) fn kind(self) -> &'static str {
        match self {
            Owned::Table(_) => "TABLE",
            Owned::Schema(_) => "SCHEMA",
        }
    }

    /// Looks it up; none when it is not there.
    ///
    /// # Errors
    /// The server can't be asked.
    pub fn look_up(self, client: &mut Client) -> Result<Option<Seen>, Error> {
        let doing = format!("looking up {}", self.called());
        let (sql, name) = match self {
            Owned::Table(name) => (TABLE, name),
            Owned::Schema(name) => (SCHEMA, name),
        };
        let rows = client.query(sql, &[Param::Text(name)]).map_err(Error::server(&doing))?;
        let Some(row) = rows.first() else { return Ok(None) };
        read(row).map(Some).map_err(Error::unreadable(&doing))
    }

    /// Writes the mark.
    pub(super) fn set(self, client: &mut Client, mark: &Mark) -> Result<(), Error> {
        let comment = literal(&mark.to_string());
        let sql = format!("COMMENT ON {} {} IS {comment}", self.kind(), self.name());
        client.batch(&sql).map_err(Error::server(format!("marking {}", self.called())))
    }
}

fn read(row: &OwnedRow) -> Result<Seen, DecodeError> {
    let (comment, is_ours_to_change): (Option<&str>, bool) = (row.value(1)?, row.value(2)?);
    let mark = comment.filter(|_| is_ours_to_change).and_then(Mark::read);
    Ok(Seen { oid: row.value(0)?, mark })
}

/// Begins a transaction in which nobody else of us creates, joins or drops anything.
pub(super) fn begin(client: &mut Client, doing: &str) -> Result<(), Error> {
    client.batch("BEGIN").map_err(Error::server(doing))?;
    client.query_one(LOCK, &[]).map_err(Error::server(doing)).map(|_| ())
}
