//! The busiest statements, tables and indexes of the server as series: one per value of each.
//!
//! A window names only its busiest few, so a series has a hole where its own was not among them:
//! nothing is known of it there, and zero would be a guess. Of each kind the ones with the most in
//! all windows become series; the others stay in the lines.

use super::walk::each_line;
use super::{PartialLines, Sink};
use model::series::{
    Busiest, BusiestRow, IndexWindow, Line, SeriesName, StatementWindow, TableWindow,
};
use std::collections::BTreeMap;
use std::io;

/// Of how many of each kind there are series.
const MOST: usize = 50;
/// How many names are kept in mind while they are weighed; then the lighter half is forgotten.
const WEIGHED: usize = 4096;
/// The values of how many are in memory at once.
const GROUP: usize = 10;

/// One value of a window of so many seconds.
struct Value<R> {
    metric: &'static str,
    unit: &'static str,
    of: fn(&R, f64) -> Option<f64>,
}

/// One kind: where it stands in a line, and what it has.
struct Kind<R: 'static> {
    name: &'static str,
    label: &'static str,
    part: fn(BusiestRow) -> Busiest<R>,
    key: fn(&R) -> &str,
    weight: fn(&R) -> f64,
    values: &'static [Value<R>],
}

macro_rules! value {
    ($metric:literal, $unit:literal, $of:expr) => {
        Value { metric: $metric, unit: $unit, of: $of }
    };
}
macro_rules! rate {
    ($metric:literal, $count:ident) => {
        value!($metric, "per_s", |row, length_s| Some(round(row.$count as f64 / length_s)))
    };
}

const STATEMENTS: Kind<StatementWindow> = Kind {
    name: "statements",
    label: "queryid",
    part: |row| row.statements,
    key: |row| &row.queryid,
    weight: |row| row.exec_ms,
    values: &[
        rate!("server_statement_calls_per_s", calls),
        value!("server_statement_exec_ms_per_s", "ms_per_s", |row, length_s| {
            Some(round(row.exec_ms / length_s))
        }),
        value!("server_statement_mean_exec_ms", "ms", |row, _| {
            (row.calls > 0).then(|| round(row.exec_ms / row.calls as f64))
        }),
        rate!("server_statement_rows_per_s", rows),
    ],
};

const TABLES: Kind<TableWindow> = Kind {
    name: "tables",
    label: "table",
    part: |row| row.tables,
    key: |row| &row.table,
    weight: |row| {
        let rows = [row.rows_inserted, row.rows_updated, row.rows_deleted];
        let read = [row.sequential_rows, row.index_rows];
        rows.iter().chain(&read).map(|rows| *rows as f64).sum()
    },
    values: &[
        rate!("server_table_sequential_scans_per_s", sequential_scans),
        rate!("server_table_sequential_rows_per_s", sequential_rows),
        rate!("server_table_index_scans_per_s", index_scans),
        rate!("server_table_index_rows_per_s", index_rows),
        rate!("server_table_rows_inserted_per_s", rows_inserted),
        rate!("server_table_rows_updated_per_s", rows_updated),
        rate!("server_table_rows_hot_updated_per_s", rows_hot_updated),
        rate!("server_table_rows_deleted_per_s", rows_deleted),
        value!("server_table_dead_rows", "count", |row, _| Some(row.dead_rows as f64)),
    ],
};

const INDEXES: Kind<IndexWindow> = Kind {
    name: "indexes",
    label: "index",
    part: |row| row.indexes,
    key: |row| &row.index,
    weight: |row| row.scans as f64,
    values: &[rate!("server_index_scans_per_s", scans)],
};

/// Six decimals: statements of a few µs have means that three would round to nothing.
fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// Names, and how much each had to do.
#[derive(Default)]
struct Weights(BTreeMap<String, f64>);

impl Weights {
    fn add<R>(&mut self, kind: &Kind<R>, row: BusiestRow) {
        for one in &(kind.part)(row).rows {
            *self.0.entry((kind.key)(one).to_owned()).or_default() += (kind.weight)(one);
        }
        if self.0.len() > WEIGHED {
            let heavy = self.most(WEIGHED / 2);
            self.0.retain(|name, _| heavy.contains(name));
        }
    }

    fn most(&self, count: usize) -> Vec<String> {
        let mut names: Vec<(&String, &f64)> = self.0.iter().collect();
        names.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        names.into_iter().take(count).map(|(name, _)| name.clone()).collect()
    }
}

/// What lines about the busiest are of: to be known before their series.
#[derive(Default)]
pub(super) struct Seen {
    statements: Weights,
    tables: Weights,
    indexes: Weights,
}

impl Seen {
    pub(super) fn add(&mut self, row: BusiestRow) {
        self.statements.add(&STATEMENTS, row.clone());
        self.tables.add(&TABLES, row.clone());
        self.indexes.add(&INDEXES, row);
    }
}

/// Hands on all series of what was seen.
pub(super) fn walk(lines: &dyn PartialLines, seen: &Seen, sink: &mut dyn Sink) -> io::Result<()> {
    let statements = seen.statements.most(MOST);
    STATEMENTS.walk(lines, &statements, sink)?;
    texts(lines, &statements, sink)?;
    TABLES.walk(lines, &seen.tables.most(MOST), sink)?;
    INDEXES.walk(lines, &seen.indexes.most(MOST), sink)
}

impl<R> Kind<R> {
    fn walk(
        &self,
        lines: &dyn PartialLines,
        names: &[String],
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        self.windows(lines, sink)?;
        names.chunks(GROUP).try_for_each(|group| self.group(lines, group, sink))
    }

    /// How long the windows were, and why some are missing.
    fn windows(&self, lines: &dyn PartialLines, sink: &mut dyn Sink) -> io::Result<()> {
        let (mut t, mut v) = (Vec::new(), Vec::new());
        let (mut gap_t, mut gaps) = (Vec::new(), Vec::new());
        each_row(lines, |row| {
            let at = row.t;
            let part = (self.part)(row);
            if let Some(length_s) = part.length_s {
                t.push(at);
                v.push(length_s);
            } else if let Some(reason) = part.reason {
                gap_t.push(at);
                gaps.push(reason);
            }
        })?;
        let name = |metric, unit| SeriesName::new(metric, unit).of("of", self.name);
        if !t.is_empty() {
            sink.numbers(&name("server_busiest_interval_s", "s"), &t, &v)?;
        }
        words(&name("server_busiest_gap", "text"), (&gap_t, &gaps), sink)
    }

    fn group(
        &self,
        lines: &dyn PartialLines,
        names: &[String],
        sink: &mut dyn Sink,
    ) -> io::Result<()> {
        type Column = (Vec<f64>, Vec<f64>);
        let columns = || vec![Column::default(); self.values.len()];
        let mut gathered: Vec<Vec<Column>> = names.iter().map(|_| columns()).collect();
        each_row(lines, |row| {
            let at = row.t;
            let part = (self.part)(row);
            let Some(length_s) = part.length_s.filter(|length_s| *length_s > 0.0) else { return };
            for one in &part.rows {
                let Some(place) = names.iter().position(|name| name == (self.key)(one)) else {
                    continue;
                };
                for ((t, v), value) in gathered[place].iter_mut().zip(self.values) {
                    if let Some(number) = (value.of)(one, length_s).filter(|it| it.is_finite()) {
                        t.push(at);
                        v.push(number);
                    }
                }
            }
        })?;
        for (name, columns) in names.iter().zip(&gathered) {
            for ((t, v), value) in
                columns.iter().zip(self.values).filter(|((t, _), _)| !t.is_empty())
            {
                let name = SeriesName::new(value.metric, value.unit).of(self.label, name);
                sink.numbers(&name, t, v)?;
            }
        }
        Ok(())
    }
}

/// The texts of statements, each where it was told first.
fn texts(lines: &dyn PartialLines, queryids: &[String], sink: &mut dyn Sink) -> io::Result<()> {
    let mut found = BTreeMap::new();
    each_row(lines, |row| {
        for it in row.statements.rows.into_iter().filter(|it| queryids.contains(&it.queryid)) {
            if let Some(text) = it.text {
                found.entry(it.queryid).or_insert((row.t, text));
            }
        }
    })?;
    for queryid in queryids {
        if let Some((t, text)) = found.remove(queryid) {
            let name = SeriesName::new("server_statement_text", "text").of("queryid", queryid);
            words(&name, (&[t], &[text]), sink)?;
        }
    }
    Ok(())
}

fn words(name: &SeriesName, (t, v): (&[f64], &[String]), sink: &mut dyn Sink) -> io::Result<()> {
    if t.is_empty() {
        return Ok(());
    }
    sink.begin_texts(name, t)?;
    v.iter().try_for_each(|text| sink.text(text))?;
    sink.end_texts()
}

fn each_row(lines: &dyn PartialLines, mut take: impl FnMut(BusiestRow)) -> io::Result<()> {
    each_line(lines, Line::BUSIEST_PREFIX, |text| {
        if let Ok(Line::Busiest(row)) = Line::parse(text) {
            take(*row);
        }
        Ok(())
    })
}
