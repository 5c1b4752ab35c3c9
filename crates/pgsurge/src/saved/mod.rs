//! Results that are on disk already, read again to be rendered: saved ones, and the records of runs
//! that never came to save theirs.
//!
//! What kind of file it is is told from what is in it, never from its name. Series stay on disk and
//! pass through one by one when a format wants them.

mod error;
mod files;
mod record;

pub use error::SavedError;
pub use files::{Rendering, name_files};

use model::run_result::RunResult;
use model::suite::SuiteResult;
use report::terminal::Style;
use report::{csv, json, markdown, suite, terminal};
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

/// A result that was saved.
pub struct Saved {
    path: PathBuf,
    content: Content,
}

/// What a file holds.
enum Content {
    /// The result of a run.
    Run(Box<RunResult>),
    /// The record of a run that was killed, and the result that it makes.
    Record(Box<RunResult>),
    /// The result of a suite.
    Suite(Box<SuiteResult>),
}

impl Saved {
    /// Reads the file at `path`, all but its series.
    ///
    /// # Errors
    /// It can't be read, or holds no result that this program knows.
    pub fn open(path: &Path) -> Result<Saved, SavedError> {
        let failed = SavedError::reading(path);
        if !path.metadata().map_err(SavedError::io(path))?.is_file() {
            return Err(SavedError::NoFile(path.to_owned()));
        }
        let file = || buffered(path).map_err(SavedError::io(path));
        if record::is_record(&mut file()?).map_err(SavedError::io(path))? {
            let content = Content::Record(Box::new(record::read(path)?));
            return Ok(Saved { path: path.to_owned(), content });
        }
        let kind = json::kind(file()?).map_err(&failed)?;
        let content = match kind.as_str() {
            "load" | "migration" => {
                Content::Run(Box::new(json::read_head(file()?).map_err(&failed)?))
            }
            "suite" => {
                let bytes = std::fs::read(path).map_err(SavedError::io(path))?;
                Content::Suite(Box::new(suite::read(&bytes).map_err(&failed)?))
            }
            _ => return Err(SavedError::Kind { path: path.to_owned(), kind }),
        };
        Ok(Saved { path: path.to_owned(), content })
    }

    /// Writes one rendering of it, byte for byte what the run itself wrote.
    ///
    /// # Errors
    /// `out` takes no more, or the file changed since it was opened.
    pub fn render(
        &self,
        rendering: Rendering,
        style: Style,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let lines = || buffered(&self.path);
        match (&self.content, rendering) {
            (Content::Record(it), Rendering::Json) => {
                json::write(it, Some(&lines), out).map(|_unreadable| ())
            }
            (Content::Record(it), Rendering::SeriesCsv) => {
                csv::series(it, Some(&lines), out).map(|_unreadable| ())
            }
            // The file is the source of everything else: handed on as it is, it loses nothing that
            // a newer program may have put there.
            (_, Rendering::Json) => io::copy(&mut buffered(&self.path)?, out).map(|_| ()),
            (Content::Run(_), Rendering::SeriesCsv) => csv::saved_series(lines()?, out),
            (Content::Run(it) | Content::Record(it), Rendering::Text) => {
                out.write_all(terminal::render(it, style).as_bytes())
            }
            (Content::Run(it) | Content::Record(it), Rendering::Markdown) => {
                out.write_all(markdown::render(it).as_bytes())
            }
            (Content::Run(it) | Content::Record(it), Rendering::Csv) => {
                out.write_all(&csv::summary(it))
            }
            (Content::Suite(it), Rendering::Text) => {
                out.write_all(suite::terminal::render(it, style).as_bytes())
            }
            (Content::Suite(it), Rendering::Markdown) => {
                out.write_all(suite::markdown::render(it).as_bytes())
            }
            (Content::Suite(_), Rendering::Csv | Rendering::SeriesCsv) => {
                Err(io::Error::new(io::ErrorKind::Unsupported, SUITE_HAS_NO_CSV))
            }
        }
    }

    /// Why it has no such rendering; none where it has.
    pub fn objection(&self, rendering: Rendering) -> Option<&'static str> {
        let csv = matches!(rendering, Rendering::Csv | Rendering::SeriesCsv);
        (csv && matches!(self.content, Content::Suite(_))).then_some(SUITE_HAS_NO_CSV)
    }

    /// The saved result of a single run, without its series; none where it is something else.
    pub fn run(self) -> Option<RunResult> {
        match self.content {
            Content::Run(result) => Some(*result),
            Content::Record(_) | Content::Suite(_) => None,
        }
    }
}

const SUITE_HAS_NO_CSV: &str = "a suite has no CSV; the results of its scenarios have";

fn buffered(path: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::with_capacity(256 * 1024, File::open(path)?))
}
