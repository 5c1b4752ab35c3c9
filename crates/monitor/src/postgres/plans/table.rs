//! What is known of a table that a plan reads: its size, its columns, the indexes it has.

use super::super::session::{Session, number, text};
use model::database_metrics::Unread;
use std::collections::BTreeMap;
use wire::blocking::Param;

const SQL: &str = "\
    SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname), c.reltuples::float8, \
           (SELECT json_object_agg(attname, json_build_array( \
                       pg_catalog.format_type(atttypid, NULL), pg_catalog.quote_ident(attname))) \
              FROM pg_catalog.pg_attribute \
             WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)::text, \
           (SELECT json_agg((SELECT json_agg(a.attname ORDER BY k.place) \
                               FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, place) \
                               LEFT JOIN pg_catalog.pg_attribute a \
                                 ON a.attrelid = i.indrelid AND a.attnum = k.number \
                              WHERE k.place <= i.indnkeyatts)) \
              FROM pg_catalog.pg_index i \
              JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
              JOIN pg_catalog.pg_am m ON m.oid = x.relam \
             WHERE i.indrelid = c.oid AND i.indisvalid AND i.indpred IS NULL \
               AND m.amname IN ('btree', 'hash'))::text \
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = $1 AND c.relname = $2";

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    pub(super) number: u32,
    /// To be put into a statement.
    pub(super) quoted: String,
    /// As its last VACUUM or ANALYZE found; none where there was none.
    pub(super) rows: Option<f64>,
    /// Type and quoted name of each column.
    pub(super) columns: BTreeMap<String, (String, String)>,
    /// The columns of each index that holds all rows, in its order; none for an expression.
    pub(super) indexes: Vec<Vec<Option<String>>>,
}

impl Table {
    pub(super) fn read(
        session: &mut Session,
        (schema, name): &(String, String),
    ) -> Result<Table, Unread> {
        let params = [Param::Text(schema), Param::Text(name)];
        let rows = session.query("a table", SQL, &params)?;
        let gone = || Unread::missing(format!("the table {schema}.{name} is gone"));
        let row = rows.first().ok_or_else(gone)?;
        let (columns, indexes) = (text(row, 3).unwrap_or_default(), text(row, 4));
        Ok(Table {
            number: row.value::<u32>(0).map_err(|_| gone())?,
            quoted: text(row, 1).ok_or_else(gone)?,
            // Before the first ANALYZE: -1, up to version 13 0.
            rows: number(row, 2).filter(|rows| *rows > 0.0),
            columns: serde_json::from_str(&columns).unwrap_or_default(),
            indexes: indexes.and_then(|it| serde_json::from_str(&it).ok()).unwrap_or_default(),
        })
    }

    /// Whether an index begins with these columns, in whatever order.
    pub(super) fn has_index(&self, columns: &[String]) -> bool {
        self.indexes.iter().any(|index| {
            let first: Vec<&String> = index.iter().take(columns.len()).flatten().collect();
            first.len() == columns.len() && columns.iter().all(|it| first.contains(&it))
        })
    }
}
