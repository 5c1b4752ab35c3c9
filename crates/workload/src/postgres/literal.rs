//! The simple protocol's text: a statement with its values written into it.
//!
//! A literal means the same whatever `standard_conforming_strings` says: quotes are doubled, and
//! where a backslash occurs the literal is an `E''` one with backslashes doubled, as libpq does.
//! Where the server could not tell the type from the text (arrays, JSON, times) it is said.

use super::call::JSONB_VERSION;
use super::request::Called;
use super::statement::Type;
use super::timestamp;
use std::fmt::Write;
use wire::value::{Array, Decode, TimestampUs};

/// A statement's text cut at its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// A text and the number (from 0) of the parameter that follows it.
    parts: Vec<(String, usize)>,
    end: String,
}

impl Template {
    /// Finds `$1`, `$2` … wherever they are parameters: not in strings, names and comments.
    /// (Not understood: `\\'` in an `E''` string, and comments inside comments.)
    pub(super) fn new(sql: &str) -> Template {
        let (mut parts, mut text_start, mut at) = (Vec::new(), 0, 0);
        let bytes = sql.as_bytes();
        while at < bytes.len() {
            let skipped = opaque(&sql[at..]);
            if skipped > 0 {
                at += skipped;
                continue;
            }
            let digits = match bytes[at] {
                b'$' => bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
                _ => 0,
            };
            let number = sql.get(at + 1..at + 1 + digits).and_then(|it| it.parse::<usize>().ok());
            if let Some(index) = number.and_then(|number| number.checked_sub(1)) {
                parts.push((sql[text_start..at].to_owned(), index));
                text_start = at + 1 + digits;
            }
            at += 1 + digits;
            while !sql.is_char_boundary(at) {
                at += 1;
            }
        }
        Template { parts, end: sql[text_start..].to_owned() }
    }

    /// Writes the text with the call's values; the message says what is wrong with a value.
    pub(super) fn write(
        &self,
        called: Called<'_>,
        types: &[Type],
        out: &mut String,
    ) -> Result<(), &'static str> {
        for (part, (text, index)) in self.parts.iter().enumerate() {
            out.push_str(text);
            let after = self.parts.get(part + 1).map_or(&self.end, |(text, _)| text);
            let value = value(called.values, *index).ok_or("a parameter is missing")?;
            let kind = *types.get(*index).ok_or("a parameter is not declared")?;
            match value {
                None if declares_itself(kind) => out.push_str("NULL"),
                None => {
                    let _ = write!(out, "NULL::{}", kind.name());
                }
                Some(bytes) => {
                    write_value(kind, bytes, after, out).ok_or("a value is malformed")?
                }
            }
        }
        out.push_str(&self.end);
        Ok(())
    }
}

/// The length of a string, name or comment that begins here; 0 where none does.
fn opaque(sql: &str) -> usize {
    let end = |from: usize, close: &str| {
        sql[from..].find(close).map_or(sql.len(), |at| from + at + close.len())
    };
    match sql.as_bytes() {
        [b'\'', ..] => end(1, "'"),
        [b'"', ..] => end(1, "\""),
        [b'-', b'-', ..] => end(2, "\n"),
        [b'/', b'*', ..] => end(2, "*/"),
        [b'$', first, ..] if !first.is_ascii_digit() => match sql[1..].find('$') {
            Some(at) if is_tag(&sql[1..=at]) => end(at + 2, &sql[..at + 2]),
            _ => 0,
        },
        _ => 0,
    }
}

/// What may stand between the dollars of a dollar quote.
fn is_tag(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The parameter of that number: NULL is `Some(None)`.
fn value(mut values: &[u8], index: usize) -> Option<Option<&[u8]>> {
    for current in 0.. {
        let (length, rest) = values.split_first_chunk::<4>()?;
        let (value, rest) = match i32::from_be_bytes(*length) {
            -1 => (None, rest),
            length => {
                let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Some(value), rest)
            }
        };
        if current == index {
            return Some(value);
        }
        values = rest;
    }
    None
}

/// Whether a literal of this type needs no cast.
fn declares_itself(kind: Type) -> bool {
    matches!(kind, Type::Bool | Type::Int2 | Type::Int4 | Type::Int8 | Type::Text)
}

fn write_value(kind: Type, bytes: &[u8], after: &str, out: &mut String) -> Option<()> {
    match kind {
        Type::Bool => out.push_str(if bool::from_binary(bytes).ok()? { "true" } else { "false" }),
        Type::Int2 | Type::Int4 | Type::Int8 => {
            write_integer(i64::from_binary(bytes).ok()?, after, out);
        }
        Type::Text => quote(std::str::from_utf8(bytes).ok()?, out),
        _ => {
            let mut text = String::new();
            match kind.element() {
                Some(element) => write_array(element, bytes, &mut text)?,
                None => write_plain(kind, bytes, &mut text)?,
            }
            quote(&text, out);
            let _ = write!(out, "::{}", kind.name());
        }
    }
    Some(())
}

/// Bare, as pgbench writes it. A minus sign binds less tightly than a cast, and two of them make
/// a comment: then it gets parentheses.
fn write_integer(value: i64, after: &str, out: &mut String) {
    let tight = !after.is_empty() && !after.starts_with([' ', ',', ')', ';', '\n']);
    let _ = match value < 0 && (tight || out.ends_with('-')) {
        true => write!(out, "({value})"),
        false => write!(out, "{value}"),
    };
}

/// A value as the text of its type, unquoted.
fn write_plain(kind: Type, bytes: &[u8], out: &mut String) -> Option<()> {
    let _ = match kind {
        Type::Bool => write!(out, "{}", bool::from_binary(bytes).ok()?),
        Type::Int2 | Type::Int4 | Type::Int8 => write!(out, "{}", i64::from_binary(bytes).ok()?),
        Type::Float8 => match f64::from_binary(bytes).ok()? {
            value if value.is_finite() => write!(out, "{value:e}"),
            value if value.is_nan() => write!(out, "NaN"),
            value => write!(out, "{}Infinity", if value < 0.0 { "-" } else { "" }),
        },
        Type::Text => write!(out, "{}", std::str::from_utf8(bytes).ok()?),
        Type::Jsonb => {
            let text = bytes.strip_prefix(&[JSONB_VERSION])?;
            write!(out, "{}", std::str::from_utf8(text).ok()?)
        }
        Type::Timestamp => {
            timestamp::write(out, TimestampUs::from_binary(bytes).ok()?.0);
            Ok(())
        }
        Type::Timestamptz => {
            let value = TimestampUs::from_binary(bytes).ok()?.0;
            timestamp::write(out, value);
            // Infinity has no zone; the zone comes before the era.
            match value {
                i64::MAX | i64::MIN => Ok(()),
                _ => {
                    let end = out.strip_suffix(" BC").map_or(out.len(), str::len);
                    out.insert_str(end, "+00");
                    Ok(())
                }
            }
        }
        _ => return None,
    };
    Some(())
}

/// `{"a","b"}`: every element in quotes, with quotes and backslashes escaped.
fn write_array(element: Type, bytes: &[u8], out: &mut String) -> Option<()> {
    let array = Array::from_binary(bytes).ok()?;
    let mut text = String::new();
    out.push('{');
    for (index, value) in array.elements::<&[u8]>().enumerate() {
        text.clear();
        write_plain(element, value.ok()?, &mut text)?;
        out.push_str(if index == 0 { "\"" } else { ",\"" });
        for character in text.chars() {
            if matches!(character, '"' | '\\') {
                out.push('\\');
            }
            out.push(character);
        }
        out.push('"');
    }
    out.push('}');
    Some(())
}

/// Writes a text as a string literal.
fn quote(text: &str, out: &mut String) {
    let escaped = text.contains('\\');
    if escaped {
        // A letter just before would swallow the E.
        out.push_str(if out.ends_with(|c: char| c.is_alphanumeric()) { " E" } else { "E" });
    }
    out.push('\'');
    for character in text.chars() {
        if character == '\'' || (escaped && character == '\\') {
            out.push(character);
        }
        out.push(character);
    }
    out.push('\'');
}

#[cfg(test)]
mod tests;
