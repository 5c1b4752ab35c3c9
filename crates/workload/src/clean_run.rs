//! What a run left, removed by its name.

use crate::error::Error;
use crate::workload::{CleanUp, Server};
use crate::{hokm, own_tables, pgbench};

/// Removes the rows of the run called `run`, and the tables and the schema that it was the last to
/// need. Nothing else is touched: rows go by their keys, tables only with a mark of ours.
///
/// # Errors
/// When the server can't be reached or refuses; what was removed by then is gone.
pub fn clean_run(server: &Server<'_>, run: &str) -> Result<CleanUp, Error> {
    let mut all = own_tables::clean_run(server, run)?;
    for one in [hokm::clean_run(server, run)?, pgbench::clean_run(server, run)?] {
        // The schema's fate is told once, as it ended.
        let news: Vec<String> =
            one.notes.iter().filter(|it| !all.notes.contains(it)).cloned().collect();
        all.add(CleanUp { notes: news, ..one });
    }
    Ok(all)
}
