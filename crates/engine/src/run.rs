//! Runs one load: threads, the common start, the books, the end.

use crate::backend::Backend;
use crate::collector::{Collector, Observer};
use crate::gate::{Arrival, Gate};
use crate::pace::{Lane, ranks};
use crate::player::Player;
use crate::poller::{Epoll, Poller, Uring, choose};
use crate::recorder::Batch;
use crate::settings::{Control, Load};
use crate::worker::{AnswerOf, Parts, RequestOf, Worker};
use model::catalog::Catalog;
use model::failure::Failure;
use model::measured::Measured;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many batches of all threads may wait for the coordinator before intervals are joined.
const OUTBOX_BATCHES: usize = 16;
/// A finished run.
#[derive(Debug)]
pub struct Finished<P> {
    /// What was counted.
    pub measured: Measured,
    /// The players in the order of their clients, with what they remember.
    pub players: Vec<P>,
}

/// Why there was no run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system gives us no poller.
    #[error("cannot set up {what}: {source}")]
    Poller {
        /// Which.
        what: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// Not one connection could be opened.
    #[error("cannot open a connection: {}", .0.message)]
    Unreachable(Failure),
    /// The run was stopped before it began.
    #[error("stopped before the load began")]
    Stopped,
    /// A load thread panicked: a fault of ours.
    #[error("a load thread panicked")]
    Panicked,
}

/// What the threads and the coordinator share: nothing that is touched while load runs.
struct Start {
    gate: Gate,
    usable: AtomicU64,
    first_failure: Mutex<Option<Failure>>,
    origin: Instant,
}

/// Runs `load` with one player per client and tells `observer` each second.
///
/// # Errors
/// See [`Error`]; a run that began always gives a result.
pub fn run<B, P>(
    backend: &B,
    players: Vec<P>,
    catalog: &Catalog,
    load: &Load,
    (control, observer): (&Control, &mut dyn Observer),
) -> Result<Finished<P>, Error>
where
    B: Backend,
    P: Player<Request = RequestOf<B>, Answer = AnswerOf<B>>,
{
    let (is_ring, poller) =
        choose(load.poller).map_err(|source| Error::Poller { what: "io_uring", source })?;
    let start = Start {
        gate: Gate::default(),
        usable: AtomicU64::new(0),
        first_failure: Mutex::new(None),
        origin: Instant::now(),
    };
    let (outbox, inbox) = mpsc::sync_channel(OUTBOX_BATCHES);
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for (thread, share) in shares(players, load).into_iter().enumerate() {
            let outbox = outbox.clone();
            let Share { lane, ranks, players } = share;
            let parts =
                Parts { thread, backend, load, control, catalog, lane, ranks, players, outbox };
            let start = &start;
            let body = move || run_thread(parts, is_ring, start);
            let builder = std::thread::Builder::new().name(format!("load-{thread}"));
            match builder.spawn_scoped(scope, body) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    // Those that wait at the gate must not wait for one that never comes.
                    start.gate.call_off();
                    return Err(thread_failure(error));
                }
            }
        }
        drop(outbox);
        let measured = coordinate(&start, &inbox, load, catalog, (control, observer));
        let mut players = Vec::new();
        for thread in threads {
            players.extend(thread.join().map_err(|_| Error::Panicked)??);
        }
        let mut measured = measured?;
        measured.poller = poller;
        Ok(Finished { measured, players })
    })
}

fn thread_failure(source: io::Error) -> Error {
    Error::Poller { what: "a load thread", source }
}

/// One thread's part of the clients.
struct Share<P> {
    lane: Lane,
    /// The number of each among all users.
    ranks: Vec<u64>,
    players: Vec<P>,
}

/// Deals the players to the threads: each gets neighbours, as evenly as can be.
fn shares<P>(players: Vec<P>, load: &Load) -> Vec<Share<P>> {
    let of = players.len();
    let threads = load.threads as usize;
    let mut players = players.into_iter();
    let mut shares = Vec::new();
    for thread in 0..threads {
        let (first, end) = (thread * of / threads, (thread + 1) * of / threads);
        let lane = Lane { first: first as u64, width: (end - first).max(1) as u64, of: of as u64 };
        let players = players.by_ref().take(end - first).collect();
        shares.push(Share { lane, ranks: Vec::new(), players });
    }
    let sizes: Vec<usize> = shares.iter().map(|share| share.players.len()).collect();
    for (share, ranks) in shares.iter_mut().zip(ranks(&sizes)) {
        share.ranks = ranks;
    }
    shares
}

fn run_thread<B, P>(parts: Parts<'_, B, P>, is_ring: bool, start: &Start) -> Result<Vec<P>, Error>
where
    B: Backend,
    P: Player<Request = RequestOf<B>, Answer = AnswerOf<B>>,
{
    let (clients, control) = (parts.players.len(), parts.control);
    // Whatever becomes of this thread, a panic too, the others hear of it.
    let _arrival = Arrival { gate: &start.gate, control };
    let poller = |what| move |source| Error::Poller { what, source };
    let outcome = if is_ring {
        Uring::new(clients, start.origin)
            .map_err(poller("io_uring"))
            .and_then(|poller| run_worker(parts, poller, start))
    } else {
        Epoll::new(clients, start.origin)
            .map_err(poller("epoll"))
            .and_then(|poller| run_worker(parts, poller, start))
    };
    if outcome.is_err() {
        // A run that lost a thread offers less than was asked for: the others end it now.
        control.stop();
    }
    outcome
}

fn run_worker<B, P, Q>(parts: Parts<'_, B, P>, poller: Q, start: &Start) -> Result<Vec<P>, Error>
where
    B: Backend,
    P: Player<Request = RequestOf<B>, Answer = AnswerOf<B>>,
    Q: Poller,
{
    let failed = |source| Error::Poller { what: "the event loop", source };
    let mut worker = Worker::new(parts, poller);
    let (usable, failure) = worker.open().map_err(failed)?;
    start.usable.fetch_add(usable as u64, Ordering::AcqRel);
    if let Some(failure) = failure {
        let mut first = start.first_failure.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(failure);
    }
    start.gate.arrive();
    if let Some(begin_ns) = start.gate.wait_for_begin() {
        worker.run(begin_ns).map_err(failed)?;
    }
    Ok(worker.finish())
}

/// Gives the common start, then merges until every thread has ended.
fn coordinate(
    start: &Start,
    inbox: &Receiver<Batch>,
    load: &Load,
    catalog: &Catalog,
    (control, observer): (&Control, &mut dyn Observer),
) -> Result<Measured, Error> {
    let all_came = start.gate.wait_for_all(load.threads as usize);
    let called_off = if !all_came {
        // The thread that failed says why when it is joined.
        Some(Error::Panicked)
    } else if control.is_stopping() {
        Some(Error::Stopped)
    } else if start.usable.load(Ordering::Acquire) == 0 {
        let first = start.first_failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        Some(first.map_or(Error::Panicked, Error::Unreachable))
    } else {
        None
    };
    let begin_ns = start.origin.elapsed().as_nanos() as u64 + 1_000_000;
    if let Some(error) = called_off {
        start.gate.call_off();
        // Threads that were called off still send their books: take them, nobody is to block.
        while inbox.recv().is_ok() {}
        return Err(error);
    }
    observer.begins(start.origin + Duration::from_nanos(begin_ns));
    start.gate.open(begin_ns);
    let mut collector = Collector::new(load, catalog, begin_ns);
    while !collector.is_done() {
        let Ok(batch) = inbox.recv() else { return Err(Error::Panicked) };
        collector.take(batch, observer);
    }
    Ok(collector.finish(control.is_stopping()))
}
