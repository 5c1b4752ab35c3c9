//! Bind: typed binary parameters, written straight into the buffer.

use bytes::{BufMut, BytesMut};

use super::FrameError;
use crate::value::TimestampUs;

/// A Bind message being written: the unnamed portal of a statement, parameters and results in
/// binary. Dropped before [`Bind::finish`], it takes back what it wrote.
#[must_use = "a Bind is a message only after finish"]
pub struct Bind<'b> {
    buf: &'b mut BytesMut,
    start: usize,
    announced: u16,
    given: u16,
    fault: Option<FrameError>,
    finished: bool,
}

impl<'b> Bind<'b> {
    /// Starts a message for a statement (`""` is the unnamed one) with so many parameters.
    #[inline]
    pub fn new(buf: &'b mut BytesMut, statement: &str, parameters: u16) -> Bind<'b> {
        let start = buf.len();
        buf.reserve(64 + statement.len());
        buf.put_slice(&[b'B', 0, 0, 0, 0, 0]);
        buf.put_slice(statement.as_bytes());
        // The name's end; one parameter format, which stands for all: binary.
        buf.put_slice(&[0, 0, 1, 0, 1]);
        buf.put_u16(parameters);
        let fault = statement.as_bytes().contains(&0).then_some(FrameError::ZeroByte);
        Bind { buf, start, announced: parameters, given: 0, fault, finished: false }
    }

    #[inline]
    fn fixed<const N: usize>(self, bytes: [u8; N]) -> Bind<'b> {
        self.parts(&[], &bytes)
    }

    /// One parameter made of two pieces.
    #[inline]
    fn parts(mut self, head: &[u8], tail: &[u8]) -> Bind<'b> {
        self.given = self.given.saturating_add(1);
        match i32::try_from(head.len() + tail.len()) {
            Ok(length) => {
                self.buf.put_i32(length);
                self.buf.put_slice(head);
                self.buf.put_slice(tail);
            }
            Err(_) => self.fault = Some(FrameError::TooLong),
        }
        self
    }

    /// One parameter whose length is known only when it is written.
    pub(super) fn measured(mut self, write: impl FnOnce(&mut BytesMut)) -> Bind<'b> {
        self.given = self.given.saturating_add(1);
        if let Err(fault) = measured(self.buf, write) {
            self.fault = Some(fault);
        }
        self
    }

    /// Remembers a fault, which `finish` reports.
    pub(super) fn fail(mut self, fault: Option<FrameError>) -> Bind<'b> {
        self.fault = self.fault.take().or(fault);
        self
    }

    /// NULL of any type.
    #[inline]
    pub fn null(mut self) -> Bind<'b> {
        self.given = self.given.saturating_add(1);
        self.buf.put_i32(-1);
        self
    }

    /// `bool`.
    #[inline]
    pub fn bool(self, value: bool) -> Bind<'b> {
        self.fixed([u8::from(value)])
    }

    /// `int2`.
    #[inline]
    pub fn int2(self, value: i16) -> Bind<'b> {
        self.fixed(value.to_be_bytes())
    }

    /// `int4`.
    #[inline]
    pub fn int4(self, value: i32) -> Bind<'b> {
        self.fixed(value.to_be_bytes())
    }

    /// `int8`.
    #[inline]
    pub fn int8(self, value: i64) -> Bind<'b> {
        self.fixed(value.to_be_bytes())
    }

    /// `float8`.
    #[inline]
    pub fn float8(self, value: f64) -> Bind<'b> {
        self.fixed(value.to_be_bytes())
    }

    /// `text`, `varchar`, `json`, and an enum's label.
    #[inline]
    pub fn text(self, value: &str) -> Bind<'b> {
        self.parts(&[], value.as_bytes())
    }

    /// `bytea`.
    pub fn bytea(self, value: &[u8]) -> Bind<'b> {
        self.parts(&[], value)
    }

    /// `jsonb`, from its text.
    #[inline]
    pub fn jsonb(self, value: impl AsRef<[u8]>) -> Bind<'b> {
        self.parts(&[1], value.as_ref())
    }

    /// `timestamp` or `timestamptz`, in microseconds since 1970.
    #[inline]
    pub fn timestamp_us(self, value: i64) -> Bind<'b> {
        self.fixed(TimestampUs(value).to_wire().to_be_bytes())
    }

    /// `uuid`.
    pub fn uuid(self, value: [u8; 16]) -> Bind<'b> {
        self.fixed(value)
    }

    /// Asks for results in binary, and ends the message.
    #[inline]
    pub fn finish(self) -> Result<(), FrameError> {
        self.end(&[0, 1, 0, 1])
    }

    /// Asks for results as text, and ends the message.
    pub fn finish_text(self) -> Result<(), FrameError> {
        self.end(&[0, 0])
    }

    #[inline]
    fn end(mut self, result_formats: &[u8]) -> Result<(), FrameError> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let (announced, given) = (self.announced, self.given);
        if announced != given {
            return Err(FrameError::ParameterCount { announced, given });
        }
        self.buf.put_slice(result_formats);
        let length = self.buf.len() - self.start - 1;
        let length = i32::try_from(length).map_err(|_| FrameError::TooLong)?;
        self.buf[self.start + 1..self.start + 5].copy_from_slice(&length.to_be_bytes());
        self.finished = true;
        Ok(())
    }
}

impl Drop for Bind<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.finished {
            self.buf.truncate(self.start);
        }
    }
}

/// Writes a value after its length, which is filled in afterwards.
pub(super) fn measured(
    buf: &mut BytesMut,
    write: impl FnOnce(&mut BytesMut),
) -> Result<(), FrameError> {
    let start = buf.len();
    buf.put_i32(0);
    write(buf);
    let length = i32::try_from(buf.len() - start - 4).map_err(|_| FrameError::TooLong)?;
    buf[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{Bind, FrameError};

    #[test]
    fn a_message_is_laid_out_as_the_protocol_says() {
        let mut buf = BytesMut::new();
        Bind::new(&mut buf, "s1", 2).int4(7).null().finish().unwrap();
        let expected =
            b"B\0\0\0\x1e\0s1\0\0\x01\0\x01\0\x02\0\0\0\x04\0\0\0\x07\xff\xff\xff\xff\0\x01\0\x01";
        assert_eq!(&buf[..], expected);
    }

    #[test]
    fn an_empty_array_has_no_dimension() {
        let mut buf = BytesMut::new();
        Bind::new(&mut buf, "", 1).int4_array([]).finish_text().unwrap();
        assert!(buf.ends_with(b"\0\0\0\x0c\0\0\0\0\0\0\0\0\0\0\0\x17\0\0"));
    }

    #[test]
    fn what_can_not_be_sent_leaves_the_buffer_as_it_was() {
        let mut buf = BytesMut::from(&b"before"[..]);
        let counted = Bind::new(&mut buf, "", 2).bool(true).finish();
        assert_eq!(counted, Err(FrameError::ParameterCount { announced: 2, given: 1 }));
        assert_eq!(Bind::new(&mut buf, "a\0b", 0).finish(), Err(FrameError::ZeroByte));
        drop(Bind::new(&mut buf, "", 1).int8(1));
        assert_eq!(crate::frame::query(&mut buf, "a\0b"), Err(FrameError::ZeroByte));
        assert_eq!(&buf[..], b"before");
    }
}
