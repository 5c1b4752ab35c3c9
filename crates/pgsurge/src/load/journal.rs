//! The record of a run while it goes on: `OUTPUT.partial`, one JSON line after another.
//!
//! It keeps the memory of a run flat, and it is what is left when a run is killed. A disk that
//! fills up ends the record, never the run: the result then says what is missing.

use super::aside::Aside;
use super::error::LoadError;
use crate::error::io_words;
use crate::messages::Messages;
use model::catalog::Catalog;
use model::measured::{Interval, Measured};
use model::plan::Plan;
use model::run_result::RunResult;
use model::series::{Header, Line, SeriesEncoder};
use report::series::PartialLines;
use std::fs::{File, Metadata, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// See the module.
pub struct Journal {
    path: PathBuf,
    file: BufWriter<File>,
    encoder: SeriesEncoder,
    failed: Option<io::Error>,
    /// Until when the record is whole, seconds since measuring began.
    until_s: f64,
    warm_up_s: f64,
}

impl Journal {
    /// Begins the record of a run of `plan`; what the plan says is added to `header`.
    ///
    /// # Errors
    /// The file can't be created or written, or another run writes it.
    pub fn of_plan(
        plan: &Plan,
        header: Header,
        catalog: &Catalog,
        messages: &Messages,
    ) -> Result<Journal, LoadError> {
        let mut encoder = SeriesEncoder::new(plan.warm_up.as_secs_f64());
        if plan.output.include_raw_data {
            encoder = encoder.every_interval();
        }
        let header = Header {
            workload: plan.workload.name.clone(),
            connections: u64::from(plan.connections),
            plan: serde_json::to_value(plan).unwrap_or_default(),
            ..header
        };
        let folder = plan.output.folder();
        std::fs::create_dir_all(folder).map_err(LoadError::output(folder))?;
        let path = plan.output.partial();
        let (mut file, mut aside) = claim(&path)?;
        if aside.is_none() {
            aside = Aside::of(&path)?;
        }
        // Before anything else can fail: where it is now is nowhere else.
        aside.iter().for_each(|it| messages.warn(&it.told()));
        if is_moved(&file, &path) {
            // The old one stays locked until the new one is ours.
            file = claim(&path)?.0;
        }
        let lines = encoder.header(header, catalog);
        Journal::begin((path, file), encoder, &lines)
    }

    fn begin(
        (path, file): (PathBuf, File),
        encoder: SeriesEncoder,
        header: &str,
    ) -> Result<Journal, LoadError> {
        let warm_up_s = encoder.warm_up_s();
        let write = || {
            file.set_len(0)?;
            let mut file = BufWriter::new(file);
            file.write_all(header.as_bytes())?;
            file.flush()?;
            Ok(file)
        };
        let file = write().map_err(LoadError::output(&path))?;
        Ok(Journal { path, file, encoder, failed: None, until_s: -warm_up_s, warm_up_s })
    }

    /// Adds an interval; it is on its way to the disk when this returns.
    pub fn interval(&mut self, interval: &Interval) {
        let lines = self.encoder.interval(interval);
        self.append(&lines);
        if self.failed.is_none() {
            self.until_s = interval.start_s + interval.length_s - self.warm_up_s;
        }
    }

    /// Adds a line of the monitor.
    pub fn line(&mut self, line: &Line) {
        self.append(&line.encode());
    }

    /// The record of a run that broke: what is still gathered is added.
    pub fn broken(mut self) -> Record {
        let rest = self.encoder.flush();
        self.append(&rest);
        Record { path: self.path, shortened: None }
    }

    /// Adds what is still gathered, the events and the end.
    pub fn finish(mut self, measured: &Measured, catalog: &Catalog) -> Record {
        let rest = self.encoder.flush();
        self.append(&rest);
        for event in &measured.events {
            let line = self.encoder.event(event);
            self.append(&line);
        }
        let end = self.encoder.end(measured, catalog);
        self.append(&end);
        let until_s = self.until_s;
        let path = self.path;
        let shortened = self.failed.map(|cause| Shortened { path: path.clone(), cause, until_s });
        Record { path, shortened }
    }

    fn append(&mut self, lines: &str) {
        if self.failed.is_none() {
            let written = self.file.write_all(lines.as_bytes()).and_then(|()| self.file.flush());
            self.failed = written.err();
        }
    }
}

/// Opens the record as its only writer; what is in it stays until this has come out well. Who reads
/// it sees by the lock that the run still goes on; where a file system has no locks, nobody does.
fn claim(path: &Path) -> Result<(File, Option<Aside>), LoadError> {
    let open = || File::options().write(true).create(true).truncate(false).open(path);
    let is_locked = |locked| matches!(locked, Err(TryLockError::WouldBlock));
    let (mut file, mut aside) = (open().map_err(LoadError::output(path))?, None);
    if is_locked(file.try_lock()) {
        if is_locked(file.try_lock_shared()) {
            return Err(LoadError::Busy(path.to_owned()));
        }
        // A reader has it, of a run that is gone: it may read on, wherever its file is.
        aside = Aside::of(path)?;
        if aside.is_none() {
            std::fs::remove_file(path).map_err(LoadError::output(path))?;
        }
        file = open().map_err(LoadError::output(path))?;
        if is_locked(file.try_lock()) {
            return Err(LoadError::Busy(path.to_owned()));
        }
    } else if is_moved(&file, path) {
        // Somebody else has moved it aside between our opening and our lock.
        return Err(LoadError::Busy(path.to_owned()));
    }
    Ok((file, aside))
}

/// Whether the file of this path is another one than this by now, or gone.
fn is_moved(file: &File, path: &Path) -> bool {
    let same = |a: Metadata, b: Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    !file.metadata().and_then(|ours| Ok(same(ours, std::fs::metadata(path)?))).unwrap_or(false)
}

/// Why the series of a run end before it did.
#[derive(Debug, thiserror::Error)]
#[error(
    "the series end {} s after measuring began: cannot write {}: {}; counts and times of the whole \
     run are complete",
    model::units::decimal(*until_s), path.display(), io_words(cause)
)]
pub struct Shortened {
    path: PathBuf,
    cause: io::Error,
    until_s: f64,
}

/// A finished record, to be read as often as needed.
pub struct Record {
    path: PathBuf,
    shortened: Option<Shortened>,
}

impl Record {
    /// Why it does not reach to the end of the run, where it does not.
    pub fn shortened(&self) -> Option<&Shortened> {
        self.shortened.as_ref()
    }

    /// Adds the judged result, which could not be written to its own place, so that
    /// `pgsurge report` has all of it.
    ///
    /// # Errors
    /// It can't be written here either; then the record is as it was.
    pub fn keep(&self, result: &RunResult) -> io::Result<()> {
        let mut file = File::options().read(true).append(true).open(&self.path)?;
        let length = file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        // A line that was cut short must not swallow this one.
        let before = if last == [b'\n'] { "" } else { "\n" };
        let line = Line::Result(Box::new(result.clone())).encode();
        let written = file.write_all(format!("{before}{line}").as_bytes());
        written.inspect_err(|_| {
            let _longer_than_it_was = file.set_len(length);
        })
    }

    /// Removes the file: the result holds everything now.
    ///
    /// # Errors
    /// The system's words.
    pub fn remove(self) -> io::Result<()> {
        std::fs::remove_file(self.path)
    }
}

impl PartialLines for Record {
    fn open(&self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(BufReader::with_capacity(256 * 1024, File::open(&self.path)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_another_run_writes_is_refused_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json.partial");
        let (mut first, _) = claim(&path).unwrap();
        first.write_all(b"a line").unwrap();
        assert!(matches!(claim(&path), Err(LoadError::Busy(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"a line");
        drop(first);
        assert_eq!(claim(&path).unwrap().0.metadata().unwrap().len(), 6, "until it is written");
    }

    #[test]
    fn a_record_that_somebody_reads_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json.partial");
        std::fs::write(&path, "a line").unwrap();
        let reader = File::open(&path).unwrap();
        reader.try_lock_shared().unwrap();
        let _ours = claim(&path).unwrap();
        let mut text = String::new();
        (&reader).read_to_string(&mut text).unwrap();
        assert_eq!(text, "a line");
        assert!(File::open(&path).unwrap().try_lock_shared().is_err(), "the run is seen");
    }
}
