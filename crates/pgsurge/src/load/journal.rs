//! The record of a run while it goes on: `OUTPUT.partial`, one JSON line after another.
//!
//! It keeps the memory of a run flat, and it is what is left when a run is killed. A disk that
//! fills up ends the record, never the run: the result then says what is missing.

use super::error::LoadError;
use model::catalog::Catalog;
use model::event::Event;
use model::measured::Interval;
use model::series::{Header, Line, SeriesEncoder};
use report::series::PartialLines;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// See the module.
pub struct Journal {
    path: PathBuf,
    file: BufWriter<File>,
    encoder: SeriesEncoder,
    failed: Option<io::Error>,
}

impl Journal {
    /// Creates the file with its header.
    ///
    /// # Errors
    /// The file can't be created or written.
    pub fn create(
        path: &Path,
        encoder: SeriesEncoder,
        header: Header,
        catalog: &Catalog,
    ) -> Result<Journal, LoadError> {
        let write = || {
            let mut file = BufWriter::new(File::create(path)?);
            file.write_all(encoder.header(header, catalog).as_bytes())?;
            file.flush()?;
            Ok(file)
        };
        let file = write().map_err(LoadError::output(path))?;
        Ok(Journal { path: path.to_owned(), file, encoder, failed: None })
    }

    /// Adds an interval; it is on its way to the disk when this returns.
    pub fn interval(&mut self, interval: &Interval) {
        let lines = self.encoder.interval(interval);
        self.append(&lines);
    }

    /// Adds a line of the monitor.
    pub fn line(&mut self, line: &Line) {
        self.append(&line.encode());
    }

    /// Adds what is still gathered and the events; what went wrong, if anything did.
    pub fn finish(mut self, events: &[Event]) -> (Record, Option<io::Error>) {
        let rest = self.encoder.flush();
        self.append(&rest);
        for event in events {
            let line = self.encoder.event(event);
            self.append(&line);
        }
        (Record { path: self.path }, self.failed)
    }

    fn append(&mut self, lines: &str) {
        if self.failed.is_none() {
            let written = self.file.write_all(lines.as_bytes()).and_then(|()| self.file.flush());
            self.failed = written.err();
        }
    }
}

/// A finished record, to be read as often as needed.
pub struct Record {
    path: PathBuf,
}

impl Record {
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
