//! The measured window of one machine as it goes by: means from the counters at its two ends, the
//! largest from its seconds.

use super::cpu::Shares;
use super::disk::{self, AllRates};
use super::network::NetworkRates;
use super::pressure::{self, StallRates};
use super::rates::{Gauge, Rates, larger, mean_max};
use super::reading::{Between, Reading};
use crate::timeline::Timeline;
use model::database_metrics::{MeanMax, Section, Status, Unread};
use model::system_metrics::{DiskMetrics, HostMetrics, HostSource, NetworkMetrics, Pressure};
use std::time::{Duration, Instant};

/// See the module.
#[derive(Default)]
pub(super) struct Window {
    began: Option<Reading>,
    ended: Option<Reading>,
    is_over: bool,
    shares: Shares,
    swap: Rates<2>,
    disks: AllRates,
    network: NetworkRates,
    stalls: StallRates,
    run_queue: Gauge,
    load_average: Gauge,
    memory: Gauge,
    trouble: Option<String>,
}

/// What only who watches knows of a machine.
pub(super) struct Known {
    pub(super) source: HostSource,
    pub(super) cpu_quota: Option<f64>,
    /// Whether its only disk is the one with the server's data.
    pub(super) holds_data: bool,
}

/// Which end of the window a look was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Began,
    Ended,
}

impl Window {
    /// When to look next: at the end of the second, or earlier where the window begins or ends.
    pub(super) fn next_due(&self, timeline: &Timeline, second: u64) -> Instant {
        let due = timeline.begins + Duration::from_secs(second);
        match (&self.began, self.is_over) {
            // A machine that did not answer when it was time is asked with every second.
            (None, false) if self.trouble.is_none() => due.min(timeline.measuring),
            (Some(_), false) => due.min(timeline.planned_end),
            _ => due,
        }
    }

    /// A second of the window.
    pub(super) fn second(&mut self, between: &Between, now: &Reading) {
        self.shares = self.shares.max(&between.shares);
        self.swap = larger(self.swap, between.swap);
        disk::most(&mut self.disks, between.disks.clone());
        self.network = between.network.map_or(self.network, |it| self.network.max(&it));
        self.stalls = between.stalls.map_or(self.stalls, |it| larger(self.stalls, it));
        now.run_queue().into_iter().for_each(|running| self.run_queue.add(running));
        now.load_average.into_iter().for_each(|load| self.load_average.add(load));
        now.memory_percent().into_iter().for_each(|used| self.memory.add(used));
    }

    /// Takes the readings at the window's two ends, and says which of them this one was. Where a
    /// machine does not answer in time, the window begins later or ends earlier, and says so.
    pub(super) fn bound(
        &mut self,
        timeline: &Timeline,
        now: Reading,
        ending: bool,
    ) -> Option<Bound> {
        if self.is_over || now.at < timeline.measuring {
            return None;
        }
        self.is_over = ending || now.at >= timeline.planned_end;
        let is_first = self.began.is_none();
        match &now.cpu {
            Ok(_) if is_first => self.began = Some(now),
            Ok(_) => self.ended = Some(now),
            Err(why) => self.trouble = Some(why.clone()),
        }
        match (is_first && self.began.is_some(), self.is_over) {
            (true, _) => Some(Bound::Began),
            (false, true) => Some(Bound::Ended),
            (false, false) => None,
        }
    }

    /// CPUs of the machine, as the last look saw them.
    pub(super) fn cpus(&self) -> Option<u64> {
        let last = self.ended.as_ref().or(self.began.as_ref())?;
        last.cpu.as_ref().ok().map(|cpu| cpu.cpus)
    }

    pub(super) fn finish(&self, timeline: &Timeline, known: &Known) -> Section<HostMetrics> {
        let (Some(began), Some(ended)) = (&self.began, &self.ended) else {
            let why = "the load ended before measuring began".to_owned();
            return Section::unread(Unread::missing(self.trouble.clone().unwrap_or(why)));
        };
        let (Some(mean), Some(cpus)) = (ended.since(began), self.cpus()) else {
            let why = "the measured time was too short for the system's own counters";
            return Section::unread(Unread::missing(why));
        };
        let most = self.shares.max(&mean.shares);
        let of = |part: fn(&Shares) -> f64| MeanMax { mean: part(&mean.shares), max: part(&most) };
        let [swap_in_pages_per_s, swap_out_pages_per_s] = mean_max(mean.swap, self.swap);
        let once = |value: Option<f64>| value.map(|value| MeanMax { mean: value, max: value });
        let metrics = HostMetrics {
            source: known.source,
            cpus,
            cpu_quota: known.cpu_quota,
            cpu_usage_percent: of(|shares| shares.used),
            cpu_user_percent: of(|shares| shares.user),
            cpu_system_percent: of(|shares| shares.system),
            cpu_iowait_percent: of(|shares| shares.iowait),
            cpu_steal_percent: of(|shares| shares.steal),
            run_queue: self.run_queue.seen(),
            // A window shorter than a second has no second of its own.
            load_average_1m: self.load_average.seen().or_else(|| once(ended.load_average)),
            memory_usage_percent: self.memory.seen().or_else(|| once(ended.memory_percent())),
            memory_bytes: ended.memory.map(|memory| memory.total_bytes),
            swap_in_pages_per_s,
            swap_out_pages_per_s,
            disk: self.disk(ended, &mean, known),
            network: self.network(began, ended, &mean),
            pressure: self.pressure(ended, &mean),
        };
        Section::read(metrics, (timeline.seconds(began.at), timeline.seconds(ended.at)))
    }

    fn disk(&self, ended: &Reading, mean: &Between, known: &Known) -> Section<DiskMetrics> {
        let devices = disk::loads(&mean.disks, &self.disks);
        match (&ended.disks, devices.is_empty()) {
            (Err(why), _) => missing(why.clone()),
            (_, true) => missing("no disk was there at both ends of the window"),
            _ => there(DiskMetrics { holds_data: known.holds_data, devices }),
        }
    }

    fn network(&self, began: &Reading, ended: &Reading, mean: &Between) -> Section<NetworkMetrics> {
        match (&began.network, &ended.network, &mean.network) {
            (Ok(then), Ok(now), Some(mean)) => {
                let (all, loopback) = now.loads(then, mean, &self.network);
                there(NetworkMetrics { all, loopback })
            }
            (Err(why), ..) | (_, Err(why), _) => missing(why.clone()),
            (_, _, None) => missing("no interface was there at both ends of the window"),
        }
    }

    fn pressure(&self, ended: &Reading, mean: &Between) -> Section<Pressure> {
        match (&ended.pressure, mean.stalls) {
            (Err(why), _) => missing(why.clone()),
            (_, None) => missing("the kernel did not tell its pressure when measuring began"),
            (_, Some(means)) => pressure::told(means, self.stalls).map_or_else(missing, there),
        }
    }
}

/// A part of a machine; its window is the machine's.
fn there<T>(data: T) -> Section<T> {
    Section { status: Status::Ok, data: Some(data), ..Section::default() }
}

fn missing<T>(why: impl Into<String>) -> Section<T> {
    Section::unread(Unread::missing(why))
}
