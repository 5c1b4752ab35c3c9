//! The record that an earlier run has left in the place of one that is about to begin. It may be all
//! that is known of an hour, and of the rows on a server: it is moved aside, whoever may replace
//! what else is there.

use super::error::LoadError;
use model::series::Line;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Where a record was moved.
pub(crate) struct Aside {
    path: PathBuf,
    /// The command that removes what its run may have left on a server.
    removal: Option<String>,
}

impl Aside {
    /// Moves the record at `path` to a name of its own, beside it; none where there is no record, or
    /// none that says whose it is.
    ///
    /// # Errors
    /// It can't be renamed.
    pub(crate) fn of(path: &Path) -> Result<Option<Aside>, LoadError> {
        let Some(plan) = plan_of(path) else { return Ok(None) };
        let Some(run) = run_of(&plan) else { return Ok(None) };
        let aside = free_name(path, run);
        std::fs::rename(path, &aside).map_err(LoadError::output(&aside))?;
        Ok(Some(Aside { path: aside, removal: report::advice::removal(&plan) }))
    }

    /// What the user should know.
    pub(crate) fn told(&self) -> String {
        let rows = self.removal.as_ref().map(|command| {
            format!(", and may have left rows on the server: {command} removes them")
        });
        let (rows, path) = (rows.unwrap_or_default(), self.path.display());
        format!("an earlier run ended without a result{rows}; its record is now {path}")
    }
}

const LONGEST_LINE_BYTES: u64 = 16 << 20;

/// The plan of the run whose record this is.
pub(crate) fn plan_of(record: &Path) -> Option<Value> {
    let mut first = String::new();
    // A record's first line is far shorter; what is no record may have no line break at all.
    let beginning = File::open(record).ok()?.take(LONGEST_LINE_BYTES);
    BufReader::new(beginning).read_line(&mut first).ok()?;
    match Line::parse(&first).ok()? {
        Line::Header(header) => Some(header.plan),
        _ => None,
    }
}

/// The name of its run; none that could lead out of the folder.
pub(crate) fn run_of(plan: &Value) -> Option<&str> {
    plan.pointer("/data/run").and_then(Value::as_str).filter(|it| model::plan::is_run_name(it))
}

/// The name of the run behind that of its record. Runs that use the same rows have the same name.
fn free_name(record: &Path, run: &str) -> PathBuf {
    let with = |ending: String| {
        let mut name = record.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let numbered = (2..).map(|n| format!(".{run}.{n}"));
    let mut names = std::iter::once(format!(".{run}")).chain(numbered).map(with);
    let is_free = |it: &PathBuf| it.symlink_metadata().is_err();
    names.find(is_free).unwrap_or_else(|| with(format!(".{run}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::series::Header;
    use serde_json::json;

    fn record(path: &Path, plan: Value) -> String {
        let text = Line::Header(Box::new(Header { plan, ..Header::default() })).encode();
        std::fs::write(path, &text).unwrap();
        text
    }

    #[test]
    fn records_of_the_same_run_have_names_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json.partial");
        for ending in [".rtp7j7ux1769", ".rtp7j7ux1769.2", ".rtp7j7ux1769.3"] {
            let text = record(&path, json!({"data": {"run": "rtp7j7ux1769"}, "seed": ending}));
            let told = Aside::of(&path).unwrap().unwrap().told();
            let aside = format!("{}{ending}", path.display());
            assert_eq!(std::fs::read_to_string(&aside).unwrap(), text);
            let words = "an earlier run ended without a result; its record is now";
            assert_eq!(told, format!("{words} {aside}"));
        }
    }

    #[test]
    fn what_names_no_run_of_ours_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json.partial");
        assert!(Aside::of(&path).unwrap().is_none(), "nothing is there");
        for plan in [json!({}), json!({"data": {"run": "../rtp7j7ux1769"}})] {
            record(&path, plan);
            assert!(Aside::of(&path).unwrap().is_none());
        }
        std::fs::write(&path, "half a li").unwrap();
        assert!(Aside::of(&path).unwrap().is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
