//! A folder of a test's own for its servers, and what can be seen of servers from outside.

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Generous, since the machine may be busy: tests that pass don't wait for it.
const LIMIT: Duration = Duration::from_secs(60);

/// A folder for servers, where nobody else's leftovers are.
pub struct Base(TempDir);

impl Base {
    pub fn new() -> Base {
        let folder = tempfile::Builder::new().prefix("servers-test-").tempdir().unwrap();
        // The servers' user has to pass through.
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.path(), open).unwrap();
        Base(folder)
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// What is in it.
    pub fn folders(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

/// Settings of a server whose size is not what the test is about: it starts faster.
pub fn small() -> Vec<(String, String)> {
    vec![("shared_buffers".to_owned(), "16MB".to_owned())]
}

/// Waits for a condition and fails the test when it doesn't come true.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < end, "{what}: not within {} s", LIMIT.as_secs());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process lives (one that only waits for its parent's notice doesn't).
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

/// Whether somebody listens on a port.
pub fn is_listened_on(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// The processes that have their working folder in a folder.
pub fn processes_in(folder: &Path) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let works_there = |pid: &u32| {
        std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
    };
    pids.filter(works_there).filter(|pid| is_alive(*pid)).collect()
}
