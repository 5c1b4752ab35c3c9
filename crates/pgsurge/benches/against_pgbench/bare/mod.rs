//! The bare loop: pgbench's select-only queries over a poller, and nothing else. No clock per
//! query, no histogram, no errors survived, no reconnects: what is left when everything that a
//! load tester is for has been taken away. A yardstick for the whole program.

mod connection;
mod epoll;
#[cfg(target_os = "linux")]
mod uring;

use connection::Connection;
use std::io;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// The first argument of a process that is a bare loop.
pub const WORD: &str = "bare";

/// What a bare loop is told.
pub struct Arguments {
    /// `epoll` or `io_uring`.
    pub poller: String,
    /// Host and port.
    pub address: String,
    /// The role; it needs no password.
    pub user: String,
    /// The database with pgbench's tables.
    pub database: String,
    /// Connections of all threads.
    pub connections: u32,
    /// Threads.
    pub threads: u32,
    /// How long.
    pub seconds: u64,
}

impl Arguments {
    /// As the process is started.
    pub fn to_command_line(&self) -> Vec<String> {
        vec![
            WORD.to_owned(),
            self.poller.clone(),
            self.address.clone(),
            self.user.clone(),
            self.database.clone(),
            self.connections.to_string(),
            self.threads.to_string(),
            self.seconds.to_string(),
        ]
    }

    fn read(line: &[String]) -> Option<Arguments> {
        let [_, poller, address, user, database, connections, threads, seconds] = line else {
            return None;
        };
        Some(Arguments {
            poller: poller.clone(),
            address: address.clone(),
            user: user.clone(),
            database: database.clone(),
            connections: connections.parse().ok()?,
            threads: threads.parse().ok()?,
            seconds: seconds.parse().ok()?,
        })
    }
}

/// The whole process: what it counted, for standard output.
pub fn main(line: &[String]) -> Result<String, String> {
    let arguments = Arguments::read(line).ok_or("a bare loop is started by the benchmark only")?;
    let barrier = Barrier::new(arguments.threads as usize);
    let failed = |error: io::Error| format!("the bare loop failed: {error}");
    let counts = std::thread::scope(|scope| {
        let share = |thread: u32| {
            let upto = |thread| thread * arguments.connections / arguments.threads;
            upto(thread)..upto(thread + 1)
        };
        let (arguments, barrier) = (&arguments, &barrier);
        let threads: Vec<_> = (0..arguments.threads)
            .map(|thread| scope.spawn(move || run(arguments, share(thread), barrier)))
            .collect();
        let joined = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))
        });
        joined.collect::<io::Result<Vec<(u64, f64)>>>()
    });
    let counts = counts.map_err(failed)?;
    let count: u64 = counts.iter().map(|(count, _)| count).sum();
    let per_s: f64 = counts.iter().map(|(count, elapsed_s)| *count as f64 / elapsed_s).sum();
    Ok(format!("count={count} per_s={per_s:.1}"))
}

/// One thread: queries answered, and in how many seconds.
fn run(
    arguments: &Arguments,
    clients: std::ops::Range<u32>,
    barrier: &Barrier,
) -> io::Result<(u64, f64)> {
    let connections: io::Result<Vec<Connection>> =
        clients.map(|client| Connection::open(arguments, u64::from(client) * 7_919)).collect();
    barrier.wait();
    let began = Instant::now();
    let end = began + Duration::from_secs(arguments.seconds);
    let count = match arguments.poller.as_str() {
        "epoll" => epoll::run(connections?, end)?,
        #[cfg(target_os = "linux")]
        "io_uring" => uring::run(connections?, end)?,
        other => return Err(io::Error::other(format!("no {other} on this system"))),
    };
    Ok((count, began.elapsed().as_secs_f64()))
}
