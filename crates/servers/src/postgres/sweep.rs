//! Shared memory that outlives a killed server.
//!
//! A server that ends by itself removes its segments. One that was killed leaves them: a small
//! System V segment (PostgreSQL's guard against two servers on one data directory), and files of
//! POSIX shared memory. A restart takes care of them; a removal has to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nix::libc;
use nix::unistd::Pid;

use crate::home::DATA;

const SEGMENT_PREFIX: &str = "/dev/shm/PostgreSQL.";
/// What the server's list of its segments begins with.
const LIST_MAGIC: u32 = 0x9a50_3d32;

/// Removes what a server that is gone left outside its folder.
pub(crate) fn sweep(folder: &Path, shared_memory: Vec<PathBuf>) {
    // Present only after a crash: a server that ends by itself removes it.
    if let Ok(text) = std::fs::read_to_string(folder.join(DATA).join("postmaster.pid")) {
        if let Some(id) = segment_in(&text) {
            remove_segment(id);
        }
        for file in shared_memory {
            // Gone already is as good.
            let _ = std::fs::remove_file(file);
        }
    }
}

/// The id of the System V segment: the second number of the seventh line.
fn segment_in(postmaster_pid: &str) -> Option<i32> {
    postmaster_pid.lines().nth(6)?.split_whitespace().nth(1)?.parse().ok()
}

fn remove_segment(id: i32) {
    // SAFETY: shmid_ds is plain numbers, for which zero is a value; shmctl fills it or fails.
    let mut status: libc::shmid_ds = unsafe { std::mem::zeroed() };
    // SAFETY: `status` lives as long as the call, and IPC_RMID takes no buffer.
    unsafe {
        // The id may belong to someone new: never one that is in use.
        if libc::shmctl(id, libc::IPC_STAT, &mut status) == 0 && status.shm_nattch == 0 {
            libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut());
        }
    }
}

/// The files of POSIX shared memory that belong to a server's process: those that it has mapped,
/// and those that only the server's own list knows. None where that can't be read.
pub(crate) fn shared_memory_files(pid: Pid) -> Vec<PathBuf> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let names = maps.lines().filter_map(|line| line.split_whitespace().nth(5));
    let mapped: BTreeSet<PathBuf> =
        names.filter(|name| name.starts_with(SEGMENT_PREFIX)).map(PathBuf::from).collect();
    let listed: BTreeSet<PathBuf> = mapped.iter().flat_map(|file| listed_in(file)).collect();
    mapped.union(&listed).cloned().collect()
}

/// The files that are listed in a file, where it is the list. Its layout differs between versions,
/// but a segment's number is the name of a file that exists, and nothing else in it is.
fn listed_in(file: &Path) -> Vec<PathBuf> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let mut words = bytes.chunks_exact(4).map(|word| {
        // Chunks of four have four bytes.
        u32::from_ne_bytes([word[0], word[1], word[2], word[3]])
    });
    if words.next() != Some(LIST_MAGIC) {
        return Vec::new();
    }
    let numbers: BTreeSet<u32> = words.collect();
    let files = numbers.iter().map(|number| PathBuf::from(format!("{SEGMENT_PREFIX}{number}")));
    files.filter(|file| file.exists()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_segment_is_read_from_the_pid_file() {
        let text = "42\n/data\n1700000000\n5432\n/socket\n127.0.0.1\n  5432001    123\nready   \n";
        assert_eq!(segment_in(text), Some(123));
        assert_eq!(segment_in("42\n"), None);
    }
}
