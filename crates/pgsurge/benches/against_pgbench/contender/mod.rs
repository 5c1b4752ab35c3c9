//! Who is measured, one file each: how it is started and where its figures stand.

mod bare;
mod ours;
mod pgbench;
mod sysbench;

pub use ours::{OpenLoop, Verdicts};
pub use pgbench::make_tables;
pub use sysbench::make_table;

use crate::bench::Bench;
use crate::figures::Figures;
use std::fmt;

/// Threads of ours, of the bare loop and of the pgbench whose CPU time is compared.
pub const THREADS: u32 = 2;

/// What moves the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Poller {
    /// epoll.
    Epoll,
    /// io_uring.
    IoUring,
}

impl Poller {
    /// Both.
    pub const ALL: [Poller; 2] = [Poller::IoUring, Poller::Epoll];

    /// As `--poller` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Poller::Epoll => "epoll",
            Poller::IoUring => "io_uring",
        }
    }
}

/// A program that makes load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contender {
    /// `pgbench -M prepared -S -j N`.
    Pgbench(u32),
    /// `sysbench oltp_point_select`, a thread per connection.
    Sysbench,
    /// The bare loop: the same queries, nothing recorded.
    Bare(Poller),
    /// `pgsurge load --workload select-only`, the whole program.
    Ours(Poller),
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Contender::Pgbench(threads) => write!(f, "pgbench `-j {threads}`"),
            Contender::Sysbench => f.write_str("sysbench"),
            Contender::Bare(poller) => write!(f, "bare loop, {}", poller.name()),
            Contender::Ours(poller) => write!(f, "pgsurge, {}", poller.name()),
        }
    }
}

impl Contender {
    /// One closed-loop run.
    pub fn run(self, bench: &mut Bench, connections: u32) -> Result<Figures, String> {
        match self {
            Contender::Pgbench(threads) => pgbench::run(bench, connections, threads),
            Contender::Sysbench => sysbench::run(bench, connections),
            Contender::Bare(poller) => bare::run(bench, connections, poller),
            Contender::Ours(poller) => ours::run(bench, connections, poller),
        }
    }
}

/// How late an open-loop run began its transactions: median and 99th percentile, ms.
#[derive(Clone, Copy, Debug)]
pub struct Lag {
    /// Half of all were no later.
    pub p50_ms: f64,
    /// 99 % were no later.
    pub p99_ms: f64,
}

/// The schedule lag of pgbench at a rate.
pub fn pgbench_lag(bench: &Bench, open: OpenLoop) -> Result<Lag, String> {
    pgbench::lag(bench, open)
}

/// Wait and lateness of ours at a rate.
pub fn our_lag(bench: &mut Bench, open: OpenLoop, poller: Poller) -> Result<Lag, String> {
    ours::lag(bench, open, poller)
}
