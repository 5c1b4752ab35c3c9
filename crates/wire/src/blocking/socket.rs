//! A TCP or Unix socket that never blocks by itself: waiting is one `poll` with a deadline.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::error::Error;
use crate::settings::{Host, Settings};

/// Where a server is, once its name is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Every address of the server, in the resolver's order.
pub(super) fn addresses(settings: &Settings, deadline: Instant) -> Result<Vec<Address>, Error> {
    let tcp = |ip: IpAddr| Ok(vec![Address::Tcp(SocketAddr::new(ip, settings.port))]);
    match (&settings.host, settings.host_address) {
        (_, Some(ip)) => tcp(ip),
        (Host::Unix(folder), None) => {
            Ok(vec![Address::Unix(folder.join(format!(".s.PGSQL.{}", settings.port)))])
        }
        (Host::Tcp(name), None) => match name.parse() {
            Ok(ip) => tcp(ip),
            Err(_) => look_up(name.clone(), settings.port, deadline),
        },
    }
}

/// The system's resolver takes no deadline, so a thread waits for it.
fn look_up(name: String, port: u16, deadline: Instant) -> Result<Vec<Address>, Error> {
    const DOING: &str = "cannot look the host name up";
    let (sender, receiver) = mpsc::channel();
    let resolve = move || {
        let found = (name.as_str(), port).to_socket_addrs();
        // Nobody waits any more once the deadline passed.
        let _ = sender.send(found.map(|found| found.map(Address::Tcp).collect::<Vec<_>>()));
    };
    let thread = thread::Builder::new().name("look-up".to_owned());
    thread.spawn(resolve).map_err(|cause| Error::Io { doing: DOING, cause })?;
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(Ok(found)) if found.is_empty() => {
            Err(Error::Io { doing: DOING, cause: io::Error::other("it has no address") })
        }
        Ok(found) => found.map_err(|cause| Error::Io { doing: DOING, cause }),
        Err(_) => Err(Error::Timeout { during: "looking the host name up" }),
    }
}

pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    pub(super) fn connect(address: &Address, deadline: Instant) -> Result<Socket, Error> {
        let connected = match address {
            Address::Tcp(address) => connect_tcp(address, deadline).map(Socket::Tcp),
            Address::Unix(path) => connect_unix(path, deadline).map(Socket::Unix),
        };
        connected.map_err(|cause| match cause.kind() {
            io::ErrorKind::TimedOut => Error::Timeout { during: "connecting" },
            _ => Error::Io { doing: "cannot open the connection", cause },
        })
    }

    /// Waits until there is something to read or (if `writing`) room to write. Not longer than
    /// `at_most`: then the caller looks around and may wait on.
    pub(super) fn wait(
        &self,
        writing: bool,
        deadline: Instant,
        at_most: Duration,
    ) -> io::Result<()> {
        let mut interest = PollFlags::POLLIN;
        interest.set(PollFlags::POLLOUT, writing);
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // Rounded up, or the last millisecond would be spent spinning.
        let timeout_ms = left.min(at_most).as_millis().saturating_add(1).min(1 << 30) as u32;
        let timeout = PollTimeout::try_from(timeout_ms).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(self.as_fd(), interest)], timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Reads what is there; `None` when nothing is, 0 at the end.
    pub(super) fn read(&mut self, buf: &mut [u8]) -> io::Result<Option<usize>> {
        ready(match self {
            Socket::Tcp(socket) => socket.read(buf),
            Socket::Unix(socket) => socket.read(buf),
        })
    }

    /// Writes what there is room for; `None` when there is none.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        ready(match self {
            Socket::Tcp(socket) => socket.write(bytes),
            Socket::Unix(socket) => socket.write(bytes),
        })
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Socket::Tcp(socket) => socket.as_fd(),
            Socket::Unix(socket) => socket.as_fd(),
        }
    }
}

fn ready(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) => match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
            _ => Err(error),
        },
    }
}

fn connect_tcp(address: &SocketAddr, deadline: Instant) -> io::Result<TcpStream> {
    let left = deadline.saturating_duration_since(Instant::now());
    // Zero is not allowed, and means that the time is up.
    let socket = TcpStream::connect_timeout(address, left.max(Duration::from_micros(1)))?;
    socket.set_nodelay(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A Unix socket connects at once or, while the server's queue is full, not at all.
fn connect_unix(path: &Path, deadline: Instant) -> io::Result<UnixStream> {
    let address = socket2::SockAddr::unix(abstract_path(path))?;
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    loop {
        match socket.connect(&address) {
            Ok(()) => return Ok(UnixStream::from(OwnedFd::from(socket))),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            Err(_) if Instant::now() >= deadline => return Err(io::ErrorKind::TimedOut.into()),
            // The kernel tells nobody when there is room.
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// `@name` is Linux's space of sockets without a file, where the kernel wants a zero byte.
fn abstract_path(path: &Path) -> PathBuf {
    match path.to_str().and_then(|text| text.strip_prefix('@')) {
        Some(name) if cfg!(target_os = "linux") => PathBuf::from(format!("\0{name}")),
        _ => path.to_owned(),
    }
}
