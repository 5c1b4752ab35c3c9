//! The bare loop on epoll: read, look, write.

use super::connection::Connection;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// Asks on every connection until the end; how many answers came.
pub fn run(mut connections: Vec<Connection>, end: Instant) -> io::Result<u64> {
    let mut poll = Poll::new()?;
    for (index, connection) in connections.iter_mut().enumerate() {
        connection.socket.set_nonblocking(true)?;
        let fd = connection.socket.as_raw_fd();
        let mut source = mio::unix::SourceFd(&fd);
        poll.registry().register(&mut source, Token(index), Interest::READABLE)?;
        connection.ask();
        connection.socket.write_all(&connection.request)?;
    }
    let mut events = Events::with_capacity(1024);
    let mut count = 0;
    while Instant::now() < end {
        poll.poll(&mut events, Some(Duration::from_millis(100)))?;
        for event in &events {
            let connection = &mut connections[event.token().0];
            let read = connection.socket.read(&mut connection.input[connection.length..]);
            let received = match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                other => other?,
            };
            if connection.take(received)? {
                count += 1;
                connection.ask();
                // So few bytes always fit into the empty buffer of a socket.
                connection.socket.write_all(&connection.request)?;
            }
        }
    }
    Ok(count)
}
