//! One look at a machine, and what came between two of them.

use super::cpu::{Cpu, Shares};
use super::disk::{self, AllRates, Disks};
use super::memory::Memory;
use super::network::{Network, NetworkRates};
use super::paging::{self, Swap};
use super::pressure::{StallRates, Stalls};
use super::rates::Rates;
use crate::timeline::round;
use model::series::HostRow;
use std::time::Instant;

/// One look. What can't be read says why, or is absent.
#[derive(Clone)]
pub(super) struct Reading {
    pub(super) at: Instant,
    pub(super) cpu: Result<Cpu, String>,
    pub(super) memory: Option<Memory>,
    pub(super) load_average: Option<f64>,
    pub(super) swap: Option<Swap>,
    pub(super) disks: Result<Disks, String>,
    pub(super) network: Result<Network, String>,
    pub(super) pressure: Result<Stalls, String>,
}

/// What came between two looks.
pub(super) struct Between {
    pub(super) seconds: f64,
    pub(super) shares: Shares,
    pub(super) swap: Rates<2>,
    pub(super) disks: AllRates,
    pub(super) network: Option<NetworkRates>,
    pub(super) stalls: Option<StallRates>,
}

impl Reading {
    /// This machine, and of its disks the one of that name.
    pub(super) fn of_this_machine(device: Option<&str>) -> Reading {
        Reading {
            at: Instant::now(),
            cpu: Cpu::read(),
            memory: Memory::read(),
            load_average: paging::load_average(),
            swap: Swap::read(),
            disks: disk::read(device),
            network: Network::read(),
            pressure: Stalls::read(),
        }
    }

    /// A look that saw nothing.
    pub(super) fn nothing(why: &str) -> Reading {
        Reading {
            at: Instant::now(),
            cpu: Err(why.to_owned()),
            memory: None,
            load_average: None,
            swap: None,
            disks: Err(why.to_owned()),
            network: Err(why.to_owned()),
            pressure: Err(why.to_owned()),
        }
    }

    /// What came since an earlier look; none where one of them saw nothing.
    pub(super) fn since(&self, earlier: &Reading) -> Option<Between> {
        let seconds = self.at.saturating_duration_since(earlier.at).as_secs_f64();
        if seconds <= 0.0 {
            return None;
        }
        let both = |now: &Swap, then: &Swap| now.since(then, seconds);
        let disks = self.disks.as_ref().ok().zip(earlier.disks.as_ref().ok());
        let network = self.network.as_ref().ok().zip(earlier.network.as_ref().ok());
        let pressure = self.pressure.as_ref().ok().zip(earlier.pressure.as_ref().ok());
        Some(Between {
            seconds,
            shares: self.cpu.as_ref().ok()?.since(earlier.cpu.as_ref().ok()?)?,
            swap: self
                .swap
                .zip(earlier.swap)
                .map(|(now, then)| both(&now, &then))
                .unwrap_or_default(),
            disks: disks.map(|(now, then)| disk::since(now, then, seconds)).unwrap_or_default(),
            network: network.map(|(now, then)| now.since(then, seconds)),
            stalls: pressure.map(|(now, then)| now.since(then, seconds)),
        })
    }

    pub(super) fn run_queue(&self) -> Option<f64> {
        self.cpu.as_ref().ok()?.running.map(|running| running as f64)
    }

    pub(super) fn memory_percent(&self) -> Option<f64> {
        self.memory.map(|memory| memory.used_percent())
    }
}

impl Between {
    /// The row of a second that began at `t` and ended with `now`.
    pub(super) fn row(&self, t: f64, now: &Reading) -> HostRow {
        let [disk_read, disk_written, disk_busy] = disk::together(&self.disks);
        let [received, sent] = self.network.map(|it| it.all).unwrap_or_default();
        let [cpu, _, io, _, memory, _] = self.stalls.unwrap_or_default();
        let rounded = |value: Option<f64>| value.map(round);
        HostRow {
            t,
            length_s: round(self.seconds),
            generator: false,
            cpu_percent: self.shares.used,
            user_percent: self.shares.user,
            system_percent: self.shares.system,
            iowait_percent: self.shares.iowait,
            steal_percent: self.shares.steal,
            run_queue: now.run_queue(),
            memory_percent: now.memory_percent(),
            load_average_1m: now.load_average,
            swap_in_pages_per_s: rounded(self.swap[0]),
            disk_utilisation_percent: rounded(disk_busy),
            disk_read_bytes_per_s: rounded(disk_read),
            disk_written_bytes_per_s: rounded(disk_written),
            network_received_bytes_per_s: rounded(received),
            network_sent_bytes_per_s: rounded(sent),
            cpu_pressure_percent: rounded(cpu),
            io_pressure_percent: rounded(io),
            memory_pressure_percent: rounded(memory),
            server_cpu_percent: None,
            generator_cpu_percent: None,
        }
    }
}
