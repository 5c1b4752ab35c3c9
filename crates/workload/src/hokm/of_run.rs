//! SQL that finds a run's rows by their keys in a way that an index can serve.
//!
//! `starts_with` is exact, but in most collations no ordinary index can serve it: beside a user's
//! millions of rows each look would be a scan. All keys of a run lie between two texts, whatever
//! the collation, as long as it puts digits and the letters of our kinds before `z`. The server is
//! asked whether it does; where it does not, `starts_with` stands alone.

use crate::error::Error;
use crate::identifier::literal;
use wire::blocking::{Client, Param};

/// The letters that stand for a kind of row in a key, each followed by a digit.
const KINDS: [char; 4] = ['g', 'h', 'l', 'p'];

/// Appends the text that all keys of a run begin with, and that is less than each of them.
pub fn write_least(run: &str, out: &mut String) {
    out.push_str(run);
    out.push('-');
}

/// Appends a text that is greater than all keys of a run.
pub fn write_most(run: &str, out: &mut String) {
    write_least(run, out);
    out.push('z');
}

fn bounds(run: &str) -> [String; 2] {
    [write_least, write_most].map(|write| {
        let mut bound = String::new();
        write(run, &mut bound);
        literal(&bound)
    })
}

/// A condition on the rows of the run `run` in table `name`, whose keys are in column `key`.
///
/// # Errors
/// When the server can't be asked.
pub fn condition(
    client: &mut Client,
    (name, key): (&str, &str),
    run: &str,
) -> Result<String, Error> {
    let [least, most] = bounds(run);
    let exact = format!("starts_with({key}, {least})");
    let range = format!("{key} >= {least} AND {key} < {most}");
    if lie_between(client, (name, key), run)? {
        Ok(format!("{exact} AND {range}"))
    } else {
        Ok(exact)
    }
}

/// Whether all keys of a run lie between its bounds as the column's collation has it. A key's
/// first letter and digit decide: up to them it is the same text as the bounds.
fn lie_between(client: &mut Client, (name, key): (&str, &str), run: &str) -> Result<bool, Error> {
    let doing = format!("asking how table {name} orders its keys");
    let begin = |kind: char| ('0'..='9').map(move |digit| format!("{run}-{kind}{digit}"));
    let begins: Vec<String> = KINDS.into_iter().flat_map(begin).collect();
    let begins: Vec<&str> = begins.iter().map(String::as_str).collect();
    let [least, most] = bounds(run);
    // The column is there for its collation alone; none of its rows is read.
    let sql = format!(
        "SELECT bool_and(it > {least} AND it < {most}) FROM (SELECT coalesce(t.{key}, k) AS it \
         FROM unnest($1) AS k LEFT JOIN {name} AS t ON false) AS keys"
    );
    let row = client.query_one(&sql, &[Param::TextArray(&begins)]);
    row.map_err(Error::server(&doing))?.value(0).map_err(Error::unreadable(&doing))
}
