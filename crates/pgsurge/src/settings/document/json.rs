//! JSON to a tree with places.
//!
//! `serde_json` checks the grammar and hands every key and value on as the piece of the input that
//! it is; where that piece lies in the input is its place.

use super::{Data, Entry, Malformed, Node, Place, place_of};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Deeper than any settings file; what is deeper would only use up the stack.
const DEEPEST: usize = 16;

/// The tree of a JSON text.
pub(super) fn parse(text: &str) -> Result<Node, Malformed> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|e| malformed(&e))?;
    Reader { text }.node(raw, 0)
}

struct Reader<'a> {
    text: &'a str,
}

impl<'a> Reader<'a> {
    fn node(&self, raw: &'a RawValue, depth: usize) -> Result<Node, Malformed> {
        let piece = raw.get();
        let place = self.place(piece);
        if depth > DEEPEST {
            let message = format!("nested more than {DEEPEST} deep");
            return Err(Malformed { place: Some(place), message });
        }
        let inner = |e: serde_json::Error| Malformed {
            place: Some(place),
            // Its line and column count from the piece, not from the file.
            message: malformed(&e).message,
        };
        let data = match piece.bytes().next() {
            Some(b'{') => {
                let Entries(entries) = serde_json::from_str(piece).map_err(inner)?;
                let read = |(key, value)| self.entry(key, value, depth);
                Data::Table(entries.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(piece).map_err(inner)?;
                let read = |it| self.node(it, depth + 1);
                Data::List(items.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Data::Text(serde_json::from_str(piece).map_err(inner)?),
            Some(b't') => Data::Switch(true),
            Some(b'f') => Data::Switch(false),
            Some(b'n') => Data::Null,
            _ => Data::Number(piece.to_owned()),
        };
        Ok(Node { place, data })
    }

    fn entry(
        &self,
        key: &'a RawValue,
        value: &'a RawValue,
        depth: usize,
    ) -> Result<Entry, Malformed> {
        let place = self.place(key.get());
        let name = serde_json::from_str(key.get())
            .map_err(|e| Malformed { place: Some(place), message: malformed(&e).message })?;
        Ok(Entry { key: name, place, value: self.node(value, depth + 1)? })
    }

    /// The place of a piece, which is a part of the text itself.
    fn place(&self, piece: &str) -> Place {
        place_of(self.text, (piece.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize))
    }
}

/// A table's keys and values as pieces of the input.
struct Entries<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        input.deserialize_map(Collect)
    }
}

/// An error of `serde_json` without the place in its words.
fn malformed(error: &serde_json::Error) -> Malformed {
    let words = error.to_string();
    let cause = words.split(" at line ").next().unwrap_or(&words);
    let place = Place { line: error.line().max(1), column: error.column().max(1) };
    Malformed { place: Some(place), message: format!("not valid JSON: {cause}") }
}
