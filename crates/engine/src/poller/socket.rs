//! Sockets as the engine wants them: no delay, no blocking while connecting.

use crate::backend::Address;
use nix::time::{ClockId, clock_gettime};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::time::{Duration, Instant};

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

/// The clock that a thread shares with all others: monotonic, from one origin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn since(origin: Instant) -> Clock {
        Clock(origin)
    }

    #[inline]
    pub(super) fn now_ns(self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }

    /// How long until `until_ns`; none when it has passed.
    pub(super) fn remaining(self, until_ns: u64) -> Option<Duration> {
        until_ns.checked_sub(self.now_ns()).filter(|&ns| ns > 0).map(Duration::from_nanos)
    }
}

/// CPU time of this thread, µs; 0 where the system does not tell.
pub(super) fn thread_cpu_us() -> u64 {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(0, |time| time.tv_sec() as u64 * 1_000_000 + time.tv_nsec() as u64 / 1000)
}

/// Timers as exact as the system can: Linux otherwise adds 50 µs of slack to every wait.
pub(super) fn exact_timers() {
    // A refusal costs exactness only, and lateness is measured anyway.
    let _refused = nix::sys::prctl::set_timerslack(1);
}
