//! Looks at existing tables through the catalogs: does each take what we write?

use super::{Column, Fault, Privilege, Problem, Table};
use crate::error::Error;
use crate::identifier::qualified;
use wire::blocking::{Client, OwnedRow, Param};

/// What became of a table's inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is not there.
    Missing,
    /// It is there and fits; its OID.
    Fits(u32),
}

/// The relation's OID and kind; no row when there is none.
const RELATION: &str = "SELECT c.oid, c.relkind::text FROM pg_catalog.pg_class c \
     WHERE c.oid = pg_catalog.to_regclass($1)";

/// All columns of a relation. A domain counts as its base type, as assignment does.
const COLUMNS: &str = "\
SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod),
       a.attnotnull OR t.typnotnull,
       a.atthasdef OR t.typdefault IS NOT NULL OR a.attidentity <> '',
       a.attgenerated <> '' OR a.attidentity = 'a',
       CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4
            THEN a.atttypmod - 4 END
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// Whether a value of type $3 can be assigned to column $2: the same type, a cast that allows it,
/// any type to a string; elements likewise for arrays.
const ASSIGNABLE: &str = "\
WITH RECURSIVE base AS (
  SELECT t.oid, t.typtype, t.typbasetype FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1::oid AND a.attname = $2
  UNION ALL
  SELECT t.oid, t.typtype, t.typbasetype FROM base JOIN pg_catalog.pg_type t
  ON t.oid = base.typbasetype WHERE base.typtype = 'd'
), pair AS (
  SELECT target.oid AS target, target.typcategory AS category, target.typelem AS target_element,
         source.oid AS source, source.typelem AS source_element
  FROM base JOIN pg_catalog.pg_type target ON target.oid = base.oid,
       pg_catalog.pg_type source
  WHERE base.typtype <> 'd' AND source.oid = $3::regtype
)
SELECT count(*) > 0 FROM pair WHERE target = source OR category = 'S'
  OR EXISTS (SELECT FROM pg_catalog.pg_cast WHERE castcontext IN ('i', 'a')
     AND ((castsource = source AND casttarget = target)
       OR (castsource = source_element AND casttarget = target_element AND category = 'A')))";

/// Whether a unique index covers exactly these columns, all rows, no expressions.
const UNIQUE: &str = "\
SELECT count(*) > 0 FROM pg_catalog.pg_index i
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
  AND i.indexprs IS NULL AND i.indnkeyatts = pg_catalog.cardinality($2)
  AND NOT EXISTS (SELECT FROM pg_catalog.unnest($2) AS wanted(name)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indrelid
      AND a.attname = wanted.name
      AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])))";

/// Inspects all tables, so that every fault of every table is told at once.
///
/// # Errors
/// [`Error::Unfit`] when a table is there and does not fit.
pub fn inspect(
    client: &mut Client,
    schema: Option<&str>,
    tables: &[Table],
) -> Result<Vec<Found>, Error> {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for table in tables {
        let name = qualified(schema, table.name);
        let mut look = Look { client, table: &name, problems: Vec::new() };
        found.push(look.table(table).map_err(|error| error.at(&name))?);
        let fault = |problem| Fault { table: name.clone(), problem };
        faults.extend(look.problems.into_iter().map(fault));
    }
    if faults.is_empty() { Ok(found) } else { Err(Error::Unfit(faults)) }
}

/// The catalogs did not answer as they should.
enum Failure {
    Server(wire::Error),
    Value(wire::value::DecodeError),
}

impl Failure {
    fn at(self, table: &str) -> Error {
        let doing = format!("inspecting table {table}");
        match self {
            Failure::Server(cause) => Error::Server { doing, cause },
            Failure::Value(cause) => Error::unreadable(doing)(cause),
        }
    }
}

impl From<wire::Error> for Failure {
    fn from(error: wire::Error) -> Failure {
        Failure::Server(error)
    }
}

impl From<wire::value::DecodeError> for Failure {
    fn from(error: wire::value::DecodeError) -> Failure {
        Failure::Value(error)
    }
}

/// One column as the catalogs have it.
struct Existing {
    name: String,
    kind: String,
    not_null: bool,
    has_default: bool,
    generated: bool,
    max_chars: Option<i32>,
}

impl Existing {
    fn read(row: &OwnedRow) -> Result<Existing, Failure> {
        Ok(Existing {
            name: row.value(0)?,
            kind: row.value(1)?,
            not_null: row.value(2)?,
            has_default: row.value(3)?,
            generated: row.value(4)?,
            max_chars: row.value(5)?,
        })
    }
}

/// The inspection of one table.
struct Look<'a> {
    client: &'a mut Client,
    table: &'a str,
    problems: Vec<Problem>,
}

impl Look<'_> {
    fn table(&mut self, table: &Table) -> Result<Found, Failure> {
        let relation = self.client.query(RELATION, &[Param::Text(self.table)])?;
        let Some(relation) = relation.first() else { return Ok(Found::Missing) };
        let oid: u32 = relation.value(0)?;
        // Ordinary and partitioned tables, and foreign ones.
        if !matches!(relation.value::<&str>(1)?, "r" | "p" | "f") {
            self.problems.push(Problem::NotATable);
            return Ok(Found::Fits(oid));
        }
        self.columns(oid, table)?;
        if let Some(columns) = table.unique {
            self.unique(oid, columns)?;
        }
        for privilege in table.privileges {
            let sql = "SELECT pg_catalog.has_table_privilege($1::oid, $2)";
            let name = privilege.name();
            let params = [Param::Int8(i64::from(oid)), Param::Text(name)];
            if !self.client.query_one(sql, &params)?.value::<bool>(0)? {
                self.problems.push(Problem::NotAllowed { privilege: name });
            }
        }
        Ok(Found::Fits(oid))
    }

    fn columns(&mut self, oid: u32, table: &Table) -> Result<(), Failure> {
        let wanted = table.columns;
        let rows = self.client.query(COLUMNS, &[Param::Int8(i64::from(oid))])?;
        let existing = rows.iter().map(Existing::read).collect::<Result<Vec<_>, _>>()?;
        for column in wanted {
            match existing.iter().find(|it| it.name == column.name) {
                None => self.problems.push(Problem::NoColumn { column: column.name.to_owned() }),
                Some(it) if column.written => self.written(oid, column, it)?,
                Some(_) => {}
            }
        }
        if !table.privileges.contains(&Privilege::Insert) {
            // No row is ever added: a column that we don't know keeps what it has.
            return Ok(());
        }
        let is_written = |name: &str| wanted.iter().any(|it| it.written && it.name == name);
        let required = |it: &&Existing| it.not_null && !it.has_default && !it.generated;
        for column in existing.iter().filter(|it| !is_written(&it.name)).filter(required) {
            self.problems.push(Problem::Required { column: column.name.clone() });
        }
        Ok(())
    }

    fn written(&mut self, oid: u32, column: &Column, it: &Existing) -> Result<(), Failure> {
        let (name, found) = (column.name.to_owned(), it.kind.clone());
        if it.generated {
            self.problems.push(Problem::Generated { column: name });
            return Ok(());
        }
        let params =
            [Param::Int8(i64::from(oid)), Param::Text(column.name), Param::Text(column.value)];
        if !self.client.query_one(ASSIGNABLE, &params)?.value::<bool>(0)? {
            let value = column.value.to_owned();
            self.problems.push(Problem::Type { column: name, found, value });
            return Ok(());
        }
        let limit = it.max_chars.and_then(|limit| u32::try_from(limit).ok());
        if let (Some(limit), Some(max_chars)) = (limit, column.max_chars)
            && limit < max_chars
        {
            self.problems.push(Problem::TooShort { column: name, found, max_chars });
        }
        Ok(())
    }

    fn unique(&mut self, oid: u32, columns: &[&str]) -> Result<(), Failure> {
        let params = [Param::Int8(i64::from(oid)), Param::TextArray(columns)];
        if !self.client.query_one(UNIQUE, &params)?.value::<bool>(0)? {
            self.problems.push(Problem::NotUnique { columns: columns.join(", ") });
        }
        Ok(())
    }
}
