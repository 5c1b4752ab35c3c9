//! The document: what was measured, and between two markers what people wrote about it, which is
//! carried over from the document that is replaced.

use crate::figures::Row;
use std::path::Path;

const BEGIN: &str = "<!-- kept by hand: begin -->";
const END: &str = "<!-- kept by hand: end -->";
const NOTHING_YET: &str = "\n## What was missed, and what was tried\n\nNothing is written yet.\n";

/// What the generated part is made from.
pub struct Document {
    /// The machine, the versions, the date.
    pub head: Vec<String>,
    /// Sections of text and tables.
    pub sections: Vec<(String, String)>,
    /// Figures with their bars.
    pub rows: Vec<Row>,
    /// What a reader has to know.
    pub notes: Vec<String>,
}

impl Document {
    /// The generated part, as Markdown.
    pub fn text(&self) -> String {
        let mut text = String::from(
            "# Benchmarks\n\nWritten by `make bench`. Every figure is a median; runs are \
             interleaved. One machine carries client and server, so throughput is mostly the \
             server's, and CPU time per query is the client's own.\n\n",
        );
        self.head.iter().for_each(|line| text.push_str(&format!("- {line}\n")));
        text.push_str("\n## Bars\n\n| what | measured | bar | |\n| --- | --- | --- | --- |\n");
        for row in &self.rows {
            let shown = row.shown.as_deref().unwrap_or("");
            let (what, bar, outcome) = (&row.what, &row.bar_shown, row.outcome());
            text.push_str(&format!("| {what} | {shown} | {bar} | {outcome} |\n"));
        }
        for (title, body) in &self.sections {
            text.push_str(&format!("\n## {title}\n\n{}\n", body.trim_end()));
        }
        if !self.notes.is_empty() {
            text.push_str("\n## Notes\n\n");
            self.notes.iter().for_each(|note| text.push_str(&format!("- {note}\n")));
        }
        text
    }

    /// Replaces the generated part of a file.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let old = std::fs::read_to_string(path).unwrap_or_default();
        let kept = between(&old).unwrap_or(NOTHING_YET);
        let text = format!("{}\n{BEGIN}{kept}{END}\n", self.text());
        let failed = |error| format!("cannot write {}: {error}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(path, text).map_err(failed)
    }
}

fn between(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(BEGIN)?;
    rest.rsplit_once(END).map(|(kept, _)| kept)
}
