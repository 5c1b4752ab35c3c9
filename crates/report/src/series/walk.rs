//! Reads lines and hands series on, one small group of columns at a time.

use super::busiest::{self, Seen};
use super::columns::{
    ACTION, ACTION_TEXTS, Column, HOST, INTERVAL, INTERVAL_TEXTS, POOLER, QUANTILES, SERVER,
    SERVER_CLASS, STATEMENT, STATEMENT_TEXTS, Texts, quantiles,
};
use super::{PartialLines, Sink};
use model::series::{
    Header, HostRow, IntervalRow, Line, Point, PoolerRow, Series, SeriesName, ServerRow,
};
use std::collections::BTreeSet;
use std::io;

/// How many columns are in memory at once: a day of seconds takes 6 MB.
const GROUP: usize = 8;

/// Hands all series of the run that left `lines` to `sink`. Returns how many lines could not be
/// read: one, the last, where the run was killed; more only where the file is damaged.
pub fn walk(lines: &dyn PartialLines, sink: &mut dyn Sink) -> io::Result<u64> {
    let scan = scan(lines)?;
    let whole = Scope {
        lines,
        prefix: Line::INTERVAL_PREFIX.to_owned(),
        row: |line| match line {
            Line::Interval(row) => Some(*row),
            _ => None,
        },
        at: |row: &IntervalRow| row.t,
        label: None,
    };
    whole.all(&INTERVAL, &INTERVAL_TEXTS, sink)?;
    whole.errors(&scan.classes, sink)?;
    watched(lines, &scan, sink)?;
    busiest::walk(lines, &scan.busiest, sink)?;
    for (index, name) in scan.header.actions.iter().enumerate() {
        let scope = Scope {
            lines,
            prefix: Line::action_prefix(index),
            row: |line| match line {
                Line::Action(row) => Some(row),
                _ => None,
            },
            at: |row| row.t,
            label: Some(("action", name)),
        };
        scope.all(&ACTION, &ACTION_TEXTS, sink)?;
    }
    for (index, statement) in scan.header.statements.iter().enumerate() {
        let scope = Scope {
            lines,
            prefix: Line::statement_prefix(index),
            row: |line| match line {
                Line::Statement(row) => Some(row),
                _ => None,
            },
            at: |row| row.t,
            label: Some(("statement", &statement.name)),
        };
        scope.all(&STATEMENT, &STATEMENT_TEXTS, sink)?;
    }
    Ok(scan.unreadable)
}

/// What was watched beside the load: the server, a pooler, hosts.
fn watched(lines: &dyn PartialLines, scan: &Scan, sink: &mut dyn Sink) -> io::Result<()> {
    let server = Scope {
        lines,
        prefix: Line::SERVER_PREFIX.to_owned(),
        row: |line| match line {
            Line::Server(row) => Some(row),
            _ => None,
        },
        at: |row: &ServerRow| row.t,
        label: None,
    };
    server.all(&SERVER, &[], sink)?;
    server.classes(&scan.waits, sink)?;
    let pooler = Scope {
        lines,
        prefix: Line::POOLER_PREFIX.to_owned(),
        row: |line| match line {
            Line::Pooler(row) => Some(row),
            _ => None,
        },
        at: |row: &PoolerRow| row.t,
        label: None,
    };
    pooler.all(&POOLER, &[], sink)?;
    // A server on another machine has a host of its own, if anybody tells of it.
    let of_server = |line| match line {
        Line::Host(row) if !row.generator => Some(row),
        _ => None,
    };
    let of_generator = |line| match line {
        Line::Host(row) if row.generator => Some(row),
        _ => None,
    };
    for (name, row) in [("server", of_server as OfHost), ("generator", of_generator)] {
        let prefix = Line::HOST_PREFIX.to_owned();
        let label = Some(("host", name));
        let host = Scope { lines, prefix, row, at: |row| row.t, label };
        host.all(&HOST, &[], sink)?;
    }
    Ok(())
}

/// The row of one of two hosts.
type OfHost = fn(Line) -> Option<HostRow>;

/// Hands all series of a saved result to `sink`.
pub fn walk_saved(series: &[Series], sink: &mut dyn Sink) -> io::Result<()> {
    for one in series {
        let numbers: Vec<f64> = one
            .v
            .iter()
            .filter_map(|point| match point {
                Point::Number(number) => Some(*number),
                Point::Text(_) => None,
            })
            .collect();
        if numbers.len() == one.v.len() {
            sink.numbers(&one.name, &one.t, &numbers)?;
            continue;
        }
        sink.begin_texts(&one.name, &one.t)?;
        for point in &one.v {
            match point {
                Point::Text(text) => sink.text(text)?,
                Point::Number(number) => sink.text(&number.to_string())?,
            }
        }
        sink.end_texts()?;
    }
    Ok(())
}

/// What must be known before the columns.
#[derive(Default)]
struct Scan {
    header: Header,
    classes: BTreeSet<String>,
    /// Classes of what sessions of the server waited for.
    waits: BTreeSet<String>,
    busiest: Seen,
    unreadable: u64,
}

fn scan(lines: &dyn PartialLines) -> io::Result<Scan> {
    let mut scan = Scan::default();
    each_line(lines, "", |text| {
        match Line::parse(text) {
            Ok(Line::Header(header)) => scan.header = *header,
            Ok(Line::Interval(row)) => scan.classes.extend(row.errors.into_keys()),
            Ok(Line::Server(row)) => scan.waits.extend(row.classes.into_keys()),
            Ok(Line::Busiest(row)) => scan.busiest.add(*row),
            Ok(_) => {}
            Err(_) => scan.unreadable += 1,
        }
        Ok(())
    })?;
    Ok(scan)
}

/// Calls `take` with each line that begins with `prefix`; one line is in memory at a time.
pub(super) fn each_line(
    lines: &dyn PartialLines,
    prefix: &str,
    mut take: impl FnMut(&str) -> io::Result<()>,
) -> io::Result<()> {
    let mut reader = lines.open()?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.starts_with(prefix.as_bytes()) {
            // A cut or damaged line may be no text; then it is no JSON either.
            take(&String::from_utf8_lossy(&line))?;
        }
    }
}

/// Rows of one kind, about one thing.
struct Scope<'a, R: 'static> {
    lines: &'a dyn PartialLines,
    prefix: String,
    row: fn(Line) -> Option<R>,
    at: fn(&R) -> f64,
    label: Option<(&'a str, &'a str)>,
}

impl<R> Scope<'_, R> {
    /// All series of these rows.
    fn all(
        &self,
        columns: &'static [Column<R>],
        texts: &'static [Texts<R>],
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        for group in columns.chunks(GROUP) {
            self.numbers(group, sink)?;
        }
        texts.iter().try_for_each(|texts| self.texts(texts, sink))
    }

    fn each_row(&self, mut take: impl FnMut(&R) -> io::Result<()>) -> io::Result<()> {
        each_line(self.lines, &self.prefix, |text| {
            match Line::parse(text).ok().and_then(self.row) {
                Some(row) => take(&row),
                None => Ok(()),
            }
        })
    }

    fn name(&self, metric: &str, unit: &str) -> SeriesName {
        let name = SeriesName::new(metric, unit);
        match self.label {
            Some((label, value)) => name.of(label, value),
            None => name,
        }
    }

    fn numbers(&self, columns: &[Column<R>], sink: &mut dyn Sink) -> io::Result<()> {
        let mut gathered = vec![(Vec::new(), Vec::new()); columns.len()];
        self.each_row(|row| {
            for ((t, v), column) in gathered.iter_mut().zip(columns) {
                // JSON knows no infinity.
                if let Some(value) = (column.value)(row).filter(|value| value.is_finite()) {
                    t.push((self.at)(row));
                    v.push(value);
                }
            }
            Ok(())
        })?;
        for ((t, v), column) in gathered.iter().zip(columns).filter(|((t, _), _)| !t.is_empty()) {
            sink.numbers(&self.name(column.metric, column.unit), t, v)?;
        }
        Ok(())
    }

    /// The percentiles of a histogram, then the histogram itself.
    fn texts(&self, texts: &Texts<R>, sink: &mut dyn Sink) -> io::Result<()> {
        let (mut t, mut gathered) = (Vec::new(), [const { Vec::new() }; QUANTILES.len()]);
        self.each_row(|row| {
            if let Some(values) = (texts.value)(row).and_then(quantiles) {
                t.push((self.at)(row));
                gathered.iter_mut().zip(values).for_each(|(v, value)| v.push(value));
            }
            Ok(())
        })?;
        if t.is_empty() {
            return Ok(());
        }
        for (v, (quantile, _)) in gathered.iter().zip(QUANTILES) {
            sink.numbers(&self.name(&format!("{}_{quantile}_ms", texts.metric), "ms"), &t, v)?;
        }
        let name = self.name(&format!("{}_histogram", texts.metric), "hdr_v2_us");
        sink.begin_texts(&name, &t)?;
        self.each_row(|row| match (texts.value)(row) {
            Some(text) if quantiles(text).is_some() => sink.text(text),
            _ => Ok(()),
        })?;
        sink.end_texts()
    }
}

impl Scope<'_, ServerRow> {
    /// Active sessions by class of what they waited for: none of a class in a second is 0.
    fn classes(&self, classes: &BTreeSet<String>, sink: &mut dyn Sink) -> io::Result<()> {
        for class in classes {
            let (mut t, mut v) = (Vec::new(), Vec::new());
            self.each_row(|row| {
                if row.samples > 0 {
                    t.push(row.t);
                    v.push(row.classes.get(class).copied().unwrap_or(0.0));
                }
                Ok(())
            })?;
            sink.numbers(&SeriesName::new(SERVER_CLASS, "count").of("class", class), &t, &v)?;
        }
        Ok(())
    }
}

impl Scope<'_, IntervalRow> {
    /// Failures by class: only the intervals that had any.
    fn errors(&self, classes: &BTreeSet<String>, sink: &mut dyn Sink) -> io::Result<()> {
        for class in classes {
            let (mut t, mut v) = (Vec::new(), Vec::new());
            self.each_row(|row| {
                if let Some(count) = row.errors.get(class) {
                    t.push(row.t);
                    v.push(*count as f64);
                }
                Ok(())
            })?;
            sink.numbers(&SeriesName::new("errors", "count").of("class", class), &t, &v)?;
        }
        Ok(())
    }
}
