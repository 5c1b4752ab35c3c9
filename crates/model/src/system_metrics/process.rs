//! Processes of this machine over the measured window.

use crate::database_metrics::MeanMax;
use serde::{Deserialize, Serialize};

/// Our own process, with all its threads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GeneratorProcess {
    /// CPU time in our own code.
    pub cpu_user_ms: f64,
    /// CPU time in the kernel for us.
    pub cpu_system_ms: f64,
    /// CPU time as a share of one CPU: 200 is two CPUs all the time.
    pub cpu_core_percent: MeanMax,
    /// The same as a share of all CPUs of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_machine_percent: Option<MeanMax>,
    /// Resident memory, once a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_bytes: Option<MeanMax>,
    /// How often a thread gave its CPU up, to wait for something.
    pub voluntary_switches: u64,
    /// How often a CPU was taken from a thread that had more to do.
    pub involuntary_switches: u64,
}

/// The server's processes: its first one and all of that one's children.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerProcesses {
    /// How many there were, once a second or less often where there are hundreds.
    pub processes: MeanMax,
    /// CPU time of all of them, those that ended meanwhile included.
    pub cpu_ms: f64,
    /// The same as a share of one CPU: 200 is two CPUs all the time.
    pub cpu_core_percent: MeanMax,
    /// The same as a share of all CPUs of this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_machine_percent: Option<MeanMax>,
}
