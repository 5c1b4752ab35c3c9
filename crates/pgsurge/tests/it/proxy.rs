//! A proxy on loopback that stands between pgsurge and a server, and spoils what they say to each
//! other: the one way to make a real server's answer get lost at a moment of the test's choosing.
//!
//! It knows as much of the protocol as that takes: where a message ends, and what says COMMIT.

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

/// What the proxy does to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// Hands everything on.
    None,
    /// Cuts the connection around every fourth commit: in turn when the server has committed and
    /// before it hears of it. The client can't tell which.
    CutAtCommit,
    /// Cuts the connection at every fourth commit, which the server has got and is still at.
    CutDuringCommit,
    /// Resets the connection (RST) in the middle of every twentieth row.
    ResetInRow,
    /// Hands answers on one byte at a time.
    OneByteAtATime,
}

/// A proxy before one server; it stops with this value.
pub struct Proxy {
    url: String,
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    trick: Mutex<Trick>,
    /// Commits or rows seen while the trick was on.
    seen: AtomicU64,
    /// Connections cut by it.
    cut: AtomicU64,
    stopped: AtomicBool,
}

impl Proxy {
    /// A proxy before the server of this URL.
    pub fn before(url: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (before, rest) = url.split_once("127.0.0.1:").unwrap();
        let (server_port, database) = rest.split_once('/').unwrap();
        let shared = Arc::new(Shared {
            server: format!("127.0.0.1:{server_port}"),
            trick: Mutex::new(Trick::None),
            seen: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        });
        let accepting = shared.clone();
        spawn(move || {
            for client in listener.incoming() {
                if accepting.stopped.load(SeqCst) {
                    return;
                }
                accepting.connect(client.unwrap());
            }
        });
        Proxy { url: format!("{before}127.0.0.1:{port}/{database}"), port, shared }
    }

    /// Where to connect.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Does this from now on.
    pub fn play(&self, trick: Trick) {
        *self.shared.trick.lock().unwrap() = trick;
    }

    /// How many connections it has cut.
    pub fn cut(&self) -> u64 {
        self.shared.cut.load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, SeqCst);
        // Wakes the listener; where it is gone already there is nothing to wake.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn connect(self: &Arc<Shared>, client: TcpStream) {
        // A server that is not there is a client that is hung up on.
        let Ok(server) = TcpStream::connect(&self.server) else { return };
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let talk = Arc::new(Conversation {
            shared: self.clone(),
            client,
            server,
            is_mute: AtomicBool::new(false),
            is_reset: AtomicBool::new(false),
        });
        let there = talk.clone();
        spawn(move || there.requests());
        spawn(move || talk.answers());
    }

    fn trick(&self) -> Trick {
        *self.trick.lock().unwrap()
    }
}

/// What happens to the commit that a conversation is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    After,
    During,
    Before,
}

struct Conversation {
    shared: Arc<Shared>,
    client: TcpStream,
    server: TcpStream,
    /// Answers go nowhere any more.
    is_mute: AtomicBool,
    /// A reset is under way, which a FIN would spoil.
    is_reset: AtomicBool,
}

impl Conversation {
    /// From the client to the server.
    fn requests(&self) {
        let mut messages = Messages::of_client();
        while let Some(message) = messages.next(&self.client) {
            let cut = if is_commit(&message) { self.cut_now() } else { None };
            match cut {
                Some(Cut::After) => {
                    let commit = messages.until_sync(message, &self.client);
                    return self.commit_unheard(&commit);
                }
                Some(Cut::During) => {
                    let commit = messages.until_sync(message, &self.client);
                    let _client = self.client.shutdown(Shutdown::Both);
                    return self.commit_unheard(&commit);
                }
                Some(Cut::Before) => break,
                None => {}
            }
            if (&self.server).write_all(&message).is_err() {
                break;
            }
        }
        self.hang_up();
    }

    /// Lets the server commit, and waits until it has; the client hears nothing of it.
    fn commit_unheard(&self, commit: &[u8]) {
        self.is_mute.store(true, SeqCst);
        // A server that has gone already has not committed, which is as good.
        let _sent = (&self.server).write_all(commit);
        // It ends the session when it has done what it was sent, and then `answers` hangs up.
        let _all = self.server.shutdown(Shutdown::Write);
    }

    /// From the server to the client.
    fn answers(&self) {
        let mut messages = Messages::of_server();
        while let Some(message) = messages.next(&self.server) {
            if self.is_mute.load(SeqCst) {
                continue;
            }
            let trick = self.shared.trick();
            if trick == Trick::ResetInRow && message[0] == b'D' && self.is_turn(20) {
                let _sent = (&self.client).write_all(&message[..message.len() / 2]);
                return self.reset();
            }
            let step = if trick == Trick::OneByteAtATime { 1 } else { message.len() };
            if message.chunks(step).any(|part| (&self.client).write_all(part).is_err()) {
                break;
            }
        }
        self.hang_up();
    }

    /// Every so many times it is time for the trick.
    fn is_turn(&self, every: u64) -> bool {
        let turn = (self.shared.seen.fetch_add(1, SeqCst) + 1).is_multiple_of(every);
        self.shared.cut.fetch_add(u64::from(turn), SeqCst);
        turn
    }

    fn cut_now(&self) -> Option<Cut> {
        let trick = self.shared.trick();
        if !matches!(trick, Trick::CutAtCommit | Trick::CutDuringCommit) || !self.is_turn(4) {
            return None;
        }
        if trick == Trick::CutDuringCommit {
            return Some(Cut::During);
        }
        let is_even = self.shared.cut.load(SeqCst).is_multiple_of(2);
        Some(if is_even { Cut::After } else { Cut::Before })
    }

    fn hang_up(&self) {
        // One that has gone already is as good.
        if !self.is_reset.load(SeqCst) {
            let _client = self.client.shutdown(Shutdown::Both);
        }
        let _server = self.server.shutdown(Shutdown::Both);
    }

    /// Ends the client's connection with RST: closed with a linger of zero, and no FIN before it.
    fn reset(&self) {
        let at_once = linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&self.client, sockopt::Linger, &at_once).unwrap();
        self.is_reset.store(true, SeqCst);
        // Wakes the other direction, so that nobody holds the socket any more.
        let _client = self.client.shutdown(Shutdown::Read);
        let _server = self.server.shutdown(Shutdown::Both);
    }
}

/// Cuts a stream into messages: a letter, a length that counts itself, and so many bytes.
struct Messages {
    bytes: Vec<u8>,
    /// Whether the next one has no letter: a client's first.
    is_start: bool,
}

impl Messages {
    fn of_client() -> Messages {
        Messages { bytes: Vec::new(), is_start: true }
    }

    fn of_server() -> Messages {
        Messages { bytes: Vec::new(), is_start: false }
    }

    /// The next message; none at the end of the stream.
    fn next(&mut self, from: &TcpStream) -> Option<Vec<u8>> {
        loop {
            if let Some(length) = self.next_length() {
                self.is_start = false;
                return Some(self.bytes.drain(..length).collect());
            }
            let mut part = [0; 64 * 1024];
            let read = (&mut &*from).read(&mut part).unwrap_or(0);
            if read == 0 {
                return None;
            }
            self.bytes.extend_from_slice(&part[..read]);
        }
    }

    /// How long the next message is, where all of it is there.
    fn next_length(&self) -> Option<usize> {
        let letter = usize::from(!self.is_start);
        let length = self.bytes.get(letter..letter + 4)?.try_into().unwrap();
        let length = letter + u32::from_be_bytes(length) as usize;
        (self.bytes.len() >= length).then_some(length)
    }

    /// A message with all that follows it up to the end of the batch.
    fn until_sync(&mut self, mut message: Vec<u8>, from: &TcpStream) -> Vec<u8> {
        while let Some(next) = self.next(from) {
            message.extend_from_slice(&next);
            if next[0] == b'S' {
                break;
            }
        }
        message
    }
}

/// Whether this message begins a commit: pgsurge never keeps those prepared.
fn is_commit(message: &[u8]) -> bool {
    let mut texts = message.get(5..).unwrap_or_default().split(|byte| *byte == 0);
    let sql = texts.nth(1).unwrap_or_default();
    message[0] == b'P' && (sql == b"COMMIT" || sql == b"END")
}
