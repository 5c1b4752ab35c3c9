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
use report::terminal::Style;
use report::{csv, json, markdown, terminal};
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

/// A result that was saved.
pub struct Saved {
    path: PathBuf,
    result: RunResult,
    is_record: bool,
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
            let result = record::read(path)?;
            return Ok(Saved { path: path.to_owned(), result, is_record: true });
        }
        let kind = json::kind(file()?).map_err(&failed)?;
        match kind.as_str() {
            "load" | "migration" => {
                let result = json::read_head(file()?).map_err(&failed)?;
                Ok(Saved { path: path.to_owned(), result, is_record: false })
            }
            _ => Err(SavedError::Kind { path: path.to_owned(), kind }),
        }
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
        let result = &self.result;
        let lines = || buffered(&self.path);
        match rendering {
            Rendering::Json if self.is_record => {
                json::write(result, Some(&lines), out).map(|_unreadable| ())
            }
            Rendering::SeriesCsv if self.is_record => {
                csv::series(result, Some(&lines), out).map(|_unreadable| ())
            }
            Rendering::Text => out.write_all(terminal::render(result, style).as_bytes()),
            // The file is the source of everything else: handed on as it is, it loses nothing that
            // a newer program may have put there.
            Rendering::Json => io::copy(&mut buffered(&self.path)?, out).map(|_| ()),
            Rendering::Markdown => out.write_all(markdown::render(result).as_bytes()),
            Rendering::Csv => out.write_all(&csv::summary(result)),
            Rendering::SeriesCsv => csv::saved_series(buffered(&self.path)?, out),
        }
    }
}

fn buffered(path: &Path) -> io::Result<BufReader<File>> {
    Ok(BufReader::with_capacity(256 * 1024, File::open(path)?))
}
