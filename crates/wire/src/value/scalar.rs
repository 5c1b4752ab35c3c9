//! Single values: numbers, texts, JSON, timestamps.
//!
//! Numbers widen (an `int4` reads as `i64`), since `count(*)` and a column rarely have the same
//! width; they never narrow.

use super::{Decode, DecodeError, malformed};

/// Microseconds between PostgreSQL's epoch (2000) and Unix's (1970).
pub(crate) const EPOCH_OFFSET_US: i64 = 946_684_800_000_000;

fn number<T: std::str::FromStr>(bytes: &[u8], expected: &'static str) -> Result<T, DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed(expected, bytes))?;
    text.parse().map_err(|_| malformed(expected, bytes))
}

impl Decode<'_> for i16 {
    #[inline]
    fn from_binary(bytes: &[u8]) -> Result<i16, DecodeError> {
        let bytes2 = bytes.try_into().map_err(|_| malformed("int2", bytes))?;
        Ok(i16::from_be_bytes(bytes2))
    }

    fn from_text(bytes: &[u8]) -> Result<i16, DecodeError> {
        number(bytes, "int2")
    }
}

impl Decode<'_> for i32 {
    #[inline]
    fn from_binary(bytes: &[u8]) -> Result<i32, DecodeError> {
        match *bytes {
            [a, b, c, d] => Ok(i32::from_be_bytes([a, b, c, d])),
            [a, b] => Ok(i32::from(i16::from_be_bytes([a, b]))),
            _ => Err(malformed("int4", bytes)),
        }
    }

    fn from_text(bytes: &[u8]) -> Result<i32, DecodeError> {
        number(bytes, "int4")
    }
}

impl Decode<'_> for i64 {
    #[inline]
    fn from_binary(bytes: &[u8]) -> Result<i64, DecodeError> {
        match <[u8; 8]>::try_from(bytes) {
            Ok(bytes) => Ok(i64::from_be_bytes(bytes)),
            Err(_) if bytes.len() < 8 => {
                i32::from_binary(bytes).map(i64::from).map_err(|_| malformed("int8", bytes))
            }
            Err(_) => Err(malformed("int8", bytes)),
        }
    }

    fn from_text(bytes: &[u8]) -> Result<i64, DecodeError> {
        number(bytes, "int8")
    }
}

impl Decode<'_> for u32 {
    fn from_binary(bytes: &[u8]) -> Result<u32, DecodeError> {
        Ok(u32::from_be_bytes(bytes.try_into().map_err(|_| malformed("oid", bytes))?))
    }

    fn from_text(bytes: &[u8]) -> Result<u32, DecodeError> {
        number(bytes, "oid")
    }
}

impl Decode<'_> for f64 {
    #[inline]
    fn from_binary(bytes: &[u8]) -> Result<f64, DecodeError> {
        match *bytes {
            [a, b, c, d, e, f, g, h] => Ok(f64::from_be_bytes([a, b, c, d, e, f, g, h])),
            [a, b, c, d] => Ok(f64::from(f32::from_be_bytes([a, b, c, d]))),
            _ => Err(malformed("float8", bytes)),
        }
    }

    fn from_text(bytes: &[u8]) -> Result<f64, DecodeError> {
        number(bytes, "float8")
    }
}

impl Decode<'_> for bool {
    #[inline]
    fn from_binary(bytes: &[u8]) -> Result<bool, DecodeError> {
        match bytes {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(malformed("bool", bytes)),
        }
    }

    fn from_text(bytes: &[u8]) -> Result<bool, DecodeError> {
        match bytes {
            b"t" => Ok(true),
            b"f" => Ok(false),
            _ => Err(malformed("bool", bytes)),
        }
    }
}

impl<'a> Decode<'a> for &'a str {
    #[inline]
    fn from_binary(bytes: &'a [u8]) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(bytes).map_err(|_| malformed("text", bytes))
    }

    fn from_text(bytes: &'a [u8]) -> Result<&'a str, DecodeError> {
        Self::from_binary(bytes)
    }
}

impl Decode<'_> for String {
    fn from_binary(bytes: &[u8]) -> Result<String, DecodeError> {
        <&str>::from_binary(bytes).map(str::to_owned)
    }

    fn from_text(bytes: &[u8]) -> Result<String, DecodeError> {
        Self::from_binary(bytes)
    }
}

/// `bytea`, or any value's bytes as they are; the text format's hexadecimal digits stay.
impl<'a> Decode<'a> for &'a [u8] {
    fn from_binary(bytes: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        Ok(bytes)
    }

    fn from_text(bytes: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        Ok(bytes)
    }
}

/// The text of a `jsonb` value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jsonb<'a>(pub &'a str);

impl<'a> Decode<'a> for Jsonb<'a> {
    #[inline]
    fn from_binary(bytes: &'a [u8]) -> Result<Jsonb<'a>, DecodeError> {
        // The first byte is the format's version; there has only ever been 1.
        let [1, text @ ..] = bytes else { return Err(malformed("jsonb", bytes)) };
        Ok(Jsonb(std::str::from_utf8(text).map_err(|_| malformed("jsonb", bytes))?))
    }

    fn from_text(bytes: &'a [u8]) -> Result<Jsonb<'a>, DecodeError> {
        Ok(Jsonb(std::str::from_utf8(bytes).map_err(|_| malformed("jsonb", bytes))?))
    }
}

/// A `timestamp` or `timestamptz` in microseconds since 1970; `infinity` is `i64::MAX`, and
/// `-infinity` is `i64::MIN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimestampUs(pub i64);

impl TimestampUs {
    /// From PostgreSQL's own count, which starts in 2000.
    pub(crate) fn from_wire(value: i64) -> TimestampUs {
        match value {
            i64::MAX | i64::MIN => TimestampUs(value),
            value => TimestampUs(value.saturating_add(EPOCH_OFFSET_US)),
        }
    }

    /// PostgreSQL's own count.
    pub(crate) fn to_wire(self) -> i64 {
        match self.0 {
            i64::MAX | i64::MIN => self.0,
            value => value.saturating_sub(EPOCH_OFFSET_US),
        }
    }
}

impl Decode<'_> for TimestampUs {
    #[inline]
    fn from_binary(bytes: &[u8]) -> Result<TimestampUs, DecodeError> {
        let bytes8 = bytes.try_into().map_err(|_| malformed("timestamp", bytes))?;
        Ok(TimestampUs::from_wire(i64::from_be_bytes(bytes8)))
    }

    /// A text depends on `DateStyle` and `TimeZone`: ask for binary, or for `extract(epoch …)`.
    fn from_text(bytes: &[u8]) -> Result<TimestampUs, DecodeError> {
        Err(malformed("timestamp (only read in binary)", bytes))
    }
}
