//! What machines and processes did while load ran, from their own systems.
//!
//! The machine that counts is the server's. Where that is another one, its numbers are those of a
//! node_exporter or unknown, and those of this machine stand apart, so that nobody takes them for
//! the server's.

mod host;
mod process;

pub use host::{
    DiskLoad, DiskMetrics, HostMetrics, HostSource, NetworkLoad, NetworkMetrics, Pressure, Stall,
};
pub use process::{GeneratorProcess, ServerProcesses};

use crate::database_metrics::Section;
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
    /// Our own process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator_process: Option<Section<GeneratorProcess>>,
    /// The server's processes, where it shares this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_processes: Option<Section<ServerProcesses>>,
}
