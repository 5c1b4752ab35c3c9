//! Settings like a small production server's, in proportion to the machine.
//!
//! The usual rules of thumb: a quarter of the memory for shared buffers, three quarters assumed
//! cached, and WAL enough that checkpoints come by time. All of them exist since version 12.
//! Durability is stated, not assumed: a faster but unsafe server would make every number a lie.

use std::path::Path;

const MIB: u64 = 1 << 20;
/// What is assumed where the machine doesn't say: modest enough for anything.
const UNKNOWN_MEMORY: u64 = 2048 * MIB;

/// Settings by name, for a machine with so much memory and a disk with so much room.
pub(crate) fn settings(memory_bytes: u64, free_bytes: u64) -> Vec<(&'static str, String)> {
    let memory = memory_bytes / MIB;
    let mib = |amount: u64| format!("{amount}MB");
    // The cap keeps a throwaway server a guest (several of them run beside each other), and its
    // start short: each GiB takes a good part of a second to prepare.
    let shared_buffers = (memory / 4).clamp(64, 1024);
    // A disk that is nearly full matters more than a smooth benchmark.
    let max_wal_size = (free_bytes / MIB / 8).clamp(256, 4096);
    vec![
        ("fsync", "on".to_owned()),
        ("synchronous_commit", "on".to_owned()),
        ("full_page_writes", "on".to_owned()),
        ("shared_buffers", mib(shared_buffers)),
        ("effective_cache_size", mib((memory / 4 * 3).max(128))),
        ("maintenance_work_mem", mib((memory / 16).clamp(64, 512))),
        ("work_mem", mib((memory / 512).clamp(4, 16))),
        ("max_wal_size", mib(max_wal_size)),
        ("min_wal_size", mib(max_wal_size / 4)),
        ("checkpoint_timeout", "15min".to_owned()),
        ("checkpoint_completion_target", "0.9".to_owned()),
        // Disks of today: a random page costs hardly more than the next one.
        ("random_page_cost", "1.1".to_owned()),
    ]
}

/// The memory that this machine, or the container we are in, has.
pub(crate) fn memory_bytes() -> u64 {
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = limits
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok()?.trim().parse::<u64>().ok());
    installed_bytes().into_iter().chain(limit).min().unwrap_or(UNKNOWN_MEMORY)
}

fn installed_bytes() -> Option<u64> {
    use nix::libc::{_SC_PAGESIZE, _SC_PHYS_PAGES, sysconf};
    // SAFETY: sysconf only reads; an unknown name gives -1.
    let (pages, page) = unsafe { (sysconf(_SC_PHYS_PAGES), sysconf(_SC_PAGESIZE)) };
    u64::try_from(pages).ok()?.checked_mul(u64::try_from(page).ok()?).filter(|bytes| *bytes > 0)
}

/// The room on a folder's disk.
pub(crate) fn free_bytes(folder: &Path) -> u64 {
    nix::sys::statvfs::statvfs(folder).map_or(0, |disk| {
        // The types differ between systems.
        #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
        let (blocks, size) = (disk.blocks_available() as u64, disk.fragment_size() as u64);
        blocks.saturating_mul(size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024 * MIB;

    fn value(memory: u64, free: u64, name: &str) -> String {
        settings(memory, free).into_iter().find(|(known, _)| *known == name).unwrap().1
    }

    #[test]
    fn a_quarter_of_the_memory_is_shared_buffers_up_to_a_cap() {
        assert_eq!(value(2 * GIB, 100 * GIB, "shared_buffers"), "512MB");
        assert_eq!(value(256 * GIB, 100 * GIB, "shared_buffers"), "1024MB");
        assert_eq!(value(0, 0, "shared_buffers"), "64MB");
    }

    #[test]
    fn a_small_disk_gets_little_wal() {
        assert_eq!(value(4 * GIB, 100 * GIB, "max_wal_size"), "4096MB");
        assert_eq!(value(4 * GIB, 8 * GIB, "max_wal_size"), "1024MB");
    }

    #[test]
    fn this_machine_has_memory_and_a_disk() {
        assert!(memory_bytes() > 64 * MIB);
        assert!(free_bytes(Path::new("/")) > 0);
    }
}
