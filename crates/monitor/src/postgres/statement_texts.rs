//! The texts of statements by their numbers, from `pg_stat_statements`: shortened for a reader, or
//! whole for the planner.

use super::session::{Session, text};
use super::shown::shown;
use super::statements::{DATABASE, VIEW};
use model::database_metrics::Unread;
use std::collections::BTreeMap;
use wire::blocking::{OwnedRow, Param};

/// The longest statement that is explained, in characters.
const LONGEST_TEXT: usize = 100_000;

/// The texts of statements that are shown, the beginnings of them, by their numbers.
pub(super) fn texts(session: &mut Session, ids: &[i64]) -> Result<BTreeMap<i64, String>, Unread> {
    session.ensure()?;
    let Some(view) = session.catalogue().qualified(VIEW) else { return Ok(BTreeMap::new()) };
    let sql = format!(
        "SELECT queryid, left(query, 2000) FROM {view} WHERE {DATABASE} AND queryid = ANY($1)"
    );
    let rows = session.query("the texts of statements", &sql, &[Param::Int8Array(ids)])?;
    let pair = |row| {
        let row: &OwnedRow = row;
        Some((row.value::<i64>(0).ok()?, shown(&text(row, 1)?)))
    };
    Ok(rows.iter().filter_map(pair).collect())
}

/// The whole texts of statements, where they can be seen; absent those that are too long to be
/// sent to and fro.
pub(super) fn whole_texts(
    session: &mut Session,
    ids: &[i64],
) -> Result<BTreeMap<i64, String>, Unread> {
    session.ensure()?;
    let view = session.catalogue().qualified(VIEW).unwrap_or_else(|| VIEW.to_owned());
    let sql = format!(
        "SELECT queryid, query FROM {view} \
          WHERE {DATABASE} AND queryid = ANY($1) AND length(query) <= {LONGEST_TEXT}"
    );
    let rows = session.query("the texts of statements", &sql, &[Param::Int8Array(ids)])?;
    let pair = |row: &OwnedRow| Some((row.value::<i64>(0).ok()?, text(row, 1)?));
    Ok(rows.iter().filter_map(pair).collect())
}
