//! Loading by COPY: rows computed from their index alone, so that any range can be made by anyone.
//!
//! Tables are loaded one after the other (foreign keys point backwards), each in ranges that
//! several connections take as they get free. Not for measuring: nobody waits for these rows.

mod text_row;

pub use text_row::TextRow;

use crate::error::Error;
use crate::workload::Server;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use wire::blocking::Client;

/// One table's rows.
pub trait Rows: Sync {
    /// What is loaded, for messages (`players`).
    fn name(&self) -> &str;

    /// `COPY table (columns) FROM STDIN`, in the text format.
    fn copy_sql(&self) -> String;

    /// How many rows there are.
    fn count(&self) -> u64;

    /// Writes one row's columns in order; the same index always gives the same row.
    fn write_row(&self, index: u64, out: &mut TextRow<'_>);
}

/// A range is large enough that starting a COPY does not show, and small enough that the
/// connections end at about the same time.
const RANGE_ROWS: u64 = 25_000;

/// Loads all tables in order; tells how many rows that were. A failure stops every connection;
/// ranges that were complete by then stay.
pub fn load(server: &Server<'_>, tables: &[&dyn Rows]) -> Result<u64, Error> {
    let most = tables.iter().map(|table| ranges(table.count())).max().unwrap_or(0);
    let connections = u64::try_from(server.loaders.max(1)).unwrap_or(u64::MAX).min(most);
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(server.connect()?);
    }
    let mut loaded = 0;
    for table in tables {
        loaded += load_table(server, *table, &mut clients)?;
    }
    Ok(loaded)
}

fn ranges(count: u64) -> u64 {
    count.div_ceil(RANGE_ROWS)
}

fn load_table(server: &Server<'_>, table: &dyn Rows, clients: &mut [Client]) -> Result<u64, Error> {
    let work = Work {
        table,
        sql: table.copy_sql(),
        next: AtomicU64::new(0),
        loaded: AtomicU64::new(0),
        stopped: AtomicBool::new(false),
        failure: Mutex::new(None),
    };
    std::thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| work.run(client, server.progress));
        }
    });
    let failure = work.failure.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    match failure {
        Some(error) => Err(error),
        None => Ok(work.loaded.into_inner()),
    }
}

/// What the connections share while one table is loaded.
struct Work<'a> {
    table: &'a dyn Rows,
    sql: String,
    next: AtomicU64,
    loaded: AtomicU64,
    stopped: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl Work<'_> {
    fn run(&self, client: &mut Client, progress: &(dyn Fn(&str) + Sync)) {
        while let Some(range) = self.take() {
            match self.copy(client, range) {
                Ok(rows) => {
                    let loaded = self.loaded.fetch_add(rows, Ordering::Relaxed) + rows;
                    let (name, count) = (self.table.name(), self.table.count());
                    progress(&format!("loading {name}: {loaded} of {count} rows"));
                }
                Err(cause) => {
                    self.stopped.store(true, Ordering::Relaxed);
                    let doing = format!("loading {}", self.table.name());
                    let failure = Error::Server { doing, cause };
                    let mut first = self.failure.lock().unwrap_or_else(|it| it.into_inner());
                    first.get_or_insert(failure);
                }
            }
        }
    }

    fn take(&self) -> Option<Range<u64>> {
        if self.stopped.load(Ordering::Relaxed) {
            return None;
        }
        let start = self.next.fetch_add(1, Ordering::Relaxed).saturating_mul(RANGE_ROWS);
        let count = self.table.count();
        (start < count).then(|| start..count.min(start + RANGE_ROWS))
    }

    fn copy(&self, client: &mut Client, range: Range<u64>) -> Result<u64, wire::Error> {
        let mut writer = client.copy_in(&self.sql)?;
        for index in range {
            writer.append(|buf| {
                let mut row = TextRow::new(buf);
                self.table.write_row(index, &mut row);
                row.end();
            })?;
        }
        writer.finish()
    }
}
