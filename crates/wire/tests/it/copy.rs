//! COPY in both directions and both formats, and COPY that fails.

use std::io::Write;

use wire::Error;
use wire::blocking::Client;
use wire::frame::copy_row::{BinaryRow, TextRow, binary_begin, binary_end};

use crate::server::{connect, shared};

fn client_with_table() -> (std::sync::Arc<servers::Postgres>, Client) {
    let server = shared();
    let mut client = connect(&server);
    let sql = "create temp table t (a int8, b text, c jsonb, d timestamp, e float8, f bool)";
    client.batch(sql).unwrap();
    (server, client)
}

fn lines(client: &mut Client, sql: &str) -> Vec<String> {
    let mut lines = Vec::new();
    client.copy_out(sql, |line| lines.push(String::from_utf8_lossy(line).into_owned())).unwrap();
    lines
}

#[test]
fn text_rows_arrive_with_every_special_character() {
    let (_server, mut client) = client_with_table();
    let odd = "tab\t line\n return\r back\\slash \\N ♠";
    let mut writer = client.copy_in("copy t (a, b, e, f) from stdin").unwrap();
    let row = |buf: &mut _| TextRow::new(buf).int(-7).text(odd).float(0.1).bool(true).end();
    writer.append(row).unwrap();
    writer.append(|buf| TextRow::new(buf).null().text("").null().null().end()).unwrap();
    assert_eq!(writer.finish().unwrap(), 2);
    let rows = client.query("select a, b, e, f from t order by a", &[]).unwrap();
    assert_eq!((rows[0].value(0), rows[0].value(1)), (Ok(-7i64), Ok(odd)));
    assert_eq!((rows[0].value(2), rows[0].value(3)), (Ok(0.1), Ok(true)));
    assert_eq!((rows[1].value(0), rows[1].value(1)), (Ok(None::<i64>), Ok("")));
}

#[test]
fn binary_rows_arrive_with_every_type() {
    let (_server, mut client) = client_with_table();
    let mut writer = client.copy_in("copy t from stdin (format binary)").unwrap();
    assert!(writer.format().binary);
    writer.append(binary_begin).unwrap();
    let row = |buf: &mut _| {
        let row = BinaryRow::new(buf, 6).int8(5).text("x").jsonb("[1]");
        row.timestamp_us(1_000_000).float8(1.5).null().end();
    };
    writer.append(row).unwrap();
    writer.append(binary_end).unwrap();
    assert_eq!(writer.finish().unwrap(), 1);
    let out = lines(&mut client, "copy t to stdout");
    assert_eq!(out, ["5\tx\t[1]\t1970-01-01 00:00:01\t1.5\t\\N\n"]);
}

#[test]
fn many_rows_go_in_and_come_out() {
    let (_server, mut client) = client_with_table();
    let mut writer = client.copy_in("copy t (a) from stdin").unwrap();
    for n in 0..300_000 {
        writer.append(|buf| TextRow::new(buf).int(n).end()).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), 300_000);
    let mut sum = 0;
    let add = |line: &[u8]| sum += str::from_utf8(line).unwrap().trim().parse::<i64>().unwrap();
    assert_eq!(client.copy_out("copy t (a) to stdout", add).unwrap(), 300_000);
    assert_eq!(sum, 299_999 * 300_000 / 2);
}

#[test]
fn a_refused_row_ends_the_copy_early_and_the_client_goes_on() {
    let (_server, mut client) = client_with_table();
    let mut writer = client.copy_in("copy t (a) from stdin").unwrap();
    let line = b"no number\n".repeat(10_000);
    // The server says no at the first line; a writer that never listened would go on for ever.
    let error = (0..10_000).find_map(|_| writer.write_all(&line).err());
    let error = error.expect("an error before 1 GB is sent").to_string();
    assert!(error.contains("22P02"), "{error}");
    assert_eq!(writer.finish().unwrap_err().code(), Some("22P02"));
    assert_eq!(client.query_one("select 1", &[]).unwrap().value(0), Ok(1));
}

#[test]
fn a_copy_dropped_before_its_end_leaves_no_row() {
    let (_server, mut client) = client_with_table();
    let mut writer = client.copy_in("copy t (a) from stdin").unwrap();
    writer.write_all(b"1\n2\n").unwrap();
    writer.flush().unwrap();
    drop(writer);
    assert_eq!(client.query_one("select count(*) from t", &[]).unwrap().value(0), Ok(0i64));
}

#[test]
fn what_is_no_copy_is_refused() {
    let (_server, mut client) = client_with_table();
    let into = client.copy_in("select 1").err().unwrap();
    let out = client.copy_out("select 1", |_| {}).unwrap_err();
    assert!(matches!(into, Error::Misuse(_)) && matches!(out, Error::Misuse(_)));
    let error = client.copy_in("copy nosuch from stdin").err().unwrap();
    assert_eq!(error.code(), Some("42P01"));
    assert_eq!(client.query_one("select 1", &[]).unwrap().value(0), Ok(1));
}

#[test]
fn a_copy_where_none_is_expected_is_given_up_at_once() {
    let (_server, mut client) = client_with_table();
    let error = client.batch("copy t (a) from stdin").unwrap_err();
    assert_eq!(error.code(), Some("57014"));
    assert_eq!(client.query_one("select 1", &[]).unwrap().value(0), Ok(1));
}
