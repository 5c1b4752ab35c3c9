//! This machine's CPU and memory, once a second from `/proc`.
//!
//! Means of CPU use are those of the measured window, made from the counters at its two ends; the
//! largest is that of its seconds. Memory is what its seconds showed.

mod cpu;
mod memory;

use crate::timeline::{
    Outbox, Signal, Timeline, Watched, Woken, mean_max, round, thread_cpu, wait, wait_for_begin,
};
use cpu::{Cpu, Shares};
use memory::Memory;
use model::database_metrics::{MeanMax, Section, Unread};
use model::series::{HostRow, Line};
use model::system_metrics::{HostMetrics, SystemMetrics};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// What was seen of this machine.
pub(crate) struct Seen {
    pub(crate) metrics: SystemMetrics,
    /// CPU time that seeing it took.
    pub(crate) own_cpu: Option<Duration>,
}

/// CPUs of this machine; none where its system does not say.
pub(crate) fn cpus() -> Option<u64> {
    Cpu::read().ok().map(|cpu| cpu.cpus)
}

/// Watches until the load has ended; none when it never began, or nobody wants to know.
pub(crate) fn watch(
    watched: &Watched,
    signals: &Receiver<Signal>,
    outbox: &Outbox,
) -> Option<Seen> {
    let timeline = Timeline::new(wait_for_begin(signals)?, watched);
    let mut window = Window::default();
    let mut last = Reading::take();
    let mut second = 1;
    loop {
        let ending = match wait(signals, window.next_due(&timeline, second)) {
            Woken::Due => false,
            Woken::Ended(_) => true,
            Woken::Abandoned => return None,
        };
        let now = Reading::take();
        if ending || now.at >= timeline.begins + Duration::from_secs(second) {
            if let Some(shares) = now.shares_since(&last) {
                window.second(timeline.is_measured(last.at), &shares, &now);
                let row = now.row(&timeline, &last, &shares);
                outbox.send(Line::Host(HostRow {
                    generator: watched.on_this_host != Some(true),
                    ..row
                }));
            }
            // A machine that could not let us look in time has a gap there.
            second = timeline.second(now.at) + 1;
            last = now.clone();
        }
        window.bound(&timeline, now, ending);
        if ending {
            let section = window.finish(&timeline);
            return Some(Seen { metrics: metrics(watched, section), own_cpu: thread_cpu() });
        }
    }
}

fn metrics(watched: &Watched, section: Section<HostMetrics>) -> SystemMetrics {
    if watched.on_this_host == Some(true) {
        return SystemMetrics { server_host: section, generator_host: None };
    }
    let reason = match watched.on_this_host {
        None => "which host the server is on, behind a pooler, is not known".to_owned(),
        Some(_) => format!(
            "the server is on another host ({}), whose CPU and memory can't be read from here",
            watched.settings.host
        ),
    };
    let server_host = Section::unread(Unread::missing(reason));
    SystemMetrics { server_host, generator_host: Some(section) }
}

/// One look.
#[derive(Clone)]
struct Reading {
    at: Instant,
    cpu: Result<Cpu, String>,
    memory: Option<Memory>,
}

impl Reading {
    fn take() -> Reading {
        Reading { at: Instant::now(), cpu: Cpu::read(), memory: Memory::read() }
    }

    fn shares_since(&self, earlier: &Reading) -> Option<Shares> {
        self.cpu.as_ref().ok()?.since(earlier.cpu.as_ref().ok()?)
    }

    fn row(&self, timeline: &Timeline, last: &Reading, shares: &Shares) -> HostRow {
        HostRow {
            t: timeline.second_began_s(timeline.second(last.at)),
            length_s: round(self.at.saturating_duration_since(last.at).as_secs_f64()),
            generator: false,
            cpu_percent: shares.used,
            user_percent: shares.user,
            system_percent: shares.system,
            iowait_percent: shares.iowait,
            steal_percent: shares.steal,
            run_queue: self.run_queue(),
            memory_percent: self.memory.map(|memory| memory.used_percent()),
        }
    }

    fn run_queue(&self) -> Option<f64> {
        self.cpu.as_ref().ok()?.running.map(|running| running as f64)
    }
}

/// A sum and the largest.
#[derive(Clone, Copy, Default)]
struct Gauge {
    count: u64,
    sum: f64,
    max: f64,
}

impl Gauge {
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        self.max = self.max.max(value);
    }

    fn seen(&self) -> Option<MeanMax> {
        (self.count > 0).then(|| mean_max(self.sum, self.max, self.count))
    }
}

/// The measured window as it goes by.
#[derive(Default)]
struct Window {
    began: Option<Reading>,
    ended: Option<Reading>,
    most: Shares,
    run_queue: Gauge,
    memory: Gauge,
}

impl Window {
    /// When to look next: at the end of the second, or earlier where the window begins or ends.
    fn next_due(&self, timeline: &Timeline, second: u64) -> Instant {
        let due = timeline.begins + Duration::from_secs(second);
        match (&self.began, &self.ended) {
            (None, _) => due.min(timeline.measuring),
            (Some(_), None) => due.min(timeline.planned_end),
            (Some(_), Some(_)) => due,
        }
    }

    fn second(&mut self, is_measured: bool, shares: &Shares, now: &Reading) {
        if !is_measured {
            return;
        }
        self.most = self.most.max(shares);
        now.run_queue().into_iter().for_each(|running| self.run_queue.add(running));
        let memory = now.memory.map(|memory| memory.used_percent());
        memory.into_iter().for_each(|used| self.memory.add(used));
    }

    /// Takes the readings at the window's two ends.
    fn bound(&mut self, timeline: &Timeline, now: Reading, ending: bool) {
        if self.began.is_none() {
            if now.at >= timeline.measuring {
                self.began = Some(now);
            }
        } else if self.ended.is_none() && (ending || now.at >= timeline.planned_end) {
            self.ended = Some(now);
        }
    }

    fn finish(self, timeline: &Timeline) -> Section<HostMetrics> {
        let (Some(began), Some(ended)) = (&self.began, &self.ended) else {
            return Section::unread(Unread::missing("the load ended before measuring began"));
        };
        if let Err(why) = &ended.cpu {
            return Section::unread(Unread::missing(why.clone()));
        }
        let (Some(mean), Ok(cpu)) = (ended.shares_since(began), &ended.cpu) else {
            let why = "the measured time was too short for the system's own counters";
            return Section::unread(Unread::missing(why));
        };
        // A window shorter than a second has no second of its own.
        let most = self.most.max(&mean);
        let of = |part: fn(&Shares) -> f64| MeanMax { mean: part(&mean), max: part(&most) };
        let metrics = HostMetrics {
            cpus: cpu.cpus,
            cpu_usage_percent: of(|shares| shares.used),
            cpu_user_percent: of(|shares| shares.user),
            cpu_system_percent: of(|shares| shares.system),
            cpu_iowait_percent: of(|shares| shares.iowait),
            cpu_steal_percent: of(|shares| shares.steal),
            run_queue: self.run_queue.seen(),
            memory_usage_percent: self.memory.seen().or_else(|| {
                let used = ended.memory?.used_percent();
                Some(MeanMax { mean: used, max: used })
            }),
            memory_bytes: ended.memory.map(|memory| memory.total_bytes),
        };
        Section::read(metrics, (timeline.seconds(began.at), timeline.seconds(ended.at)))
    }
}
