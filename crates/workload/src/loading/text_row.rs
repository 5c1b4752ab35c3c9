//! One row in COPY's text format, written straight into the message that carries it.

use crate::postgres::timestamp;
use bytes::{BufMut, BytesMut};

/// Takes a row's columns in order. The row's end is written by the loader.
pub struct TextRow<'b> {
    buf: &'b mut BytesMut,
    first: bool,
}

impl<'b> TextRow<'b> {
    pub(super) fn new(buf: &'b mut BytesMut) -> TextRow<'b> {
        TextRow { buf, first: true }
    }

    pub(super) fn end(self) {
        self.buf.put_u8(b'\n');
    }

    /// NULL.
    pub fn null(&mut self) -> &mut Self {
        self.column().put_slice(b"\\N");
        self
    }

    /// Any integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        // 19 digits and a sign.
        let (mut digits, mut at, mut rest) = ([0_u8; 20], 20, value.unsigned_abs());
        loop {
            at -= 1;
            // A single digit fits.
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            at -= 1;
            digits[at] = b'-';
        }
        self.column().put_slice(&digits[at..]);
        self
    }

    /// `float8`.
    pub fn float(&mut self, value: f64) -> &mut Self {
        // Rust writes `NaN`, `inf` and `-inf`, which PostgreSQL reads.
        self.text(&format!("{value:e}"))
    }

    /// `bool`.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.column().put_u8(if value { b't' } else { b'f' });
        self
    }

    /// Text, JSON, and whatever else is given as text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        let buf = self.column();
        let mut rest = value.as_bytes();
        while let Some(at) = rest.iter().position(|byte| escape(*byte).is_some()) {
            buf.put_slice(&rest[..at]);
            buf.put_u8(b'\\');
            buf.put_u8(escape(rest[at]).unwrap_or(rest[at]));
            rest = &rest[at + 1..];
        }
        buf.put_slice(rest);
        self
    }

    /// `timestamp`, in microseconds since 1970.
    pub fn timestamp_us(&mut self, value: i64) -> &mut Self {
        timestamp::write(self.column(), value);
        self
    }

    fn column(&mut self) -> &mut BytesMut {
        if !std::mem::take(&mut self.first) {
            self.buf.put_u8(b'\t');
        }
        self.buf
    }
}

/// What stands behind the backslash for a byte that has a meaning of its own.
fn escape(byte: u8) -> Option<u8> {
    match byte {
        b'\\' => Some(b'\\'),
        b'\t' => Some(b't'),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(write: impl FnOnce(&mut TextRow<'_>)) -> String {
        let mut buf = BytesMut::new();
        let mut row = TextRow::new(&mut buf);
        write(&mut row);
        row.end();
        String::from_utf8(buf.to_vec()).unwrap()
    }

    /// Reads a line as COPY does.
    fn read(line: &str) -> Vec<Option<String>> {
        let columns = line.strip_suffix('\n').unwrap().split('\t');
        let text = |column: &str| {
            let mut characters = column.chars();
            std::iter::from_fn(|| match characters.next()? {
                '\\' => characters.next().map(|escaped| match escaped {
                    't' => '\t',
                    'n' => '\n',
                    'r' => '\r',
                    other => other,
                }),
                plain => Some(plain),
            })
            .collect()
        };
        columns.map(|column| (column != "\\N").then(|| text(column))).collect()
    }

    #[test]
    fn columns_are_separated_and_null_is_not_its_text() {
        let line = row(|row| {
            row.int(i64::MIN).null().text("\\N").bool(true).timestamp_us(0).text("");
        });
        assert_eq!(line, "-9223372036854775808\t\\N\t\\\\N\tt\t1970-01-01 00:00:00.000000\t\n");
    }

    proptest! {
        #[test]
        fn any_texts_and_numbers_read_back(texts in prop::collection::vec("(?s).{0,20}", 1..5), number: i64) {
            let line = row(|row| {
                row.int(number);
                texts.iter().for_each(|text| {
                    row.text(text);
                });
            });
            let mut expected = vec![Some(number.to_string())];
            expected.extend(texts.into_iter().map(Some));
            prop_assert_eq!(read(&line), expected);
        }
    }
}
