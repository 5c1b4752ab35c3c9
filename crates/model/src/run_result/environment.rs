//! Where a run took place: what decides its numbers besides the plan.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a run took place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Environment {
    /// Our own version.
    pub pgsurge_version: String,
    /// The server; absent when it never answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerEnvironment>,
    /// What stood between us and the server, where something did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pooler: Option<Pooler>,
    /// The machine that made the load.
    pub host: Host,
    /// The clock that latencies were taken from.
    pub clock: String,
    /// The poller that ran, and why another did not.
    pub poller: String,
    /// The version of each workload, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub workloads: BTreeMap<String, String>,
    /// What the user wrote beside the run.
    pub tags: BTreeMap<String, String>,
}

/// The server under test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerEnvironment {
    /// `server_version`, as it says.
    pub version: String,
    /// Settings that decide performance, as `SHOW` gives them.
    pub settings: BTreeMap<String, String>,
    /// Extensions and their versions.
    pub extensions: BTreeMap<String, String>,
    /// True when we started it for this run and removed it afterwards.
    pub throwaway: bool,
    /// True when it shares its machine with the load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_this_host: Option<bool>,
    /// CPUs that it may use; absent where nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Who says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus_source: Option<CpusSource>,
}

/// Who says how many CPUs a server may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CpusSource {
    /// The user (`--server-cpus`), who knows best.
    Settings,
    /// The server's host while load ran, less what its control group takes away.
    ServerHost,
    /// The machine that made the load, on which the server runs.
    ThisMachine,
}

/// A connection pooler in front of the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pooler {
    /// `pgbouncer`, or `unknown`.
    pub kind: String,
    /// Its version, where it told us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `session`, `transaction` or `statement`: how long a connection keeps its server connection,
    /// as observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// How statements were sent through it; it may differ from the plan.
    pub protocol: String,
    /// What a reader of the result has to know because of it.
    pub effects: Vec<String>,
}

/// A machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// Operating system and its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// Processors that we may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u64>,
    /// Memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}
