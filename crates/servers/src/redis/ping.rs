//! Asks a Redis server over its private socket whether it answers.
//!
//! Enough of the protocol for that; not a client.

use std::fmt;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The socket's name in its folder.
pub(crate) const SOCKET: &str = "redis.sock";
/// A server that loads its data answers with an error at once; only a stuck one takes longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// A password that doesn't show itself.
pub(crate) struct Password(pub(crate) String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a password)")
    }
}

/// Whether the server answers PING with PONG: it has started and loaded its data.
pub(crate) fn answers(socket: &Path, password: Option<&Password>) -> bool {
    ask(socket, password).is_ok_and(|answer| answer == b"+PONG")
}

fn ask(socket: &Path, password: Option<&Password>) -> std::io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    stream.set_write_timeout(Some(ANSWER_LIMIT))?;
    if let Some(Password(password)) = password {
        let auth = format!("*2\r\n$4\r\nAUTH\r\n${}\r\n{password}\r\n", password.len());
        stream.write_all(auth.as_bytes())?;
        line(&mut stream)?;
    }
    stream.write_all(b"*1\r\n$4\r\nPING\r\n")?;
    line(&mut stream)
}

/// One line without its end; an endless one is cut, since none of ours is long.
fn line(stream: &mut UnixStream) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") && line.len() < 1024 {
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    line.truncate(line.len().saturating_sub(2));
    Ok(line)
}
