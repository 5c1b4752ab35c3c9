//! The machine that makes the load, as a result names it.

use model::run_result::Host;
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

/// The memory of this machine.
pub fn memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
