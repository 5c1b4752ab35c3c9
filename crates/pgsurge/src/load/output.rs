//! The files of a result: written whole beside their place, then renamed into it.
//!
//! A reader never sees half a file, and nothing that exists is replaced unless that was asked for.

use super::error::LoadError;
use super::journal::Record;
use model::plan::{Format, Plan};
use model::run_result::RunResult;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes `result` in all formats of `plan`.
///
/// # Errors
/// A file can't be written, or one appeared in its place meanwhile.
pub fn write(plan: &Plan, result: &RunResult, record: &Record) -> Result<(), LoadError> {
    let force = plan.output.force;
    for (format, path) in plan.output.files() {
        let is_series = path == plan.output.series_csv();
        place(&path, force, |out| match (format, is_series) {
            (Format::Json, _) => report::json::write(result, Some(record), out).map(|_| ()),
            (Format::Markdown, _) => out.write_all(report::markdown::render(result).as_bytes()),
            (Format::Csv, false) => out.write_all(&report::csv::summary(result)),
            (Format::Csv, true) => report::csv::series(result, Some(record), out).map(|_| ()),
        })
        .map_err(|cause| LoadError::output(&path)(cause).recorded(plan.output.partial()))?;
    }
    Ok(())
}

/// Writes a file beside its place and moves it there when it is whole.
pub(crate) fn place(
    path: &Path,
    force: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let beside = beside(path);
    let written = File::create(&beside).and_then(|file| {
        let mut out = BufWriter::with_capacity(256 * 1024, file);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    });
    let placed = written.and_then(|()| match force {
        true => std::fs::rename(&beside, path),
        false => link(&beside, path),
    });
    if placed.is_err() {
        // Half a file helps nobody; the record of the run is still there.
        let _already_gone = std::fs::remove_file(&beside);
    }
    placed
}

/// A link, unlike a rename, refuses to replace what came in between.
fn link(beside: &Path, path: &Path) -> io::Result<()> {
    match std::fs::hard_link(beside, path) {
        Ok(()) => std::fs::remove_file(beside),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Some file systems have no links.
        Err(_) if !path.try_exists()? => std::fs::rename(beside, path),
        Err(_) => Err(io::ErrorKind::AlreadyExists.into()),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, force: bool, text: &'static str) -> io::Result<()> {
        place(path, force, |out| out.write_all(text.as_bytes()))
    }

    #[test]
    fn a_file_that_exists_is_replaced_only_when_that_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        put(&path, false, "first").unwrap();
        assert_eq!(put(&path, false, "second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        put(&path, true, "third").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "third");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_file_that_could_not_be_finished_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let broken = place(&path, true, |_| Err(io::ErrorKind::StorageFull.into()));
        assert_eq!(broken.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
