//! When things happen: the run's clock as the monitor's threads see it.

use crate::host::{LocalServer, NodeExporter};
use crate::pooler::PoolerConsole;
use model::database_metrics::{MeanMax, Unread};
use model::run_result::StagePlan;
use model::series::Line;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};
use wire::blocking::Stop;
use wire::settings::Settings;
use wire::tls::Tls;

/// What is watched, and for how long.
#[derive(Clone)]
pub struct Watched {
    /// How to reach the server; the application name is the monitor's own.
    pub settings: Arc<Settings>,
    /// How to encrypt, where that is asked for.
    pub tls: Option<Arc<Tls>>,
    /// Whether the server shares this machine, where anybody knows: else its CPU and memory are
    /// unknown.
    pub on_this_host: Option<bool>,
    /// Its processes, where it shares this machine and they can be told.
    pub local_server: Option<LocalServer>,
    /// Who tells of its host instead, from there.
    pub node_exporter: Option<NodeExporter>,
    /// Whether a pooler of any kind may stand in front of it.
    pub is_behind_pooler: bool,
    /// The console of the PgBouncer in front of it, where there is one, or why it can't be asked.
    pub pooler: Option<Result<PoolerConsole, Unread>>,
    /// The stages of the measured time; none where its load does not change.
    pub stages: Vec<StagePlan>,
    /// Load before the measured time.
    pub warm_up: Duration,
    /// The measured time.
    pub duration: Duration,
    /// Ends the monitor's calls at once.
    pub stop: Stop,
}

/// What the run tells the monitor's threads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    /// The first action may start at this moment.
    Begins(Instant),
    /// The load ended at this moment.
    Ends(Instant),
}

/// The moments of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// The load begins.
    pub(crate) begins: Instant,
    /// Measuring begins; times count from here.
    pub(crate) measuring: Instant,
    /// The measured time ends, if nobody ends it earlier.
    pub(crate) planned_end: Instant,
}

impl Timeline {
    pub(crate) fn new(begins: Instant, watched: &Watched) -> Timeline {
        let measuring = begins + watched.warm_up;
        Timeline { begins, measuring, planned_end: measuring + watched.duration }
    }

    /// A moment as seconds since measuring began; negative before.
    pub(crate) fn seconds(&self, at: Instant) -> f64 {
        let after = at.saturating_duration_since(self.measuring).as_secs_f64();
        round(after - self.measuring.saturating_duration_since(at).as_secs_f64())
    }

    /// Whether a moment lies in the measured time.
    pub(crate) fn is_measured(&self, at: Instant) -> bool {
        self.measuring <= at && at < self.planned_end
    }

    /// The second of the run that a moment lies in.
    pub(crate) fn second(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.begins).as_secs()
    }

    /// When a second of the run began, in seconds since measuring began.
    pub(crate) fn second_began_s(&self, second: u64) -> f64 {
        self.seconds(self.begins + Duration::from_secs(second))
    }
}

/// Three decimals: ms for seconds. Nothing is nought: Rust's sum of nothing is minus nought, which
/// would be told as "-0".
pub(crate) fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0 + 0.0
}

/// What came while a thread waited.
pub(crate) enum Woken {
    /// The time has come.
    Due,
    /// The load has ended.
    Ended(Instant),
    /// Nobody wants to know any more.
    Abandoned,
}

/// Waits for the end of the load, at most until `due`.
pub(crate) fn wait(signals: &Receiver<Signal>, due: Instant) -> Woken {
    loop {
        match signals.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(Signal::Ends(at)) => return Woken::Ended(at),
            Ok(Signal::Begins(_)) => {}
            Err(RecvTimeoutError::Timeout) => return Woken::Due,
            Err(RecvTimeoutError::Disconnected) => return Woken::Abandoned,
        }
    }
}

/// Waits for the load to begin; none when it never will.
pub(crate) fn wait_for_begin(signals: &Receiver<Signal>) -> Option<Instant> {
    match signals.recv() {
        Ok(Signal::Begins(at)) => Some(at),
        Ok(Signal::Ends(_)) | Err(_) => None,
    }
}

/// Where lines for the record go. It never waits.
#[derive(Clone)]
pub(crate) struct Outbox {
    lines: SyncSender<Line>,
    lost: Arc<AtomicU64>,
}

impl Outbox {
    pub(crate) fn new(lines: SyncSender<Line>) -> Outbox {
        Outbox { lines, lost: Arc::default() }
    }

    pub(crate) fn send(&self, line: Line) {
        if self.lines.try_send(line).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lines that found no room.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// CPU time of the calling thread; none where the system does not say.
pub(crate) fn thread_cpu() -> Option<Duration> {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).ok().map(Duration::from)
}

/// The mean of a sum over samples, and the largest of them.
pub(crate) fn mean_max(sum: f64, max: f64, samples: u64) -> MeanMax {
    MeanMax { mean: round(sum / samples.max(1) as f64), max: round(max) }
}
