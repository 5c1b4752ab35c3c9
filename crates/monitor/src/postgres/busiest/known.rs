//! What is known of statements by their numbers: whether they are the load's, and the beginnings of
//! their texts. The server is asked about each only once, since it reads a file for every answer.

use super::super::session::{MARK, Session, text};
use super::super::shown::shown;
use super::super::statements::{CONTROL, DATABASE, VIEW};
use model::database_metrics::Unread;
use std::collections::BTreeMap;
use wire::blocking::Param;

/// More than this many are forgotten and asked for again: a load whose statements are ever new ones
/// must not fill our memory.
const MOST: usize = 1000;

#[derive(Debug)]
struct Statement {
    /// Transaction control, or the monitor's own.
    is_aside: bool,
    /// Until it is told.
    text: Option<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<i64, Statement>);

impl Known {
    /// Asks about those that are new.
    pub(super) fn learn(&mut self, session: &mut Session, ids: &[i64]) -> Result<(), Unread> {
        let new = |known: &Known| -> Vec<i64> {
            ids.iter().filter(|id| !known.0.contains_key(id)).copied().collect()
        };
        if self.0.len() + new(self).len() > MOST {
            self.0.clear();
        }
        let ids = new(self);
        if ids.is_empty() {
            return Ok(());
        }
        let view = session.catalogue().qualified(VIEW).unwrap_or_else(|| VIEW.to_owned());
        let sql = format!(
            "SELECT queryid, left(query, 2000), query LIKE '%{MARK}%' OR query ~* {CONTROL} \
               FROM {view} WHERE {DATABASE} AND queryid = ANY($1)"
        );
        let params = [Param::Int8Array(&ids)];
        for row in session.query("the texts of statements", &sql, &params)? {
            let Ok(id) = row.value::<i64>(0) else { continue };
            // The server may have lost the text: then nobody can say whose it is.
            let is_aside = row.value::<Option<bool>>(2).ok().flatten().unwrap_or(false);
            let text = text(&row, 1).map(|text| shown(&text));
            self.0.insert(id, Statement { is_aside, text });
        }
        Ok(())
    }

    /// Whether a statement is one of the load's: one that the server has forgotten since is taken
    /// for one.
    pub(super) fn is_of_load(&self, id: i64) -> bool {
        self.0.get(&id).is_none_or(|it| !it.is_aside)
    }

    /// The beginning of a text, where it has not been told yet.
    pub(super) fn tell(&mut self, id: i64) -> Option<String> {
        self.0.get_mut(&id)?.text.take()
    }
}
