//! One connection of the bare loop: logged in without a password, one prepared select, its request
//! as bytes in which only the account's number changes.

use super::Arguments;
use std::io::{self, Read, Write};
use std::net::TcpStream;

/// Accounts at the benchmark's scale.
const ACCOUNTS: u64 = 1_000_000;
/// A step that has no divisor in common with them: every account comes before one comes twice.
const STEP: u64 = 618_033;
const SQL: &str = "SELECT abalance FROM pgbench_accounts WHERE aid = $1";
/// ReadyForQuery, whose last byte tells the state of the transaction.
const READY: [u8; 5] = [b'Z', 0, 0, 0, 5];
/// The whole answer takes about 60 bytes.
pub const ANSWER_BYTES: usize = 512;

/// A connection that is ready for queries.
pub struct Connection {
    /// Its socket.
    pub socket: TcpStream,
    /// Bind, Execute, Sync.
    pub request: Vec<u8>,
    account_at: usize,
    account: u64,
    /// What arrived of the answer.
    pub input: [u8; ANSWER_BYTES],
    /// How much of it.
    pub length: usize,
}

impl Connection {
    /// Connects and prepares.
    pub fn open(arguments: &Arguments, first_account: u64) -> io::Result<Connection> {
        let mut socket = TcpStream::connect(&arguments.address)?;
        socket.set_nodelay(true)?;
        let names = ["user", &arguments.user, "database", &arguments.database];
        let mut startup = 196_608_u32.to_be_bytes().to_vec();
        names.iter().for_each(|text| startup.extend(zero_ended(text)));
        startup.push(0);
        let length = (startup.len() as u32 + 4).to_be_bytes();
        socket.write_all(&[&length[..], &startup].concat())?;
        wait_until_ready(&mut socket)?;
        let parse = [&zero_ended("s1")[..], &zero_ended(SQL), &[0, 0]].concat();
        socket.write_all(&[message(b'P', &parse), message(b'S', &[])].concat())?;
        wait_until_ready(&mut socket)?;
        // Unnamed portal, statement, one binary parameter of 4 bytes, binary results.
        let bind = [&[0][..], &zero_ended("s1"), &[0, 1, 0, 1, 0, 1, 0, 0, 0, 4]].concat();
        let account_at = 5 + bind.len();
        let bind = [&bind[..], &[0; 4], &[0, 1, 0, 1]].concat();
        let parts = [message(b'B', &bind), message(b'E', &[0; 5]), message(b'S', &[])];
        Ok(Connection {
            socket,
            request: parts.concat(),
            account_at,
            account: first_account,
            input: [0; ANSWER_BYTES],
            length: 0,
        })
    }

    /// Chooses the next account.
    pub fn ask(&mut self) {
        self.account = (self.account + STEP) % ACCOUNTS;
        let account = (self.account as u32 + 1).to_be_bytes();
        self.request[self.account_at..self.account_at + 4].copy_from_slice(&account);
    }

    /// Takes `count` bytes that arrived; true when the answer is complete.
    ///
    /// # Errors
    /// The connection is closed, or it is no answer.
    pub fn take(&mut self, count: usize) -> io::Result<bool> {
        self.length += count;
        let answer = &self.input[..self.length];
        // BindComplete is first where all is well.
        if count == 0 || answer[0] != b'2' || self.length == ANSWER_BYTES {
            return Err(io::Error::other("the server closed the connection or gave an error"));
        }
        let is_ready = answer.len() > READY.len() && answer[..answer.len() - 1].ends_with(&READY);
        if is_ready {
            self.length = 0;
        }
        Ok(is_ready)
    }
}

fn zero_ended(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
}

fn wait_until_ready(socket: &mut TcpStream) -> io::Result<()> {
    loop {
        let mut head = [0_u8; 5];
        socket.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]).saturating_sub(4);
        let mut body = Vec::new();
        Read::take(&mut *socket, u64::from(length)).read_to_end(&mut body)?;
        match head[0] {
            b'Z' => return Ok(()),
            b'E' => return Err(io::Error::other(String::from_utf8_lossy(&body).into_owned())),
            b'R' if body != [0; 4] => return Err(io::Error::other("a password is asked for")),
            _ => {}
        }
    }
}
