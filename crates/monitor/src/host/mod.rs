//! Machines and processes, once a second: this one from `/proc`, another from a node_exporter.
//!
//! Means of the measured window are made from the counters at its two ends; the largest is that of
//! its seconds. Memory is what its seconds showed.

mod cpu;
mod disk;
mod memory;
mod network;
pub(crate) mod node_exporter;
mod paging;
mod pressure;
mod process;
mod quota;
mod rates;
mod reading;
mod window;

pub(crate) use node_exporter::FarSeen;
pub use node_exporter::NodeExporter;
pub use process::LocalServer;
pub(crate) use process::backend_cpu;

use crate::timeline::{
    Outbox, Signal, Timeline, Watched, Woken, round, thread_cpu, wait, wait_for_begin,
};
use model::database_metrics::{Section, Unread};
use model::series::Line;
use model::system_metrics::{HostMetrics, HostSource, SystemMetrics};
use process::{Generator, Server};
use reading::Reading;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use window::{Known, Window};

/// What was seen of this machine.
pub(crate) struct Seen {
    pub(crate) metrics: SystemMetrics,
    /// CPU time that seeing it took.
    pub(crate) own_cpu: Option<Duration>,
}

/// Watches until the load has ended; none when it never began, or nobody wants to know.
pub(crate) fn watch(
    watched: &Watched,
    signals: &Receiver<Signal>,
    outbox: &Outbox,
) -> Option<Seen> {
    let timeline = Timeline::new(wait_for_begin(signals)?, watched);
    let mut machine = Machine::new(watched);
    machine.processes_second(false);
    follow(&mut machine, &timeline, signals, outbox)?;
    Some(Seen { metrics: machine.finish(&timeline, watched), own_cpu: thread_cpu() })
}

/// A machine that can be watched.
trait Watchable {
    /// One look.
    fn look(&mut self) -> Reading;

    fn window(&mut self) -> &mut Window;

    /// A second has ended, between these two looks.
    fn second(&mut self, timeline: &Timeline, looks: (&Reading, &Reading), outbox: &Outbox);

    /// The window has just begun or ended.
    fn bound(&mut self);
}

/// Follows a machine through the load; none when nobody wants to know any more.
fn follow(
    machine: &mut impl Watchable,
    timeline: &Timeline,
    signals: &Receiver<Signal>,
    outbox: &Outbox,
) -> Option<()> {
    let mut last = machine.look();
    let mut second = 1;
    loop {
        let ending = match wait(signals, machine.window().next_due(timeline, second)) {
            Woken::Due => false,
            Woken::Ended(_) => true,
            Woken::Abandoned => return None,
        };
        let now = machine.look();
        if ending || now.at >= timeline.begins + Duration::from_secs(second) {
            machine.second(timeline, (&last, &now), outbox);
            // A machine that could not let us look in time has a gap there.
            second = timeline.second(now.at) + 1;
            last = now.clone();
        }
        if machine.window().bound(timeline, now, ending).is_some() {
            machine.bound();
        }
        if ending {
            return Some(());
        }
    }
}

/// This machine, and what of it is ours or the server's.
struct Machine {
    is_generator: bool,
    device: Option<String>,
    cpu_quota: Option<f64>,
    window: Window,
    generator: Generator,
    server: Option<Server>,
}

impl Machine {
    fn new(watched: &Watched) -> Machine {
        let local = watched.local_server.as_ref();
        let data = local.and_then(|it| it.data_directory.as_deref());
        Machine {
            is_generator: watched.on_this_host != Some(true) || watched.node_exporter.is_some(),
            device: data.and_then(disk::device_of),
            cpu_quota: quota::of(local.map(|it| it.postmaster)),
            window: Window::default(),
            generator: Generator::default(),
            server: local.map(Server::new),
        }
    }

    /// Shares of one CPU in the second that has ended: ours, the server's.
    fn processes_second(&mut self, is_measured: bool) -> [Option<f64>; 2] {
        let server = self.server.as_mut().and_then(|it| it.second(is_measured));
        [self.generator.second(is_measured), server]
    }

    fn finish(self, timeline: &Timeline, watched: &Watched) -> SystemMetrics {
        let known = Known {
            source: HostSource::Proc,
            cpu_quota: self.cpu_quota,
            holds_data: self.device.is_some(),
        };
        let section = self.window.finish(timeline, &known);
        let seconds = |at: Instant| timeline.seconds(at);
        let cpus = self.window.cpus();
        let (server_host, generator_host) = hosts(watched, section);
        SystemMetrics {
            server_host,
            generator_host,
            generator_process: Some(self.generator.section(cpus, seconds)),
            server_processes: (watched.on_this_host == Some(true)).then(|| match &self.server {
                Some(server) => server.section(cpus, seconds),
                None => {
                    let why = "which processes of this machine are the server's is not known";
                    Section::unread(Unread::missing(why))
                }
            }),
        }
    }
}

impl Watchable for Machine {
    fn look(&mut self) -> Reading {
        Reading::of_this_machine(self.device.as_deref())
    }

    fn window(&mut self) -> &mut Window {
        &mut self.window
    }

    fn second(&mut self, timeline: &Timeline, (last, now): (&Reading, &Reading), outbox: &Outbox) {
        let is_measured = timeline.is_measured(last.at);
        let [generator, server] = self.processes_second(is_measured);
        let Some(between) = now.since(last) else { return };
        if is_measured {
            self.window.second(&between, now);
        }
        let cpus = now.cpu.as_ref().map_or(0, |cpu| cpu.cpus).max(1) as f64;
        let mut row = between.row(timeline.second_began_s(timeline.second(last.at)), now);
        row.generator = self.is_generator;
        row.generator_cpu_percent = generator.map(|percent| round(percent / cpus));
        row.server_cpu_percent = server.map(|percent| round(percent / cpus));
        outbox.send(Line::Host(row));
    }

    fn bound(&mut self) {
        self.generator.bound();
        self.server.iter_mut().for_each(Server::bound);
    }
}

/// The server's host and the generator's, of which `section` is this machine.
fn hosts(
    watched: &Watched,
    section: Section<HostMetrics>,
) -> (Section<HostMetrics>, Option<Section<HostMetrics>>) {
    if watched.node_exporter.is_some() {
        // The server's host is what that tells: see who joins the threads.
        return (Section::default(), Some(section));
    }
    if watched.on_this_host == Some(true) {
        return (section, None);
    }
    let reason = match watched.on_this_host {
        None => "which host the server is on, behind a pooler, is not known".to_owned(),
        Some(_) => format!(
            "the server is on another host ({}), whose CPU and memory can't be read from here: \
             --node-exporter names one that tells them",
            watched.settings.host
        ),
    };
    (Section::unread(Unread::missing(reason)), Some(section))
}
