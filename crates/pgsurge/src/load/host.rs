//! The machine that makes the load, as a result names it.

use model::run_result::{CpusSource, Environment, Host};
use model::system_metrics::{HostMetrics, SystemMetrics};
use nix::sys::utsname::uname;

/// What this machine says of itself; what it does not say is absent.
pub fn host() -> Host {
    let cpus = std::thread::available_parallelism().ok().map(|cpus| cpus.get() as u64);
    let os = uname().ok().map(|name| {
        let (system, release) =
            (name.sysname().to_string_lossy(), name.release().to_string_lossy());
        format!("{system} {release}")
    });
    Host { os, cpus, memory_bytes: memory_bytes() }
}

/// Notes how many CPUs the server may use: as many as somebody `told`, else those that were seen on
/// its host, else ours where it runs here.
pub fn note_server_cpus(
    environment: &mut Environment,
    told: Option<u32>,
    system: Option<&SystemMetrics>,
) {
    let ours = environment.host.cpus;
    let Some(server) = &mut environment.server else { return };
    let told = told.map(|cpus| (f64::from(cpus), CpusSource::Settings));
    let seen = system.and_then(|it| it.server_host.data()).map(HostMetrics::usable_cpus);
    let seen = seen.map(|cpus| (cpus, CpusSource::ServerHost));
    let here = ours.filter(|_| server.on_this_host == Some(true));
    let here = here.map(|cpus| (cpus as f64, CpusSource::ThisMachine));
    (server.cpus, server.cpus_source) = told.or(seen).or(here).unzip();
}

/// The memory of this machine.
pub fn memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
