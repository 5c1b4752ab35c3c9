//! The poller on io_uring: one system call per batch, sends and receives queued together.
//!
//! A receive stays armed as long as a socket is open, so a server that goes away is noticed at
//! once and an answer costs no further system call. The kernel works on our memory between calls:
//! received bytes come in `buffers`, bytes to send belong to a `Slot` and never move; a closed
//! slot is kept until the kernel has let go of it.

mod buffers;
mod ending;
mod operation;

use super::clock::Clock;
use super::{Earlier, Happened, Inbox, OwnTime, Poller, socket};
use crate::backend::Address;
use buffers::{BUFFER_BYTES, Buffers, GROUP};
use bytes::BytesMut;
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{CancelBuilder, Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode};
use nix::libc;
use operation::{Done, Operation, operation_of, slot_key, user_data};
use socket2::{SockAddr, Socket};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

/// Retries a short send in the kernel, so that one send entry is one whole send.
const SEND_ALL: i32 = libc::MSG_WAITALL | libc::MSG_NOSIGNAL;

/// One socket with the memory that the kernel may be reading.
#[derive(Debug)]
struct Slot {
    socket: Socket,
    address: SockAddr,
    generation: u32,
    sending: BytesMut,
    /// Waits for `sending` to leave.
    queued: BytesMut,
    send_awaited: bool,
    /// Operations whose completion has not come.
    outstanding: u32,
}

/// See the module.
pub struct Uring {
    ring: IoUring,
    buffers: ManuallyDrop<Buffers>,
    clock: Clock,
    slots: Vec<Option<Slot>>,
    generation: u32,
    /// Closed, but the kernel has not let go yet; by user data without the operation.
    closing: HashMap<u64, Slot>,
    done: VecDeque<Done>,
    backlog: VecDeque<Entry>,
}

impl Uring {
    /// A poller for `clients` clients whose clock counts from `origin`. To be made and used on
    /// one and the same thread.
    ///
    /// # Errors
    /// The system refuses a ring (not there, forbidden, too little locked memory).
    pub fn new(clients: usize, origin: Instant) -> io::Result<Uring> {
        socket::exact_timers();
        let entries = (2 * clients + 16).clamp(64, 4096).next_power_of_two() as u32;
        let ring = build(entries)?;
        let buffers = Buffers::register(&ring, clients)?;
        Ok(Uring {
            ring,
            buffers: ManuallyDrop::new(buffers),
            clock: Clock::since(origin),
            slots: (0..clients).map(|_| None).collect(),
            generation: 0,
            closing: HashMap::new(),
            done: VecDeque::new(),
            backlog: VecDeque::new(),
        })
    }

    /// Whether the system lets us have a ring of the kind we need.
    ///
    /// # Errors
    /// Why not.
    pub fn probe() -> io::Result<()> {
        let ring = build(8)?;
        Buffers::register(&ring, 1).map(|_| ())
    }

    fn slot(&mut self, client: usize) -> Option<&mut Slot> {
        self.slots.get_mut(client)?.as_mut()
    }

    /// Queues an entry for the next submission; makes room when the queue is full.
    fn push(&mut self, entry: Entry) {
        // SAFETY: the buffers and the address that an entry points to live in a `Slot` (boxed or
        // heap-allocated, never moved or resized while in use), which is kept in `slots` or
        // `closing` until every operation on it has completed.
        let pushed = unsafe { self.ring.submission().push(&entry) };
        if pushed.is_err() {
            let submitted = self.ring.submit();
            // SAFETY: as above.
            if submitted.is_err() || unsafe { self.ring.submission().push(&entry) }.is_err() {
                self.backlog.push_back(entry);
            }
        }
    }

    fn arm_receive(&mut self, client: usize) {
        let Some(slot) = self.slot(client) else { return };
        slot.outstanding += 1;
        let data = user_data(Operation::Receive, client, slot.generation);
        let fd = Fd(slot.socket.as_raw_fd());
        self.push(opcode::RecvMulti::new(fd, GROUP).build().user_data(data));
    }

    fn arm_send(&mut self, client: usize, earlier: Earlier) {
        let Some(slot) = self.slot(client) else { return };
        // What may not fit a socket's buffer at once is waited for: an answer to its first half
        // proves nothing about the rest.
        let is_small = slot.sending.len() <= BUFFER_BYTES;
        let (operation, flags) = match earlier {
            Earlier::Answered if is_small => (Operation::AnsweredSend, Flags::SKIP_SUCCESS),
            _ => (Operation::Send, Flags::empty()),
        };
        if operation == Operation::Send {
            slot.send_awaited = true;
            slot.outstanding += 1;
        }
        let data = user_data(operation, client, slot.generation);
        let (pointer, length) = (slot.sending.as_ptr(), slot.sending.len() as u32);
        let fd = Fd(slot.socket.as_raw_fd());
        let send = opcode::Send::new(fd, pointer, length).flags(SEND_ALL).build();
        self.push(send.flags(flags).user_data(data));
    }

    /// What a completion means for a client that is still open.
    fn completed(
        &mut self,
        operation: Operation,
        client: usize,
        done: Done,
        inbox: &mut Inbox,
    ) -> Option<Happened> {
        let slot = self.slot(client)?;
        if operation != Operation::AnsweredSend && !done.more {
            slot.outstanding -= 1;
        }
        if operation == Operation::Receive {
            return self.received(client, done, inbox);
        }
        if done.result < 0 {
            return Some(Happened::Closed(io::Error::from_raw_os_error(-done.result)));
        }
        match operation {
            Operation::Connect => {
                self.arm_receive(client);
                Some(Happened::Connected)
            }
            Operation::Send => self.sent(client, done.result as usize),
            Operation::Receive | Operation::AnsweredSend | Operation::Cancel => None,
        }
    }

    fn received(&mut self, client: usize, done: Done, inbox: &mut Inbox) -> Option<Happened> {
        if let Some(buffer) = done.buffer {
            inbox.fill(self.buffers.bytes(buffer, done.result.max(0) as usize));
            self.buffers.give_back(buffer);
        }
        match done.result {
            0 => Some(Happened::Closed(socket::end_of_stream())),
            1.. => {
                if !done.more {
                    self.arm_receive(client);
                }
                Some(Happened::Received)
            }
            // All buffers were full at that moment; by now they have been given back.
            error if -error == libc::ENOBUFS => {
                self.arm_receive(client);
                None
            }
            error => Some(Happened::Closed(io::Error::from_raw_os_error(-error))),
        }
    }

    fn sent(&mut self, client: usize, length: usize) -> Option<Happened> {
        let slot = self.slot(client)?;
        slot.send_awaited = false;
        if length < slot.sending.len() {
            return Some(Happened::Closed(io::ErrorKind::WriteZero.into()));
        }
        if !slot.queued.is_empty() {
            slot.sending.clear();
            std::mem::swap(&mut slot.sending, &mut slot.queued);
            self.arm_send(client, Earlier::MayBeInFlight);
        }
        None
    }

    /// Counts a completion of a closed slot; drops it with the last one.
    fn let_go(&mut self, operation: Operation, done: Done) {
        if let Some(buffer) = done.buffer {
            self.buffers.give_back(buffer);
        }
        if operation == Operation::AnsweredSend || done.more {
            return;
        }
        let key = slot_key(done.data);
        if let Some(slot) = self.closing.get_mut(&key) {
            slot.outstanding -= 1;
            if slot.outstanding == 0 {
                self.closing.remove(&key);
            }
        }
    }

    /// Submits what is queued and waits for a completion, at most so long. The kernel hands
    /// completions over only to a call that waits, so even a wait of no length asks for one.
    fn submit_and_wait(&mut self, at_most: Duration) -> io::Result<()> {
        while let Some(entry) = self.backlog.pop_front() {
            // SAFETY: see `push`.
            if unsafe { self.ring.submission().push(&entry) }.is_err() {
                self.backlog.push_front(entry);
                break;
            }
        }
        let timeout = Timespec::from(at_most);
        let arguments = SubmitArgs::new().timespec(&timeout);
        let outcome = self.ring.submitter().submit_with_args(1, &arguments);
        match outcome {
            Ok(_) => Ok(()),
            Err(error) => match error.raw_os_error() {
                // Time is up, a signal came, or completions must be taken first.
                Some(libc::ETIME | libc::EINTR | libc::EBUSY | libc::EAGAIN) => Ok(()),
                _ => Err(error),
            },
        }
    }

    fn collect(&mut self) {
        self.done.extend(self.ring.completion().map(|entry| Done {
            data: entry.user_data(),
            result: entry.result(),
            buffer: cqueue::buffer_select(entry.flags()),
            more: cqueue::more(entry.flags()),
        }));
    }
}

fn build(entries: u32) -> io::Result<IoUring> {
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_defer_taskrun().setup_clamp();
    builder.build(entries)
}

impl Poller for Uring {
    const SENDS_AT_WAIT: bool = true;

    #[inline]
    fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    fn own_time(&self) -> OwnTime {
        self.clock.own_time()
    }

    fn inbox_bytes(&self) -> usize {
        BUFFER_BYTES
    }

    fn connect(&mut self, client: usize, address: &Address) -> io::Result<()> {
        self.close(client);
        let (socket, target) = socket::create(address)?;
        self.generation = self.generation.wrapping_add(1) & 0x0fff_ffff;
        let place = self.slots.get_mut(client).ok_or(io::ErrorKind::InvalidInput)?;
        let slot = place.insert(Slot {
            socket,
            address: target,
            generation: self.generation,
            sending: BytesMut::new(),
            queued: BytesMut::new(),
            send_awaited: false,
            outstanding: 1,
        });
        let data = user_data(Operation::Connect, client, slot.generation);
        let fd = Fd(slot.socket.as_raw_fd());
        // The kernel copies the address when the entry is submitted; `slots` never grows, so it
        // stands still until then, and `close` submits before it moves a slot.
        let entry = opcode::Connect::new(fd, slot.address.as_ptr().cast(), slot.address.len());
        self.push(entry.build().user_data(data));
        Ok(())
    }

    fn send(&mut self, client: usize, bytes: &mut BytesMut, earlier: Earlier) {
        let Some(slot) = self.slot(client) else { return bytes.clear() };
        if slot.send_awaited {
            slot.queued.extend_from_slice(bytes);
            return bytes.clear();
        }
        std::mem::swap(&mut slot.sending, bytes);
        bytes.clear();
        self.arm_send(client, earlier);
    }

    fn close(&mut self, client: usize) {
        if self.slots.get(client).is_none_or(Option::is_none) {
            return;
        }
        // Whatever is queued for this socket must have reached the kernel before the slot moves.
        let _later = self.ring.submit();
        let Some(mut slot) = self.slots.get_mut(client).and_then(Option::take) else { return };
        let _already_gone = slot.socket.shutdown(std::net::Shutdown::Both);
        let key = slot_key(user_data(Operation::Cancel, client, slot.generation));
        let cancel = CancelBuilder::fd(Fd(slot.socket.as_raw_fd())).all();
        slot.outstanding += 1;
        let data = user_data(Operation::Cancel, client, slot.generation);
        self.closing.insert(key, slot);
        self.push(opcode::AsyncCancel2::new(cancel).build().user_data(data));
    }

    fn wait(&mut self, until_ns: u64) -> io::Result<()> {
        let remaining = self.clock.remaining(until_ns);
        self.submit_and_wait(remaining.filter(|_| self.done.is_empty()).unwrap_or_default())?;
        self.collect();
        Ok(())
    }

    fn next(&mut self, inbox: &mut Inbox) -> Option<(usize, Happened)> {
        while let Some(done) = self.done.pop_front() {
            let data = done.data;
            let Some(operation) = operation_of(data) else { continue };
            let client = (data & 0xffff_ffff) as usize;
            let open = self.slots.get(client).and_then(Option::as_ref).is_some_and(|slot| {
                slot_key(data) == slot_key(user_data(operation, client, slot.generation))
            });
            if !open || operation == Operation::Cancel {
                self.let_go(operation, done);
                continue;
            }
            if let Some(happened) = self.completed(operation, client, done, inbox) {
                return Some((client, happened));
            }
        }
        None
    }
}
