//! Sockets as the engine wants them: no delay, no blocking while connecting.

use crate::backend::Address;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;

/// A socket for `address`, not connected, blocking, and the address as the system wants it.
pub(super) fn create(address: &Address) -> io::Result<(Socket, SockAddr)> {
    match address {
        Address::Tcp(address) => {
            let socket =
                Socket::new(Domain::for_address(*address), Type::STREAM, Some(Protocol::TCP))?;
            socket.set_tcp_nodelay(true)?;
            Ok((socket, SockAddr::from(*address)))
        }
        Address::Unix(path) => {
            Ok((Socket::new(Domain::UNIX, Type::STREAM, None)?, SockAddr::unix(path)?))
        }
    }
}

/// The end of an orderly conversation, as an error.
pub(super) fn end_of_stream() -> io::Error {
    io::Error::from(io::ErrorKind::UnexpectedEof)
}

/// Timers as exact as the system can: Linux otherwise adds 50 µs of slack to every wait.
pub(super) fn exact_timers() {
    // A refusal costs exactness only, and lateness is measured anyway.
    let _refused = nix::sys::prctl::set_timerslack(1);
}
