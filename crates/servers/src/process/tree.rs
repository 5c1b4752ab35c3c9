//! A process with its descendants, seen from outside.
//!
//! PostgreSQL's backends are children of the postmaster, each in a session of its own, so no
//! signal to a group reaches them: they are found by their parents.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::deadline::wait_for;

/// A process has stopped by then, or never will (it hangs in the kernel).
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// One line of the process table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    pid: i32,
    parent: i32,
    state: char,
}

/// Stops a process and its descendants; returns all of them, the process first.
pub(crate) fn freeze(root: Pid) -> Vec<Pid> {
    let mut frozen = vec![root];
    let _ = kill(root, Signal::SIGSTOP);
    // A signal takes a moment to arrive, and until then the process may make another child.
    wait_for(STOP_LIMIT, || {
        let table = processes();
        let new: Vec<Pid> =
            descendants(&table, root).into_iter().filter(|pid| !frozen.contains(pid)).collect();
        for pid in &new {
            let _ = kill(*pid, Signal::SIGSTOP);
        }
        frozen.extend(&new);
        let moving = |entry: &&Entry| frozen.contains(&Pid::from_raw(entry.pid));
        let all_stopped = table.iter().filter(moving).all(|entry| !is_running(entry.state));
        (new.is_empty() && all_stopped).then_some(())
    });
    frozen
}

/// Lets a process and its descendants go on, the children first.
pub(crate) fn thaw(root: Pid) {
    for pid in descendants(&processes(), root).into_iter().chain([root]) {
        let _ = kill(pid, Signal::SIGCONT);
    }
}

/// Whether any of them still lives; one that only waits for its parent's notice does not.
pub(crate) fn any_alive(pids: &[Pid]) -> bool {
    let lives = |entry: &Entry| entry.state != 'Z' && entry.state != 'X';
    processes().iter().any(|entry| lives(entry) && pids.contains(&Pid::from_raw(entry.pid)))
}

fn is_running(state: char) -> bool {
    // Stopped, traced, zombie, dead: none of them makes children.
    !matches!(state, 'T' | 't' | 'Z' | 'X')
}

fn descendants(table: &[Entry], root: Pid) -> Vec<Pid> {
    let mut family = vec![root.as_raw()];
    let mut seen = 0;
    while seen < family.len() {
        let parent = family[seen];
        seen += 1;
        let children = table.iter().filter(|entry| entry.parent == parent && entry.pid != parent);
        let new: Vec<i32> = children.map(|e| e.pid).filter(|pid| !family.contains(pid)).collect();
        family.extend(new);
    }
    family.into_iter().skip(1).map(Pid::from_raw).collect()
}

/// The process table; empty where it can't be read.
#[cfg(target_os = "linux")]
fn processes() -> Vec<Entry> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| {
        let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        entry_of_stat(pid, &String::from_utf8_lossy(&stat))
    })
    .collect()
}

/// Reads `pid (name) state parent …`; the name may hold anything, even blanks and brackets.
#[cfg(target_os = "linux")]
fn entry_of_stat(pid: i32, stat: &str) -> Option<Entry> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?.chars().next()?;
    Some(Entry { pid, parent: fields.next()?.parse().ok()?, state })
}

#[cfg(not(target_os = "linux"))]
fn processes() -> Vec<Entry> {
    let mut ps = std::process::Command::new("ps");
    let Ok(output) = ps.args(["-A", "-o", "pid=,ppid=,state="]).output() else { return Vec::new() };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let (pid, parent) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            Some(Entry { pid, parent, state: fields.next()?.chars().next()? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_name_with_brackets_does_not_confuse() {
        let entry = entry_of_stat(7, "7 (a) b (c) T 3 7 7 0 -1").unwrap();
        assert_eq!(entry, Entry { pid: 7, parent: 3, state: 'T' });
    }

    #[test]
    fn descendants_of_any_depth_are_found_and_others_are_not() {
        let row = |pid, parent| Entry { pid, parent, state: 'S' };
        let table = [row(1, 0), row(5, 4), row(4, 3), row(3, 1), row(9, 1)];
        let found: Vec<i32> =
            descendants(&table, Pid::from_raw(3)).into_iter().map(Pid::as_raw).collect();
        assert_eq!(found, [4, 5]);
    }

    #[test]
    fn we_ourselves_are_alive() {
        assert!(any_alive(&[Pid::this()]));
    }
}
