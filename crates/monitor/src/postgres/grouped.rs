//! Counters of a view that has a row for each of something: read at two moments, their
//! differences by the names of the row.

use super::catalogue::Wanted;
use super::counters::Counters;
use super::session::{Session, number, text};
use model::database_metrics::Unread;
use std::collections::BTreeMap;

/// What a row is of: the values of its naming columns.
pub(super) type Names = Vec<String>;

/// The rows of a view at one moment.
pub(super) type Grouped = BTreeMap<Names, Counters>;

/// Reads the rows of a view, named by the columns `of`; `absent` says what a server without the
/// view lacks.
pub(super) fn read(
    session: &mut Session,
    view: &str,
    of: &[&str],
    wanted: &'static [Wanted],
    absent: &str,
) -> Result<Grouped, Unread> {
    session.ensure()?;
    let catalogue = session.catalogue();
    let Some(qualified) = catalogue.qualified(view) else {
        return Err(Unread::not_in_version(view, absent));
    };
    let reset = catalogue.reset_of(view);
    let names = of.iter().map(|column| format!("{column}::text")).collect::<Vec<_>>().join(", ");
    let list = catalogue.list(view, wanted);
    let sql = format!("SELECT {names}, {reset}, {list} FROM {qualified}");
    let rows = session.poll(view, &sql, &[])?;
    let row = |row| {
        let names: Option<Names> = (0..of.len()).map(|at| text(row, at)).collect();
        let counters = Counters::of(wanted, row, of.len() + 1);
        Some((names?, counters.with_reset(number(row, of.len()))))
    };
    Ok(rows.iter().filter_map(row).collect())
}

/// What was added to each row since `earlier`. One that was not there before began at zero.
pub(super) fn since(now: &Grouped, earlier: &Grouped) -> Result<Vec<(Names, Counters)>, Unread> {
    let added = |(names, counters): (&Names, &Counters)| {
        let began = earlier.get(names).cloned().unwrap_or_else(|| counters.zero());
        Ok((names.clone(), counters.since(&began)?))
    };
    now.iter().map(added).collect()
}
