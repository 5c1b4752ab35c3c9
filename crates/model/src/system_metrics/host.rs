//! One machine over the measured window.
//!
//! Means are made from the counters at the window's two ends, the largest from those of its
//! seconds. What the machine does not count is absent; a whole subject then says why.

use crate::database_metrics::{MeanMax, Section};
use serde::{Deserialize, Serialize};

/// Who told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostSource {
    /// This machine's `/proc`.
    #[default]
    Proc,
    /// A node_exporter on the machine.
    NodeExporter,
}

/// One machine. Shares are of all its CPUs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostMetrics {
    /// Who told.
    #[serde(default)]
    pub source: HostSource,
    /// Its CPUs.
    pub cpus: u64,
    /// CPUs that the control group of the server's processes may use (`cpu.max`), or of ours where
    /// those are not known; absent where nothing limits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_quota: Option<f64>,
    /// All but idle and waiting for disks; what the hypervisor took away counts as used.
    pub cpu_usage_percent: MeanMax,
    /// In programs.
    pub cpu_user_percent: MeanMax,
    /// In the kernel, interrupts included.
    pub cpu_system_percent: MeanMax,
    /// Idle while a disk was waited for.
    pub cpu_iowait_percent: MeanMax,
    /// Taken away by the hypervisor.
    pub cpu_steal_percent: MeanMax,
    /// Threads that ran or wanted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_queue: Option<MeanMax>,
    /// The system's own one-minute load average: threads that ran, wanted to or waited for disks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_average_1m: Option<MeanMax>,
    /// Memory that programs could not have had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_usage_percent: Option<MeanMax>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Pages that came back from swap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap_in_pages_per_s: Option<MeanMax>,
    /// Pages that went to swap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap_out_pages_per_s: Option<MeanMax>,
    /// Its disks.
    #[serde(default)]
    pub disk: Section<DiskMetrics>,
    /// Its network.
    #[serde(default)]
    pub network: Section<NetworkMetrics>,
    /// How long something stood still for want of CPU, disk or memory.
    #[serde(default)]
    pub pressure: Section<Pressure>,
}

impl HostMetrics {
    /// CPUs that can be used: its own, or fewer where a control group limits them.
    pub fn usable_cpus(&self) -> f64 {
        let cpus = self.cpus as f64;
        self.cpu_quota.map_or(cpus, |quota| quota.min(cpus))
    }
}

/// Disks of a machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DiskMetrics {
    /// True when it is the one device that holds the server's data directory; else these are all
    /// whole disks that were ever used.
    pub holds_data: bool,
    /// Each of them, the busiest first.
    pub devices: Vec<DiskLoad>,
}

/// One disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DiskLoad {
    /// Its name, such as `nvme0n1`.
    pub device: String,
    /// Reads completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads_per_s: Option<MeanMax>,
    /// Writes completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes_per_s: Option<MeanMax>,
    /// Read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_bytes_per_s: Option<MeanMax>,
    /// Written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_bytes_per_s: Option<MeanMax>,
    /// From asking to completion of a read, waiting in the queue included; absent without reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_await_ms: Option<MeanMax>,
    /// The same of a write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_await_ms: Option<MeanMax>,
    /// Share of time in which it had something to do. A device that serves many at once can be
    /// busy all the time and yet not full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utilisation_percent: Option<MeanMax>,
}

/// The network of a machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkMetrics {
    /// All interfaces but the loopback and those that stand for others (bridges, bonds, tunnels).
    #[serde(flatten)]
    pub all: NetworkLoad,
    /// The loopback: where load and server share the machine, their traffic is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loopback: Option<NetworkLoad>,
}

/// Some interfaces together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkLoad {
    /// Received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_bytes_per_s: Option<MeanMax>,
    /// Sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_bytes_per_s: Option<MeanMax>,
    /// Packets with an error, both ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Packets dropped, both ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drops: Option<u64>,
}

/// Pressure stall information of the kernel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pressure {
    /// For want of a CPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Stall>,
    /// For want of a disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io: Option<Stall>,
    /// For want of memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Stall>,
}

/// Share of time in which something stood still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stall {
    /// At least one task waited.
    pub some_percent: MeanMax,
    /// All tasks that were not idle waited; absent where the kernel does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_percent: Option<MeanMax>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_group_only_ever_takes_cpus_away() {
        let with = |cpu_quota| HostMetrics { cpus: 4, cpu_quota, ..HostMetrics::default() };
        let usable = [None, Some(1.5), Some(16.0)].map(|quota| with(quota).usable_cpus());
        assert_eq!(usable, [4.0, 1.5, 4.0]);
    }

    #[test]
    fn what_was_written_before_disks_were_watched_still_reads() {
        let text = r#"{"status":"ok","from_s":0,"to_s":1,"cpus":2,
            "cpu_usage_percent":{"mean":1,"max":2},"cpu_user_percent":{"mean":1,"max":2},
            "cpu_system_percent":{"mean":1,"max":2},"cpu_iowait_percent":{"mean":1,"max":2},
            "cpu_steal_percent":{"mean":1,"max":2}}"#;
        let read: Section<HostMetrics> = serde_json::from_str(text).unwrap();
        let host = read.data().unwrap();
        assert_eq!((host.cpus, host.disk.data(), host.swap_in_pages_per_s), (2, None, None));
    }
}
