//! The bare loop on io_uring: one enter per batch, the send and the receive of its answer queued
//! together, completions by the thread that waits for them.

use super::connection::Connection;
use io_uring::{IoUring, opcode, squeue, types::Fd};
use std::io;
use std::os::fd::AsRawFd;
use std::time::Instant;

/// Marks completions of sends, which come only when one has failed.
const SENT: u64 = u64::MAX;

/// Asks on every connection until the end; how many answers came.
pub fn run(connections: Vec<Connection>, end: Instant) -> io::Result<u64> {
    // The kernel may write to them until the ring is wholly gone; the process ends soon.
    let connections: &'static mut [Connection] = connections.leak();
    let entries = (connections.len() as u32 * 2).next_power_of_two().max(64);
    let mut ring: IoUring =
        IoUring::builder().setup_single_issuer().setup_defer_taskrun().build(entries)?;
    for (index, connection) in connections.iter_mut().enumerate() {
        connection.ask();
        queue(&mut ring, index, connection, true)?;
    }
    let mut done = Vec::new();
    let mut count = 0;
    while Instant::now() < end {
        ring.submit_and_wait(1)?;
        done.extend(ring.completion().map(|it| (it.user_data(), it.result())));
        for (index, outcome) in done.drain(..) {
            if outcome < 0 {
                return Err(io::Error::from_raw_os_error(-outcome));
            }
            if index == SENT {
                return Err(io::Error::other("a request was sent in part"));
            }
            let connection = &mut connections[index as usize];
            // Not negative, see above.
            let is_answered = connection.take(outcome as usize)?;
            if is_answered {
                count += 1;
                connection.ask();
            }
            queue(&mut ring, index as usize, connection, is_answered)?;
        }
    }
    Ok(count)
}

fn queue(
    ring: &mut IoUring,
    index: usize,
    connection: &mut Connection,
    is_answered: bool,
) -> io::Result<()> {
    let fd = Fd(connection.socket.as_raw_fd());
    let request = &connection.request;
    let send = opcode::Send::new(fd, request.as_ptr(), request.len() as u32)
        .build()
        .flags(squeue::Flags::SKIP_SUCCESS)
        .user_data(SENT);
    let rest = &mut connection.input[connection.length..];
    let receive =
        opcode::Recv::new(fd, rest.as_mut_ptr(), rest.len() as u32).build().user_data(index as u64);
    let entries = [send, receive];
    let entries = if is_answered { &entries[..] } else { &entries[1..] };
    // SAFETY: the request and the input are never freed, see `run`; the request changes only when
    // its answer has come, and the input is read only when its receive has completed.
    unsafe { ring.submission().push_multiple(entries) }
        .map_err(|_| io::Error::other("the submission queue is too small"))
}
