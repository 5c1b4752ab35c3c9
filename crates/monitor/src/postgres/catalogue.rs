//! What this server's views are made of: their columns decide what we ask for, not the number of
//! its version, so that an old extension in a new server is no surprise either.

use super::session::{Session, text};
use model::database_metrics::Unread;
use std::collections::{BTreeMap, BTreeSet};

/// The views that we read, where they exist.
const SQL: &str = "\
    SELECT c.relname::text, n.nspname::text, string_agg(a.attname::text, ',')
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE (n.nspname = 'pg_catalog' AND c.relname IN ('pg_stat_database', 'pg_stat_wal',
               'pg_stat_bgwriter', 'pg_stat_checkpointer', 'pg_stat_user_tables',
               'pg_stat_user_indexes', 'pg_stat_io', 'pg_stat_slru', 'pg_stat_database_conflicts',
               'pg_stat_activity', 'pg_stat_replication', 'pg_replication_slots', 'pg_locks'))
        OR (c.relname IN ('pg_stat_statements', 'pg_stat_statements_info')
            AND n.oid = (SELECT extnamespace FROM pg_catalog.pg_extension
                          WHERE extname = 'pg_stat_statements'))
     GROUP BY 1, 2
    UNION ALL
    SELECT proname::text, 'pg_catalog', '' FROM pg_catalog.pg_proc
     WHERE proname = 'pg_stat_force_next_flush' AND pronamespace = 'pg_catalog'::regnamespace";

/// A view and its columns.
#[derive(Clone, Debug, Default)]
struct Relation {
    schema: String,
    columns: BTreeSet<String>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Catalogue(BTreeMap<String, Relation>);

/// A number that we want, and the columns that hold it, those of newer versions first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
}

/// A number whose column has its name in all versions.
macro_rules! wanted {
    ($($name:literal),* $(,)?) => {
        [$(crate::postgres::catalogue::Wanted { name: $name, columns: &[$name] }),*]
    };
}
pub(super) use wanted;

impl Catalogue {
    pub(super) fn read(session: &mut Session) -> Result<Catalogue, Unread> {
        let rows = session.query("the catalogue", SQL, &[])?;
        let relation = |row| {
            let columns = text(row, 2)?.split(',').map(str::to_owned).collect();
            Some((text(row, 0)?, Relation { schema: text(row, 1)?, columns }))
        };
        Ok(Catalogue(rows.iter().filter_map(relation).collect()))
    }

    pub(super) fn has(&self, relation: &str) -> bool {
        self.0.contains_key(relation)
    }

    pub(super) fn has_column(&self, relation: &str, column: &str) -> bool {
        self.0.get(relation).is_some_and(|it| it.columns.contains(column))
    }

    /// The relation with its schema, to be put into a statement.
    pub(super) fn qualified(&self, relation: &str) -> Option<String> {
        let schema = &self.0.get(relation)?.schema;
        Some(format!("\"{}\".{relation}", schema.replace('"', "\"\"")))
    }

    /// When a view's counters were last reset, as an expression; NULL where it does not say.
    pub(super) fn reset_of(&self, relation: &str) -> &'static str {
        match self.has_column(relation, "stats_reset") {
            true => "extract(epoch FROM stats_reset)::float8",
            false => "NULL::float8",
        }
    }

    /// The numbers as a list of expressions; NULL where this server has none of the columns.
    pub(super) fn list(&self, relation: &str, wanted: &[Wanted]) -> String {
        let expression = |wanted: &Wanted| {
            let column = wanted.columns.iter().find(|it| self.has_column(relation, it));
            column.map_or("NULL::float8".to_owned(), |column| format!("{column}::float8"))
        };
        wanted.iter().map(expression).collect::<Vec<_>>().join(", ")
    }
}
