//! The threads from start to end, and what they hand over.

use crate::host;
use crate::postgres;
use crate::timeline::{Outbox, Signal, Watched};
use model::database_metrics::{DatabaseMetrics, Unread};
use model::series::Line;
use model::system_metrics::SystemMetrics;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Lines that may wait for the record: a minute of both threads.
const OUTBOX_LINES: usize = 120;
/// How long the load waits for the first look at the server.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Monitored {
    /// Of the server.
    pub database: DatabaseMetrics,
    /// Of its host.
    pub system: SystemMetrics,
}

/// Watches a server and its host from now on.
pub struct Monitor {
    signals: Vec<Sender<Signal>>,
    lines: Receiver<Line>,
    outbox: Outbox,
    server: Option<JoinHandle<Option<postgres::Seen>>>,
    host: Option<JoinHandle<Option<host::Seen>>>,
}

impl Monitor {
    /// Begins to watch: returns when the server has been looked at for the first time, or when it
    /// is clear that it can't be, after 5 s at the latest. A server that can't be asked is no
    /// error: what was not seen says why.
    ///
    /// # Errors
    /// The system gives us no thread.
    pub fn start(watched: &Watched) -> std::io::Result<Monitor> {
        let (to_record, lines) = mpsc::sync_channel(OUTBOX_LINES);
        let outbox = Outbox::new(to_record);
        let (ready, is_ready) = mpsc::sync_channel(1);
        let (server_signal, server_signals) = mpsc::channel();
        let (host_signal, host_signals) = mpsc::channel();
        let mut monitor = Monitor {
            signals: vec![server_signal, host_signal],
            lines,
            outbox: outbox.clone(),
            server: None,
            host: None,
        };
        let (watch, out) = (watched.clone(), outbox.clone());
        let body = move || postgres::watch(&watch, &server_signals, &out, &ready);
        let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
        monitor.server = Some(named("monitor-server").spawn(body)?);
        let watch = watched.clone();
        let body = move || host::watch(&watch, &host_signals, &outbox);
        monitor.host = Some(named("monitor-host").spawn(body)?);
        // A thread that ended without a word has dropped its end.
        let _looked = is_ready.recv_timeout(FIRST_LOOK);
        Ok(monitor)
    }

    /// The load begins at `at`: from now on there is something to record.
    pub fn begins(&self, at: Instant) {
        self.tell(Signal::Begins(at));
    }

    /// What has been seen since the last time, for the record. Never waits.
    pub fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        self.lines.try_iter()
    }

    /// The load ended at `ended`. Waits until the server has told its last counters: 1.5 s at
    /// least, about 10 s at most. `record` takes the lines that are left.
    pub fn finish(mut self, ended: Instant, mut record: impl FnMut(Line)) -> Monitored {
        self.tell(Signal::Ends(ended));
        let host = self.host.take().and_then(|thread| thread.join().ok().flatten());
        let server = self.server.take().and_then(|thread| thread.join().ok().flatten());
        self.lines.try_iter().for_each(&mut record);
        let host_cpu = host.as_ref().and_then(|seen| seen.own_cpu);
        let system = host.map_or_else(SystemMetrics::default, |seen| seen.metrics);
        let database = match server {
            Some(seen) => seen.finish(host_cpu, self.outbox.lost()),
            None => postgres::nothing(&Unread::missing("the monitor's thread ended early")),
        };
        Monitored { database, system }
    }

    fn tell(&self, signal: Signal) {
        for thread in &self.signals {
            // A thread that has ended needs no signal; its join says what became of it.
            let _gone = thread.send(signal);
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        // Without anyone who could tell them more, the threads end; their calls have deadlines.
        self.signals.clear();
        let _host_ended = self.host.take().map(|thread| thread.join().map(drop));
        let _server_ended = self.server.take().map(|thread| thread.join().map(drop));
    }
}
