//! The threads from start to end, and what they hand over.

use crate::host;
use crate::pooler;
use crate::postgres::{self, Whole};
use crate::timeline::{Outbox, Signal, Watched};
use model::database_metrics::{DatabaseMetrics, Section, Unread};
use model::series::Line;
use model::system_metrics::{HostMetrics, SystemMetrics};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Lines that may wait for the record: a minute of all threads.
const OUTBOX_LINES: usize = 240;
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
    far_host: Option<JoinHandle<Option<host::FarSeen>>>,
    pooler: Option<Result<JoinHandle<Option<pooler::Seen>>, Unread>>,
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
            far_host: None,
            pooler: None,
        };
        let (watch, out) = (watched.clone(), outbox.clone());
        let body = move || postgres::watch(&watch, &server_signals, &out, &ready);
        let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
        monitor.server = Some(named("monitor-server").spawn(body)?);
        let (watch, out) = (watched.clone(), outbox.clone());
        let body = move || host::watch(&watch, &host_signals, &out);
        monitor.host = Some(named("monitor-host").spawn(body)?);
        if let Some(exporter) = watched.node_exporter.clone() {
            let (signals, watch, out) = monitor.for_thread(watched);
            let body = move || host::node_exporter::watch((&exporter, &watch), &signals, &out);
            monitor.far_host = Some(named("monitor-far-host").spawn(body)?);
        }
        monitor.pooler = match watched.pooler.clone() {
            Some(Ok(pooler)) => {
                let (signals, watch, out) = monitor.for_thread(watched);
                let body = move || pooler::watch((&pooler, &watch), &signals, &out);
                Some(Ok(named("monitor-pooler").spawn(body)?))
            }
            Some(Err(unread)) => Some(Err(unread)),
            None => None,
        };
        // A thread that ended without a word has dropped its end.
        let _looked = is_ready.recv_timeout(FIRST_LOOK);
        Ok(monitor)
    }

    /// What one more thread needs.
    fn for_thread(&mut self, watched: &Watched) -> (Receiver<Signal>, Watched, Outbox) {
        let (signal, signals) = mpsc::channel();
        self.signals.push(signal);
        (signals, watched.clone(), self.outbox.clone())
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
        let mut cpu = vec![host.as_ref().and_then(|seen| seen.own_cpu)];
        let mut system = host.map_or_else(SystemMetrics::default, |seen| seen.metrics);
        if let Some(thread) = self.far_host.take() {
            let seen = thread.join().ok().flatten();
            cpu.push(seen.as_ref().and_then(|seen| seen.own_cpu));
            system.server_host =
                seen.map_or_else(|| Section::unread(ended_early()), |it| it.section);
        }
        let pooler = self.pooler.take().map(|pooler| match pooler {
            Ok(thread) => {
                let seen = thread.join().ok().flatten();
                cpu.push(seen.as_ref().and_then(|seen| seen.own_cpu));
                seen.map_or_else(|| Section::unread(ended_early()), |it| it.section)
            }
            Err(unread) => Section::unread(unread),
        });
        let server = self.server.take().and_then(|thread| thread.join().ok().flatten());
        self.lines.try_iter().for_each(&mut record);
        let server_cpus = system.server_host.data().map(HostMetrics::usable_cpus);
        let rows_lost = self.outbox.lost();
        let others_cpu = cpu.into_iter().sum();
        let database = match server {
            Some(seen) => seen.finish(&Whole { others_cpu, rows_lost, server_cpus }),
            None => postgres::nothing(&ended_early()),
        };
        Monitored { database: DatabaseMetrics { pooler, ..database }, system }
    }

    fn tell(&self, signal: Signal) {
        for thread in &self.signals {
            // A thread that has ended needs no signal; its join says what became of it.
            let _gone = thread.send(signal);
        }
    }
}

fn ended_early() -> Unread {
    Unread::missing("the monitor's thread ended early")
}

impl Drop for Monitor {
    fn drop(&mut self) {
        // Without anyone who could tell them more, the threads end; their calls have deadlines.
        self.signals.clear();
        if let Some(Ok(thread)) = self.pooler.take() {
            let _pooler_ended = thread.join().map(drop);
        }
        let _far_host_ended = self.far_host.take().map(|thread| thread.join().map(drop));
        let _host_ended = self.host.take().map(|thread| thread.join().map(drop));
        let _server_ended = self.server.take().map(|thread| thread.join().map(drop));
    }
}
