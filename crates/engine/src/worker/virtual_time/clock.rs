//! The scripted world's time: a poller that is its own clock and its own server. What the server
//! answers is the script's.

use super::world::{MS, Reply, Script};
use crate::backend::Address;
use crate::poller::{Earlier, Happened, Inbox, OwnTime, Poller, Queued};
use bytes::BytesMut;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

/// When, in which order, to which client, to which of its sockets, and the bytes; none hangs up.
type Coming = (u64, u64, usize, u64, Option<Vec<u8>>);

/// What a turn takes at least, ns: so little that no time of a test depends on it.
const TURN: u64 = 1000;

/// A poller that is its own clock and its own server.
pub(super) struct Virtual {
    now: u64,
    script: Script,
    generations: Vec<u64>,
    coming: BinaryHeap<Reverse<Coming>>,
    sequence: u64,
}

impl Virtual {
    /// At time 0, with nothing under way.
    pub(super) fn new(clients: usize, script: Script) -> Virtual {
        Virtual {
            now: 0,
            script,
            generations: vec![0; clients],
            coming: BinaryHeap::new(),
            sequence: 0,
        }
    }

    fn later(&mut self, client: usize, delay: u64, bytes: Option<Vec<u8>>) {
        self.sequence += 1;
        let generation = self.generations[client];
        self.coming.push(Reverse((self.now + delay, self.sequence, client, generation, bytes)));
    }
}

impl Poller for Virtual {
    const SENDS_AT_WAIT: bool = true;

    fn now_ns(&self) -> u64 {
        self.now
    }

    /// A tenth of all time on the CPU, a fifth waiting for it, a run for each ms.
    fn own_time(&self) -> OwnTime {
        let us = self.now / 1000;
        OwnTime { cpu_us: us / 10, run_queue: Some(Queued { wait_us: us / 5, runs: us / 1000 }) }
    }

    fn inbox_bytes(&self) -> usize {
        64
    }

    fn connect(&mut self, client: usize, _address: &Address) -> io::Result<()> {
        if matches!((self.script)(self.now), Reply::Hangup) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        self.later(client, 0, Some(Vec::new()));
        Ok(())
    }

    fn send(&mut self, client: usize, bytes: &mut BytesMut, _earlier: Earlier) {
        let is_handshake = bytes.as_ref() == b"?";
        bytes.clear();
        if is_handshake {
            return self.later(client, MS / 10, Some(b"!".to_vec()));
        }
        match (self.script)(self.now) {
            Reply::After(delay) => self.later(client, delay, Some(b"yes".to_vec())),
            Reply::Error(code) => self.later(client, MS, Some(code.to_vec())),
            Reply::Hangup => self.later(client, MS, None),
            Reply::Never => {}
        }
    }

    fn close(&mut self, client: usize) {
        self.generations[client] += 1;
    }

    fn wait(&mut self, until_ns: u64) -> io::Result<()> {
        let next = self.coming.peek().map_or(u64::MAX, |Reverse((at, ..))| *at);
        let woken = until_ns.min(next);
        self.now = match next <= self.now {
            true => self.now,
            // Time passes in a turn that waits for nothing, as it does for a real clock.
            false => woken.max(self.now + TURN),
        };
        Ok(())
    }

    fn next(&mut self, inbox: &mut Inbox) -> Option<(usize, Happened)> {
        loop {
            if self.coming.peek().is_none_or(|Reverse((at, ..))| *at > self.now) {
                return None;
            }
            let Reverse((_, _, client, generation, bytes)) = self.coming.pop()?;
            if self.generations[client] != generation {
                continue;
            }
            return Some((
                client,
                match bytes {
                    None => Happened::Closed(io::ErrorKind::UnexpectedEof.into()),
                    Some(bytes) if bytes.is_empty() => Happened::Connected,
                    Some(bytes) => {
                        inbox.fill(&bytes);
                        Happened::Received
                    }
                },
            ));
        }
    }
}
