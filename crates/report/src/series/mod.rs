//! Series as columns, from the lines that a run left behind or from a saved result.
//!
//! Lines are rows and a document wants columns. Rather than holding a run in memory, its lines
//! are read once per small group of columns: numbers of one group are in memory (8 bytes per
//! interval and column), histograms pass through one by one.

mod busiest;
mod columns;
mod walk;

pub use walk::{walk, walk_saved};

use model::series::SeriesName;
use std::io::{self, BufRead};

/// Lines of a `.partial` file that can be read from the start as often as needed.
pub trait PartialLines {
    /// Begins at the first line.
    fn open(&self) -> io::Result<Box<dyn BufRead + '_>>;
}

/// Lines that are in memory.
impl PartialLines for Vec<u8> {
    fn open(&self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(self.as_slice()))
    }
}

/// A file, or whatever else a closure opens.
impl<F, R> PartialLines for F
where
    F: Fn() -> io::Result<R>,
    R: BufRead + 'static,
{
    fn open(&self) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(self()?))
    }
}

/// Takes series one after the other.
pub trait Sink {
    /// A whole series of numbers.
    fn numbers(&mut self, name: &SeriesName, t: &[f64], v: &[f64]) -> io::Result<()>;

    /// A series of histograms begins: exactly as many [`Sink::text`]s follow as there are times.
    fn begin_texts(&mut self, name: &SeriesName, t: &[f64]) -> io::Result<()>;

    /// Its next value.
    fn text(&mut self, text: &str) -> io::Result<()>;

    /// It ends.
    fn end_texts(&mut self) -> io::Result<()>;
}
