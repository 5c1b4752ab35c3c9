//! The poller on epoll: works everywhere, sends at once, reads into one shared buffer.
//!
//! Edge-triggered: a read that fills less than the buffer has drained the socket (see epoll(7)),
//! so an answer costs one read and no second one that only says "nothing more".

use super::clock::Clock;
use super::{Earlier, Happened, Inbox, OwnTime, Poller, socket};
use crate::backend::Address;
use bytes::{Buf as _, BytesMut};
use mio::unix::SourceFd;
use mio::{Events, Interest, Token};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use socket2::Socket;
use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::time::{Duration, Instant};

const TIMER: Token = Token(usize::MAX);
/// Holds the largest answers of ordinary game traffic in one read.
const READ_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
struct Slot {
    socket: Option<Socket>,
    /// Tells an event of this socket from one of its predecessor.
    generation: u32,
    connecting: bool,
    /// What the socket would not take yet.
    unsent: BytesMut,
    broken: Option<io::Error>,
}

#[derive(Clone, Copy, Debug)]
struct Ready {
    token: usize,
    readable: bool,
    writable: bool,
    /// The other side has closed: after the last bytes an end of stream waits to be read.
    closed: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Epoll {
    poll: mio::Poll,
    events: Events,
    timer: TimerFd,
    armed_ns: Option<u64>,
    clock: Clock,
    slots: Vec<Slot>,
    ready: VecDeque<Ready>,
    broken: VecDeque<usize>,
}

fn token_of(client: usize, generation: u32) -> usize {
    (generation as usize) << 32 | client
}

impl Epoll {
    /// A poller for `clients` clients whose clock counts from `origin`.
    ///
    /// # Errors
    /// The system refuses an epoll or a timer.
    pub fn new(clients: usize, origin: Instant) -> io::Result<Epoll> {
        socket::exact_timers();
        let poll = mio::Poll::new()?;
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        let fd = timer.as_fd().as_raw_fd();
        poll.registry().register(&mut SourceFd(&fd), TIMER, Interest::READABLE)?;
        Ok(Epoll {
            poll,
            events: Events::with_capacity(1024),
            timer,
            armed_ns: None,
            clock: Clock::since(origin),
            slots: (0..clients).map(|_| Slot::default()).collect(),
            ready: VecDeque::new(),
            broken: VecDeque::new(),
        })
    }

    /// Arms the timer for `until_ns` unless it will ring by then anyway: ringing early costs a
    /// turn, arming anew would cost a system call with every wait.
    fn arm(&mut self, until_ns: u64) -> io::Result<Option<Duration>> {
        let Some(remaining) = self.clock.remaining(until_ns) else {
            return Ok(Some(Duration::ZERO));
        };
        if self.armed_ns.is_none_or(|armed_ns| armed_ns > until_ns) {
            let expiration = Expiration::OneShot(TimeSpec::from_duration(remaining));
            self.timer.set(expiration, TimerSetTimeFlags::empty())?;
            self.armed_ns = Some(until_ns);
        }
        Ok(None)
    }

    fn break_off(&mut self, client: usize, error: io::Error) {
        if let Some(slot) = self.slots.get_mut(client) {
            slot.broken = Some(error);
            self.broken.push_back(client);
        }
    }

    /// Sends what is left over; true when nothing is left.
    fn flush(&mut self, client: usize) {
        let Some(slot) = self.slots.get_mut(client) else { return };
        let Some(mut socket) = slot.socket.as_ref() else { return };
        while !slot.unsent.is_empty() {
            match socket.write(&slot.unsent) {
                Ok(n) => slot.unsent.advance(n),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.break_off(client, error),
            }
        }
    }

    /// Reads once; queues another turn where the socket may hold more.
    fn read(&mut self, ready: Ready, client: usize, inbox: &mut Inbox) -> Option<Happened> {
        let mut socket = self.slots.get(client)?.socket.as_ref()?;
        loop {
            match socket.read(&mut inbox.buffer) {
                Ok(0) => return Some(Happened::Closed(socket::end_of_stream())),
                Ok(n) => {
                    inbox.length = n;
                    if n == inbox.buffer.len() || ready.closed {
                        self.ready.push_front(Ready { writable: false, ..ready });
                    }
                    return Some(Happened::Received);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Some(Happened::Closed(error)),
            }
        }
    }

    fn finish_connect(&mut self, client: usize) -> Option<Happened> {
        let slot = self.slots.get_mut(client)?;
        let socket = slot.socket.as_ref()?;
        slot.connecting = false;
        match socket.take_error() {
            Ok(None) => Some(Happened::Connected),
            Ok(Some(error)) | Err(error) => Some(Happened::Closed(error)),
        }
    }
}

impl Poller for Epoll {
    const SENDS_AT_WAIT: bool = false;

    #[inline]
    fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    fn own_time(&self) -> OwnTime {
        self.clock.own_time()
    }

    fn inbox_bytes(&self) -> usize {
        READ_BYTES
    }

    fn connect(&mut self, client: usize, address: &Address) -> io::Result<()> {
        let (socket, target) = socket::create(address)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&target) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(nix::libc::EINPROGRESS) => {}
            Err(error) => return Err(error),
        }
        let slot = self.slots.get_mut(client).ok_or(io::ErrorKind::InvalidInput)?;
        slot.generation = slot.generation.wrapping_add(1) & 0x7fff_ffff;
        let token = Token(token_of(client, slot.generation));
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut SourceFd(&socket.as_raw_fd()), token, interest)?;
        slot.connecting = true;
        slot.broken = None;
        slot.unsent.clear();
        slot.socket = Some(socket);
        Ok(())
    }

    fn send(&mut self, client: usize, bytes: &mut BytesMut, _earlier: Earlier) {
        let Some(slot) = self.slots.get_mut(client) else { return };
        let Some(mut socket) = slot.socket.as_ref() else { return bytes.clear() };
        if slot.unsent.is_empty() {
            match socket.write(bytes) {
                Ok(n) if n == bytes.len() => return bytes.clear(),
                Ok(n) => bytes.advance(n),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    bytes.clear();
                    return self.break_off(client, error);
                }
            }
        }
        slot.unsent.extend_from_slice(bytes);
        bytes.clear();
    }

    fn close(&mut self, client: usize) {
        if let Some(slot) = self.slots.get_mut(client) {
            // Closing the descriptor takes it out of the epoll set.
            slot.socket = None;
            slot.broken = None;
            slot.unsent = BytesMut::new();
        }
    }

    fn wait(&mut self, until_ns: u64) -> io::Result<()> {
        let timeout =
            if self.broken.is_empty() { self.arm(until_ns)? } else { Some(Duration::ZERO) };
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            if event.token() == TIMER {
                self.armed_ns = None;
                // Edge-triggered and set anew each time: what it holds need not be read.
                continue;
            }
            self.ready.push_back(Ready {
                token: event.token().0,
                readable: event.is_readable() || event.is_read_closed() || event.is_error(),
                writable: event.is_writable() || event.is_error(),
                closed: event.is_read_closed() || event.is_error(),
            });
        }
        Ok(())
    }

    fn next(&mut self, inbox: &mut Inbox) -> Option<(usize, Happened)> {
        while let Some(client) = self.broken.pop_front() {
            if let Some(error) = self.slots.get_mut(client).and_then(|slot| slot.broken.take()) {
                return Some((client, Happened::Closed(error)));
            }
        }
        while let Some(ready) = self.ready.pop_front() {
            let client = ready.token & 0xffff_ffff;
            let Some(slot) = self.slots.get_mut(client) else { continue };
            if token_of(client, slot.generation) != ready.token || slot.socket.is_none() {
                continue;
            }
            if slot.connecting {
                if let Some(happened) =
                    ready.writable.then(|| self.finish_connect(client)).flatten()
                {
                    if ready.readable {
                        self.ready.push_front(Ready { writable: false, ..ready });
                    }
                    return Some((client, happened));
                }
                continue;
            }
            if ready.writable && !slot.unsent.is_empty() {
                self.flush(client);
            }
            if ready.readable
                && let Some(happened) = self.read(ready, client, inbox)
            {
                return Some((client, happened));
            }
        }
        None
    }
}
