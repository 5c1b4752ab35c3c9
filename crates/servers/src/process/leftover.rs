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
use crate::postgres::sweep;
use crate::process::tree;

/// A server gets this long to end by itself: then it takes along what it has elsewhere.
const GRACE: Duration = Duration::from_secs(8);
const DEATH_LIMIT: Duration = Duration::from_secs(30);

/// Ends the servers that work in a folder, waits until they are gone, and removes what they had
/// outside it.
pub(crate) fn end_servers_in(folder: &Path) {
    let mut files = Vec::new();
    let ended = wait_for(GRACE, || {
        let left = servers_in(folder);
        for (pid, signal) in &left {
            files.extend(sweep::shared_memory_files(*pid));
            let _ = kill(*pid, *signal);
            // Perhaps it was paused when its owner died.
            let _ = kill(*pid, Signal::SIGCONT);
        }
        left.is_empty().then_some(())
    });
    if ended.is_none() {
        wait_for(DEATH_LIMIT, || {
            let left: Vec<Pid> = servers_in(folder).into_iter().map(|(pid, _)| pid).collect();
            for pid in &left {
                let _ = kill(*pid, Signal::SIGKILL);
            }
            (!tree::any_alive(&left)).then_some(())
        });
    }
    sweep::sweep(folder, files);
}

/// The programs of ours that have their working folder inside `folder`, and the signal that ends
/// each of them best.
#[cfg(target_os = "linux")]
fn servers_in(folder: &Path) -> Vec<(Pid, Signal)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| {
        let link = |name| std::fs::read_link(format!("/proc/{pid}/{name}"));
        let (cwd, program) = (link("cwd").ok()?, link("exe").ok()?);
        let signal = signal_for(&program).filter(|_| cwd.starts_with(folder))?;
        Some((Pid::from_raw(pid), signal))
    })
    .collect()
}

/// The programs of ours that were started with a path inside `folder`, and their signals.
#[cfg(not(target_os = "linux"))]
fn servers_in(folder: &Path) -> Vec<(Pid, Signal)> {
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
            let signal = signal_for(program).filter(|_| command.contains(&inside))?;
            Some((Pid::from_raw(pid.parse().ok()?), signal))
        })
        .collect()
}

/// The signal that ends a program of ours; none for programs that are not ours.
fn signal_for(program: &Path) -> Option<Signal> {
    let name = program.file_name()?.to_string_lossy();
    // An upgrade while the server runs leaves " (deleted)" behind the name.
    let name = name.strip_suffix(" (deleted)").unwrap_or(&name);
    match name {
        // Immediate shutdown.
        "postgres" => Some(Signal::SIGQUIT),
        "initdb" => Some(Signal::SIGTERM),
        // It has nothing to put in order, and what the gentle signals mean to it changed with 1.23.
        "pgbouncer" => Some(Signal::SIGKILL),
        // On some systems redis-server is a link to redis-check-rdb, and so for valkey.
        _ if name.starts_with("redis-") || name.starts_with("valkey-") => Some(Signal::SIGTERM),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_are_ours() {
        let signal = |program| signal_for(Path::new(program));
        assert_eq!(signal("/usr/lib/postgresql/15/bin/postgres"), Some(Signal::SIGQUIT));
        assert_eq!(signal("/opt/pg/bin/postgres (deleted)"), Some(Signal::SIGQUIT));
        assert_eq!(signal("/usr/bin/redis-check-rdb"), Some(Signal::SIGTERM));
        assert_eq!(signal("/usr/sbin/pgbouncer"), Some(Signal::SIGKILL));
        assert_eq!(signal("/bin/bash").or(signal("/usr/bin/psql")), None);
    }
}
