//! The result file: one JSON document, the head for people, the series for programs.
//!
//! The head is indented; then comes one series per line, streamed from the lines that the run
//! left behind, so that writing the result of a day takes no more memory than that of a minute.

mod read;

pub use read::{ReadError, kind, read, read_head, read_series};

use crate::series::{PartialLines, Sink, walk, walk_saved};
use model::run_result::RunResult;
use model::series::SeriesName;
use std::io::{self, Write};

/// Writes `result` with the series of `lines` or, without lines, with those that it holds.
/// Returns how many lines could not be read (see [`walk`]).
pub fn write(
    result: &RunResult,
    lines: Option<&dyn PartialLines>,
    out: &mut dyn Write,
) -> io::Result<u64> {
    let head = serde_json::to_string_pretty(result)?;
    // Indented JSON of a struct ends with a line of its own; the series go before it.
    let open = head.strip_suffix("\n}").unwrap_or("{\n  \"schema_version\": 1");
    write!(out, "{open},\n  \"series\": [")?;
    let mut sink = JsonSeries { out, first: true, first_value: true };
    let unreadable = match lines {
        Some(lines) => walk(lines, &mut sink)?,
        None => walk_saved(&result.series, &mut sink).map(|()| 0)?,
    };
    out.write_all(b"\n  ]\n}\n")?;
    Ok(unreadable)
}

struct JsonSeries<'a> {
    out: &'a mut dyn Write,
    first: bool,
    first_value: bool,
}

impl JsonSeries<'_> {
    /// Everything up to the values.
    fn begin(&mut self, name: &SeriesName, t: &[f64]) -> io::Result<()> {
        let comma = if std::mem::take(&mut self.first) { "" } else { "," };
        let name = serde_json::to_string(name)?;
        let open = name.strip_suffix('}').unwrap_or(&name);
        write!(self.out, "{comma}\n    {open},\"t\":[")?;
        self.list(t)?;
        self.out.write_all(b"],\"v\":[")
    }

    fn list(&mut self, values: &[f64]) -> io::Result<()> {
        for (i, value) in values.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            // Whole numbers print without a point, others with the fewest digits that read back
            // the same.
            write!(self.out, "{comma}{value}")?;
        }
        Ok(())
    }
}

impl Sink for JsonSeries<'_> {
    fn numbers(&mut self, name: &SeriesName, t: &[f64], v: &[f64]) -> io::Result<()> {
        self.begin(name, t)?;
        self.list(v)?;
        self.out.write_all(b"]}")
    }

    fn begin_texts(&mut self, name: &SeriesName, t: &[f64]) -> io::Result<()> {
        self.first_value = true;
        self.begin(name, t)
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let comma = if std::mem::take(&mut self.first_value) { "" } else { "," };
        write!(self.out, "{comma}{}", serde_json::to_string(text)?)
    }

    fn end_texts(&mut self) -> io::Result<()> {
        self.out.write_all(b"]}")
    }
}
