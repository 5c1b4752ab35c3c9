//! TOML to a tree with places.

use super::{Data, Entry, Malformed, Node, Place, place_of};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The tree of a TOML text.
pub(super) fn parse(text: &str) -> Result<Node, Malformed> {
    let table = DeTable::parse(text).map_err(|e| Malformed {
        place: e.span().map(|it| place_of(text, it.start)),
        message: format!("not valid TOML: {}", e.message().replace('\n', ", ")),
    })?;
    let place = Place { line: 1, column: 1 };
    Ok(Node { place, data: Data::Table(entries(text, table.get_ref())) })
}

fn entries(text: &str, table: &DeTable<'_>) -> Vec<Entry> {
    let mut all: Vec<(Range<usize>, Entry)> = table
        .iter()
        .map(|(key, value)| {
            let entry = Entry {
                key: key.get_ref().to_string(),
                place: place_of(text, key.span().start),
                value: node(text, value),
            };
            (key.span(), entry)
        })
        .collect();
    // The parser's table is sorted by name; faults read better in the file's order.
    all.sort_by_key(|(span, _)| span.start);
    all.into_iter().map(|(_, entry)| entry).collect()
}

fn node(text: &str, value: &Spanned<DeValue<'_>>) -> Node {
    let data = match value.get_ref() {
        DeValue::String(it) => Data::Text(it.to_string()),
        DeValue::Integer(it) => Data::Number(decimal(it.as_str(), it.radix())),
        DeValue::Float(it) => Data::Number(it.as_str().to_owned()),
        DeValue::Boolean(on) => Data::Switch(*on),
        DeValue::Datetime(_) => Data::Other("date or time"),
        DeValue::Array(items) => Data::List(items.iter().map(|it| node(text, it)).collect()),
        DeValue::Table(table) => Data::Table(entries(text, table)),
    };
    Node { place: place_of(text, value.span().start), data }
}

/// An integer of any base as decimal digits; one too large for us stays as it was written.
fn decimal(digits: &str, radix: u32) -> String {
    match i128::from_str_radix(digits, radix) {
        Ok(number) => number.to_string(),
        Err(_) => digits.to_owned(),
    }
}
