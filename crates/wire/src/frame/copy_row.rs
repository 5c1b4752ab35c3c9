//! Rows of COPY data, in text and in binary, without a `String` per value.
//!
//! Text is what `COPY … FROM STDIN` takes unless told otherwise. Binary saves the server the
//! parsing of timestamps and floats; its stream needs [`binary_begin`] before the rows and
//! [`binary_end`] after them. The columns must be those of the table, in order and in type.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};

use crate::value::TimestampUs;

/// One row in the text format, ended by [`TextRow::end`].
#[must_use = "a row needs its end"]
pub struct TextRow<'b> {
    buf: &'b mut BytesMut,
    started: bool,
}

impl<'b> TextRow<'b> {
    /// Starts a row.
    #[inline]
    pub fn new(buf: &'b mut BytesMut) -> TextRow<'b> {
        TextRow { buf, started: false }
    }

    #[inline]
    fn column(mut self, write: impl FnOnce(&mut BytesMut)) -> TextRow<'b> {
        if self.started {
            self.buf.put_u8(b'\t');
        }
        self.started = true;
        write(self.buf);
        self
    }

    /// NULL.
    #[inline]
    pub fn null(self) -> TextRow<'b> {
        self.column(|buf| buf.put_slice(b"\\N"))
    }

    /// Any integer type.
    #[inline]
    pub fn int(self, value: i64) -> TextRow<'b> {
        // Writing into a buffer that grows can't fail.
        self.column(|buf| _ = write!(buf, "{value}"))
    }

    /// A floating-point number, with as many digits as it takes to read it back exactly.
    pub fn float(self, value: f64) -> TextRow<'b> {
        self.column(|buf| _ = write!(buf, "{value}"))
    }

    /// A `bool`.
    pub fn bool(self, value: bool) -> TextRow<'b> {
        self.column(|buf| buf.put_u8(if value { b't' } else { b'f' }))
    }

    /// Anything that is written as text: names, JSON, timestamps.
    #[inline]
    pub fn text(self, value: &str) -> TextRow<'b> {
        self.column(|buf| escape(value.as_bytes(), buf))
    }

    /// Ends the row.
    #[inline]
    pub fn end(self) {
        self.buf.put_u8(b'\n');
    }
}

/// Writes a value with what COPY would take for its own marks preceded by a backslash.
fn escape(mut value: &[u8], buf: &mut BytesMut) {
    let special = |byte: &u8| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r');
    while let Some(at) = value.iter().position(special) {
        let (plain, rest) = value.split_at(at);
        buf.put_slice(plain);
        let mark = match rest[0] {
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            other => other,
        };
        buf.put_slice(&[b'\\', mark]);
        value = &rest[1..];
    }
    buf.put_slice(value);
}

/// What precedes the rows of a binary stream: signature, no flags, no extension.
pub fn binary_begin(buf: &mut BytesMut) {
    buf.put_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
}

/// What follows them.
pub fn binary_end(buf: &mut BytesMut) {
    buf.put_i16(-1);
}

/// One row in the binary format, which announces how many columns it will have.
#[must_use = "the columns must follow"]
pub struct BinaryRow<'b> {
    buf: &'b mut BytesMut,
}

impl<'b> BinaryRow<'b> {
    /// Starts a row of so many columns.
    #[inline]
    pub fn new(buf: &'b mut BytesMut, columns: i16) -> BinaryRow<'b> {
        buf.put_i16(columns);
        BinaryRow { buf }
    }

    /// One column made of two pieces. A piece beyond 2 GiB is cut there, and the server refuses
    /// the row.
    #[inline]
    fn parts(self, head: &[u8], tail: &[u8]) -> BinaryRow<'b> {
        self.buf.put_i32(i32::try_from(head.len() + tail.len()).unwrap_or(i32::MAX));
        self.buf.put_slice(head);
        self.buf.put_slice(tail);
        self
    }

    /// NULL.
    #[inline]
    pub fn null(self) -> BinaryRow<'b> {
        self.buf.put_i32(-1);
        self
    }

    /// `bool`.
    pub fn bool(self, value: bool) -> BinaryRow<'b> {
        self.parts(&[], &[u8::from(value)])
    }

    /// `int2`.
    pub fn int2(self, value: i16) -> BinaryRow<'b> {
        self.parts(&[], &value.to_be_bytes())
    }

    /// `int4`.
    #[inline]
    pub fn int4(self, value: i32) -> BinaryRow<'b> {
        self.parts(&[], &value.to_be_bytes())
    }

    /// `int8`.
    #[inline]
    pub fn int8(self, value: i64) -> BinaryRow<'b> {
        self.parts(&[], &value.to_be_bytes())
    }

    /// `float8`.
    pub fn float8(self, value: f64) -> BinaryRow<'b> {
        self.parts(&[], &value.to_be_bytes())
    }

    /// `text`, `varchar`, `char`, `json`.
    #[inline]
    pub fn text(self, value: &str) -> BinaryRow<'b> {
        self.parts(&[], value.as_bytes())
    }

    /// `jsonb`, from its text.
    #[inline]
    pub fn jsonb(self, value: impl AsRef<[u8]>) -> BinaryRow<'b> {
        self.parts(&[1], value.as_ref())
    }

    /// `timestamp` or `timestamptz`, in microseconds since 1970.
    #[inline]
    pub fn timestamp_us(self, value: i64) -> BinaryRow<'b> {
        self.parts(&[], &TimestampUs(value).to_wire().to_be_bytes())
    }

    /// Ends the row.
    #[inline]
    pub fn end(self) {}
}
