//! Reads and writes by kind of process, those that took the most time first.

use crate::table::{ABSENT, Table};
use model::database_metrics::{DatabaseMetrics, IoLoad};
use model::units::{count, milliseconds};

/// How many rows are shown; the JSON has all.
const SHOWN: usize = 10;

/// Those that read or wrote anything; hits alone are no reads.
pub(super) fn table(database: &DatabaseMetrics) -> Table {
    let mut table = Table::new(
        ["process, object, how", "reads", "time", "writes", "time", "extends", "fsyncs", "time"],
        1,
    );
    let rows = database.io.data().map(|it| it.rows.as_slice()).unwrap_or_default();
    let mut rows: Vec<&IoLoad> = rows.iter().filter(|it| operations(it) > 0).collect();
    // Where the server measures no time, operations decide.
    rows.sort_by(|a, b| time_ms(b).total_cmp(&time_ms(a)).then(operations(b).cmp(&operations(a))));
    table.rows.extend(rows.into_iter().take(SHOWN).map(|it| {
        vec![
            format!("{}, {}, {}", it.backend_type, it.object, it.context),
            number(it.reads),
            time(it.read_time_ms),
            number(it.writes),
            time(it.write_time_ms),
            number(it.extends),
            number(it.fsyncs),
            time(it.fsync_time_ms),
        ]
    }));
    table
}

fn operations(it: &IoLoad) -> u64 {
    [it.reads, it.writes, it.extends, it.fsyncs].into_iter().flatten().sum()
}

fn time_ms(it: &IoLoad) -> f64 {
    let times = [it.read_time_ms, it.write_time_ms, it.extend_time_ms, it.fsync_time_ms];
    times.into_iter().flatten().sum()
}

fn number(of: Option<u64>) -> String {
    of.map_or_else(|| ABSENT.to_owned(), count)
}

fn time(of: Option<f64>) -> String {
    of.map_or_else(|| ABSENT.to_owned(), milliseconds)
}
