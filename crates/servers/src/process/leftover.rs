//! Servers that outlived a killed owner.
//!
//! Rare on Linux, where a server is told of its owner's death; the rule elsewhere. Only called
//! for folders whose lock shows that the owner is gone, and only programs of ours that work in
//! such a folder are ended: a shell that happens to stand there is not.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::deadline::wait_for;
use crate::process::tree;

/// A server told to stop by its owner's death gets this long to do so by itself.
const GRACE: Duration = Duration::from_secs(3);
const DEATH_LIMIT: Duration = Duration::from_secs(30);
/// The programs that we start in our folders.
const OURS: [&str; 4] = ["initdb", "postgres", "redis-server", "valkey-server"];

/// Ends the servers that work in a folder and waits until they are gone.
pub(crate) fn kill_servers_in(folder: &Path) {
    if wait_for(GRACE, || servers_in(folder).is_empty().then_some(())).is_some() {
        return;
    }
    wait_for(DEATH_LIMIT, || {
        let left = servers_in(folder);
        for pid in &left {
            let _ = kill(*pid, Signal::SIGKILL);
        }
        (!tree::any_alive(&left)).then_some(())
    });
}

/// The programs of ours that have their working folder inside `folder`.
#[cfg(target_os = "linux")]
fn servers_in(folder: &Path) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let link = |name| std::fs::read_link(format!("/proc/{pid}/{name}"));
        let (Ok(cwd), Ok(program)) = (link("cwd"), link("exe")) else { return false };
        cwd.starts_with(folder) && is_ours(&program)
    })
    .map(Pid::from_raw)
    .collect()
}

/// The programs of ours that were started with a path inside `folder`.
#[cfg(not(target_os = "linux"))]
fn servers_in(folder: &Path) -> Vec<Pid> {
    let mut ps = std::process::Command::new("ps");
    let Ok(output) = ps.args(["-A", "-ww", "-o", "pid=,command="]).output() else {
        return Vec::new();
    };
    let inside = format!("{}/", folder.display());
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let (pid, command) = line.trim_start().split_once(' ')?;
            let program = Path::new(command.split_whitespace().next()?);
            let found = is_ours(program) && command.contains(&inside);
            found.then_some(Pid::from_raw(pid.parse().ok()?))
        })
        .collect()
}

fn is_ours(program: &Path) -> bool {
    let name = program.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    // An upgrade while the server runs leaves " (deleted)" behind the name.
    let name = name.strip_suffix(" (deleted)").unwrap_or(&name);
    // Redis renames nothing, but redis-server is a link to redis-check-rdb on some systems.
    OURS.contains(&name) || name.starts_with("redis-") || name.starts_with("valkey-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_are_ours() {
        assert!(is_ours(Path::new("/usr/lib/postgresql/15/bin/postgres")));
        assert!(is_ours(Path::new("/usr/bin/redis-check-rdb")));
        assert!(is_ours(Path::new("/opt/pg/bin/postgres (deleted)")));
        assert!(!is_ours(Path::new("/bin/bash")) && !is_ours(Path::new("/usr/bin/psql")));
    }
}
