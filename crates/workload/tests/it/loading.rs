//! COPY loads what the rows say, over several connections, and stops at the first error.

use crate::database::Database;
use std::sync::Mutex;
use workload::loading::{Rows, TextRow, load};

struct Numbers {
    table: &'static str,
    count: u64,
    bad_index: Option<u64>,
}

impl Rows for Numbers {
    fn name(&self) -> &str {
        self.table
    }

    fn copy_sql(&self) -> String {
        format!("COPY {} FROM STDIN", self.table)
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn write_row(&self, index: u64, out: &mut TextRow<'_>) {
        match self.bad_index == Some(index) {
            true => out.text("not a number"),
            false => out.int(index as i64),
        };
        out.text("tab\tnew\nline\\ \\N \\. ' é").null().float(0.5).bool(true);
        out.timestamp_us(1_709_210_096_500_000);
    }
}

fn database(name: &str) -> Database {
    let database = Database::new(name);
    database.run(
        "CREATE TABLE first (n int8 PRIMARY KEY, t text, x int4, f float8, b bool, at timestamp);
         CREATE TABLE second (n int8 REFERENCES first, t text, x int4, f float8, b bool, at timestamp)",
    );
    database
}

fn numbers(table: &'static str, count: u64) -> Numbers {
    Numbers { table, count, bad_index: None }
}

#[test]
fn every_row_arrives_once_and_as_it_was_written() {
    let database = database("every_row");
    let (first, second) = (numbers("first", 60_001), numbers("second", 10));
    assert_eq!(load(&database.server(), &[&first, &second]).unwrap(), 60_011);
    let sums = "SELECT sum(n)::int8 FROM first WHERE t = E'tab\\tnew\\nline\\\\ \\\\N \\\\. '' é'
                AND x IS NULL AND f = 0.5 AND b AND at = '2024-02-29 12:34:56.5'";
    assert_eq!(database.number(sums), 60_000 * 60_001 / 2);
    assert_eq!(database.number("SELECT count(*) FROM second"), 10);
}

#[test]
fn progress_is_told_up_to_the_last_row() {
    let database = database("progress");
    let told = Mutex::new(Vec::new());
    let progress = |text: &str| told.lock().unwrap().push(text.to_owned());
    let server = workload::Server { progress: &progress, ..database.server() };
    load(&server, &[&numbers("first", 25_001)]).unwrap();
    let told = told.into_inner().unwrap();
    assert!(told.contains(&"loading first: 25001 of 25001 rows".to_owned()), "{told:?}");
}

#[test]
fn a_row_that_the_server_refuses_ends_the_loading_with_its_reason() {
    let database = database("refused_row");
    let rows = Numbers { table: "first", count: 200_000, bad_index: Some(30_000) };
    let error = load(&database.server(), &[&rows, &numbers("second", 10)]).unwrap_err();
    assert_eq!(error.code(), Some("22P02"));
    assert!(error.to_string().starts_with("loading first: invalid input syntax"), "{error}");
    assert!(database.number("SELECT count(*) FROM first") < 200_000);
    assert_eq!(database.number("SELECT count(*) FROM second"), 0);
}
