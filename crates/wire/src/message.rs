//! Message bodies of a running session, as events.
//!
//! Only the shape of each body is checked here; whether the message may come now is the
//! connection's business. Nothing is copied.

use std::borrow::Cow;

use crate::error::Error;
use crate::event::{CopyFormat, Event, Parameters, TransactionStatus};
use crate::row::{Columns, Row};
use crate::server_error::ServerError;

/// Reads one message and tells it. `Ready`, `Parameter` and errors are the caller's, who keeps
/// something of each.
#[inline]
pub(crate) fn tell(tag: u8, body: &[u8], sink: &mut impl FnMut(Event<'_>)) -> Result<(), Error> {
    let event = match tag {
        b'D' => Event::Row(Row::parse(body)?),
        b'2' => bare(body, Event::BindComplete)?,
        b'C' => complete(body)?,
        b'd' => Event::CopyData(body),
        b'1' => bare(body, Event::ParseComplete)?,
        b'3' => bare(body, Event::CloseComplete)?,
        b'T' => Event::RowDescription(Columns::parse(body)?),
        b't' => Event::ParameterDescription(parameters(body)?),
        b'n' => bare(body, Event::NoData)?,
        b's' => bare(body, Event::PortalSuspended)?,
        b'I' => bare(body, Event::EmptyQuery)?,
        b'N' => Event::Notice(ServerError::parse(body)?),
        b'G' => Event::CopyIn(copy_format(body)?),
        b'H' => Event::CopyOut(copy_format(body)?),
        b'c' => bare(body, Event::CopyDone)?,
        b'A' => return notification(body, sink),
        tag => return Err(unexpected(tag, "in a session")),
    };
    sink(event);
    Ok(())
}

/// A message that has no place at this moment.
#[cold]
pub(crate) fn unexpected(tag: u8, moment: &str) -> Error {
    Error::protocol(format!("unexpected message '{}' {moment}", tag.escape_ascii()))
}

#[cold]
fn malformed(what: &'static str) -> Error {
    Error::protocol(format!("malformed {what} message"))
}

#[inline]
fn bare<'a>(body: &[u8], event: Event<'a>) -> Result<Event<'a>, Error> {
    if body.is_empty() { Ok(event) } else { Err(malformed("empty")) }
}

#[inline]
fn complete(body: &[u8]) -> Result<Event<'_>, Error> {
    let tag = match body {
        [tag @ .., 0] if !tag.contains(&0) => std::str::from_utf8(tag).ok(),
        _ => None,
    };
    let tag = tag.ok_or_else(|| malformed("completion"))?;
    Ok(Event::Complete { tag, rows: rows(tag) })
}

/// The number at a tag's end, which for every command that has one is its rows.
#[inline]
fn rows(tag: &str) -> u64 {
    let digits = tag.bytes().rev().take_while(u8::is_ascii_digit).count();
    tag.as_bytes()[tag.len() - digits..]
        .iter()
        .fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

/// The status byte of ReadyForQuery.
#[inline]
pub(crate) fn transaction_status(body: &[u8]) -> Result<TransactionStatus, Error> {
    match body {
        b"I" => Ok(TransactionStatus::Idle),
        b"T" => Ok(TransactionStatus::InTransaction),
        b"E" => Ok(TransactionStatus::Failed),
        _ => Err(malformed("ready")),
    }
}

/// Name and value of ParameterStatus. A database in SQL_ASCII may hold anything: what is not
/// UTF-8 is shown as far as it goes.
pub(crate) fn parameter(body: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), Error> {
    let (name, rest) = text(body).ok_or_else(|| malformed("parameter"))?;
    match text(rest) {
        Some((value, [])) => Ok((name, value)),
        _ => Err(malformed("parameter")),
    }
}

/// Process id and secret of BackendKeyData.
pub(crate) fn backend_key(body: &[u8]) -> Result<(i32, i32), Error> {
    match *body {
        [a, b, c, d, e, f, g, h] => {
            Ok((i32::from_be_bytes([a, b, c, d]), i32::from_be_bytes([e, f, g, h])))
        }
        _ => Err(malformed("key")),
    }
}

fn notification(body: &[u8], sink: &mut impl FnMut(Event<'_>)) -> Result<(), Error> {
    let parts = || {
        let (process_id, rest) = body.split_first_chunk::<4>()?;
        let (channel, rest) = text(rest)?;
        let (payload, rest) = text(rest)?;
        rest.is_empty().then_some((i32::from_be_bytes(*process_id), channel, payload))
    };
    let (process_id, channel, payload) = parts().ok_or_else(|| malformed("notification"))?;
    sink(Event::Notification { process_id, channel: &channel, payload: &payload });
    Ok(())
}

fn parameters(body: &[u8]) -> Result<Parameters<'_>, Error> {
    match body.split_first_chunk::<2>() {
        Some((len, oids)) if oids.len() == usize::from(u16::from_be_bytes(*len)) * 4 => {
            Ok(Parameters { oids })
        }
        _ => Err(malformed("parameter description")),
    }
}

fn copy_format(body: &[u8]) -> Result<CopyFormat, Error> {
    match body {
        [format @ (0 | 1), high, low, formats @ ..] => {
            let columns = u16::from_be_bytes([*high, *low]);
            if formats.len() != usize::from(columns) * 2 {
                return Err(malformed("copy"));
            }
            Ok(CopyFormat { binary: *format == 1, columns })
        }
        _ => Err(malformed("copy")),
    }
}

/// A text up to its zero byte, and what follows.
pub(crate) fn text(bytes: &[u8]) -> Option<(Cow<'_, str>, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    Some((String::from_utf8_lossy(&bytes[..end]), &bytes[end + 1..]))
}
