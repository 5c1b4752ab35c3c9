//! Lines of a fixed width: cut, aligned, coloured.

use super::Style;
use crate::table::{Align, Table};

/// What a word is coloured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    None,
    Green,
    Yellow,
    Red,
}

impl Colour {
    fn code(self) -> &'static str {
        match self {
            Colour::None => "1",
            Colour::Green => "1;32",
            Colour::Yellow => "1;33",
            Colour::Red => "1;31",
        }
    }
}

/// How wide the words before a line are.
const LABEL: usize = 10;

/// Lines of a fixed width.
pub(crate) struct Lines {
    text: String,
    colour: bool,
    width: usize,
    gap: bool,
    wrap: usize,
}

impl Lines {
    pub(crate) fn new(style: Style, wrap: usize) -> Lines {
        let width = style.width.clamp(60, 100);
        Lines { text: String::new(), colour: style.colour, width, gap: false, wrap }
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// An empty line before the next one; never two, and none at the end.
    pub(crate) fn gap(&mut self) {
        self.gap = !self.text.is_empty();
    }

    /// The first line: a word that no one can miss, and what it is about.
    pub(crate) fn headline(&mut self, colour: Colour, word: &str, text: &str) {
        let text = cut(text, self.width.saturating_sub(word.chars().count() + 2));
        let line = format!("{}  {text}", self.painted(colour, word));
        self.push(&line);
    }

    /// A word that says what the line is about; a long text goes on in further lines.
    pub(crate) fn labelled(&mut self, label: &str, colour: Colour, text: &str) {
        for (i, part) in wrapped(text, self.width - LABEL - 1, self.wrap).iter().enumerate() {
            let label = format!("{:<LABEL$}", if i == 0 { label } else { "" });
            let line = format!("{} {part}", self.painted(colour, &label));
            self.push(&line);
        }
    }

    /// A line of a list.
    pub(crate) fn bullet(&mut self, colour: Colour, text: &str) {
        for (i, part) in wrapped(text, self.width - 4, self.wrap).iter().enumerate() {
            let dot = if i == 0 { "-" } else { " " };
            let line = format!("  {} {part}", self.painted(colour, dot));
            self.push(&line);
        }
    }

    /// The first `most` rows of some columns.
    pub(crate) fn table(&mut self, table: &Table, columns: &[usize], most: usize) {
        let rows: Vec<&Vec<String>> = table.rows.iter().take(most).collect();
        let widths: Vec<usize> = columns
            .iter()
            .map(|&c| {
                let cells = rows.iter().map(|row| row[c].chars().count());
                cells.chain([table.columns[c].0.chars().count()]).max().unwrap_or(0)
            })
            .collect();
        // The first column gives way and takes what is left.
        let others: usize = widths[1..].iter().map(|width| width.max(&8) + 2).sum();
        let first = self.width.saturating_sub(others).clamp(8, 28);
        let titles: Vec<String> = columns.iter().map(|&c| table.columns[c].0.to_owned()).collect();
        let lines = std::iter::once(titles)
            .chain(rows.iter().map(|row| columns.iter().map(|&c| row[c].clone()).collect()));
        for (i, cells) in lines.enumerate() {
            let mut line = String::new();
            for (n, (cell, &column)) in cells.iter().zip(columns).enumerate() {
                let width = if n == 0 { first } else { widths[n].max(8) };
                let cell = cut(cell, width);
                line.push_str(&match table.columns[column].1 {
                    Align::Left => format!("{cell:<width$}"),
                    Align::Right => format!("  {cell:>width$}"),
                });
            }
            let line = cut(line.trim_end(), self.width);
            let line = if i == 0 { self.painted(Colour::None, &line) } else { line };
            self.push(&line);
        }
    }

    fn push(&mut self, line: &str) {
        if std::mem::take(&mut self.gap) {
            self.text.push('\n');
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn painted(&self, colour: Colour, text: &str) -> String {
        match self.colour {
            true => format!("\x1b[{}m{text}\x1b[0m", colour.code()),
            false => text.to_owned(),
        }
    }
}

/// At most `width` characters, an ellipsis in place of the rest. A server's message may hold
/// anything: what would move the cursor becomes a space.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let clean: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match clean.len() <= width {
        true => clean.into_iter().collect(),
        false => clean.into_iter().take(width.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// At most `most` lines of at most `width` characters, broken at spaces.
pub(crate) fn wrapped(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let room = lines.len() < most;
        let last = lines.last_mut().map(|line| (line.chars().count(), line));
        let Some((length, line)) = last else { break };
        if length == 0 || length + 1 + word.chars().count() <= width {
            if length > 0 {
                line.push(' ');
            }
            line.push_str(word);
        } else if room {
            lines.push(word.to_owned());
        } else {
            // No line is left: what does not fit is cut below, with an ellipsis.
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.iter().map(|line| cut(line, width)).collect()
}
