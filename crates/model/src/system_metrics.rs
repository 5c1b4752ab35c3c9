//! What a machine did while load ran: CPU and memory, from its own system.
//!
//! The machine that counts is the server's. Where that is another one, its numbers are unknown,
//! and those of this machine stand apart, so that nobody takes them for the server's.

use crate::database_metrics::{MeanMax, Section};
use serde::{Deserialize, Serialize};

/// The machines of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemMetrics {
    /// The server's host.
    #[serde(flatten)]
    pub server_host: Section<HostMetrics>,
    /// The machine that made the load, where it is not the server's host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator_host: Option<Section<HostMetrics>>,
}

/// One machine over the measured window. Shares are of all its CPUs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostMetrics {
    /// Its CPUs.
    pub cpus: u64,
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
    /// Memory that programs could not have had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_usage_percent: Option<MeanMax>,
    /// Memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}
