//! A few statements over the server's private socket, as its superuser.
//!
//! Enough of the protocol to ask whether the server answers and to prepare its database, so that
//! a start needs neither libpq nor `psql`. Not a client: no password, no TLS, no parameters.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::postgres::USER;

/// Longer than any answer to our own statements.
const LONGEST_MESSAGE: usize = 1 << 20;
const PROTOCOL_3_0: i32 = 196_608;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum TalkError {
    /// The server said no.
    Answer { message: String, code: String },
    /// It could not be reached, or broke off.
    Io(std::io::Error),
}

impl From<std::io::Error> for TalkError {
    fn from(error: std::io::Error) -> Self {
        TalkError::Io(error)
    }
}

/// Connects, runs one statement, and returns the first column of its rows (null as empty text).
pub(crate) fn ask(
    socket: &Path,
    database: &str,
    sql: &str,
    limit: Duration,
) -> Result<Vec<String>, TalkError> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    stream.write_all(&start_up(database))?;
    until_ready(&mut stream)?;
    stream.write_all(&message(Some(b'Q'), &[sql.as_bytes(), b"\0"].concat()))?;
    let rows = until_ready(&mut stream)?;
    stream.write_all(&message(Some(b'X'), &[]))?;
    Ok(rows)
}

fn start_up(database: &str) -> Vec<u8> {
    let mut body = PROTOCOL_3_0.to_be_bytes().to_vec();
    for text in ["user", USER, "database", database, "application_name", "pgsurge-servers", ""] {
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    message(None, &body)
}

fn message(kind: Option<u8>, body: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = kind.into_iter().collect();
    // Our own statements are far from 2 GiB.
    bytes.extend_from_slice(&(body.len() as i32 + 4).to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// Reads until the server is ready for more; an error on the way is returned then or at the end.
fn until_ready(stream: &mut UnixStream) -> Result<Vec<String>, TalkError> {
    let mut rows = Vec::new();
    let mut refused = None;
    loop {
        let (kind, body) = match next_message(stream) {
            Ok(message) => message,
            // A fatal error is followed by the end of the connection.
            Err(error) => return Err(refused.unwrap_or(TalkError::Io(error))),
        };
        match kind {
            b'E' => refused = Some(error_in(&body)),
            b'R' if body != [0; 4] => return Err(broken("the server asks for a password").into()),
            b'D' => rows.push(first_column(&body)),
            b'Z' => return refused.map_or(Ok(rows), Err),
            _ => {}
        }
    }
}

fn next_message(stream: &mut UnixStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let length = i32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    let length = usize::try_from(length).unwrap_or(0);
    if !(4..=LONGEST_MESSAGE).contains(&length) {
        return Err(broken("a message of an impossible length"));
    }
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body)?;
    Ok((head[0], body))
}

fn broken(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what)
}

fn error_in(body: &[u8]) -> TalkError {
    let (mut message, mut code) = (String::new(), String::new());
    for field in body.split(|byte| *byte == 0) {
        match field.split_first() {
            Some((b'M', text)) => message = String::from_utf8_lossy(text).into_owned(),
            Some((b'C', text)) => code = String::from_utf8_lossy(text).into_owned(),
            _ => {}
        }
    }
    TalkError::Answer { message, code }
}

fn first_column(body: &[u8]) -> String {
    let length = body.get(2..6).and_then(|bytes| bytes.try_into().ok()).map(i32::from_be_bytes);
    let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let text = body.get(6..6 + length).unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_read_with_their_sqlstate() {
        let body = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
        let TalkError::Answer { message, code } = error_in(body) else { panic!("no answer") };
        assert_eq!(
            (message.as_str(), code.as_str()),
            ("the database system is starting up", "57P03")
        );
    }

    #[test]
    fn the_first_column_of_a_row_is_read_and_broken_rows_are_empty() {
        assert_eq!(first_column(b"\0\x01\0\0\0\x02hi"), "hi");
        assert_eq!(first_column(b"\0\x01\xff\xff\xff\xff"), "");
        assert_eq!(first_column(b"\0\x01\0\0\0\x09hi"), "");
        assert_eq!(first_column(b""), "");
    }
}
