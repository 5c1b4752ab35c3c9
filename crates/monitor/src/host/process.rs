//! CPU time of processes of this machine: our own, and those of a server that shares it.

use super::rates::Gauge;
use crate::timeline::round;
use model::database_metrics::{MeanMax, Section, Unread};
use model::system_metrics::{GeneratorProcess, ServerProcesses};
use nix::sys::resource::{UsageWho, getrusage};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A tick of `/proc/PID/stat`: USER_HZ, 100 on all that Linux runs on today but Alpha.
const TICK: Duration = Duration::from_millis(10);
/// Looking at the server's processes may take this part of the time: of hundreds of them it is not
/// done every second.
const LOOK_SHARE: u32 = 500;

/// A server on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalServer {
    /// Its first process, of which all others are children.
    pub postmaster: u32,
    /// Where its data is; none where we may not know.
    pub data_directory: Option<PathBuf>,
}

impl LocalServer {
    /// The server that a backend of ours belongs to; none where that process is not one of this
    /// machine, or is something else (a server in a container counts its processes anew).
    pub fn of_backend(backend: i32, user: &str, database: &str) -> Option<LocalServer> {
        let backend = u32::try_from(backend).ok()?;
        let title = std::fs::read_to_string(format!("/proc/{backend}/cmdline")).ok()?;
        // The title of a backend: `postgres: user database host(port) idle`.
        let names_us = title.contains(&format!(" {user} {database} "));
        let postmaster = Stat::read(backend)?.parent;
        (is_postgres(backend) && names_us && is_postgres(postmaster)).then(|| LocalServer {
            postmaster,
            // Its working directory is its data directory (postmaster.c, checkDataDir).
            data_directory: std::fs::read_link(format!("/proc/{postmaster}/cwd")).ok(),
        })
    }
}

/// CPU time of one backend of a server on this machine; none where that process is not its child.
pub(crate) fn backend_cpu(server: &LocalServer, backend: i32) -> Option<Duration> {
    let backend = u32::try_from(backend).ok()?;
    let stat = Stat::read(backend).filter(|stat| stat.parent == server.postmaster)?;
    // In ns, where the kernel keeps it (sched-stats.rst); a tick is long for what we do.
    let exact = std::fs::read_to_string(format!("/proc/{backend}/schedstat")).ok();
    let exact = exact.and_then(|text| text.split_ascii_whitespace().next()?.parse().ok());
    Some(exact.filter(|ns| *ns > 0).map_or(stat.own, Duration::from_nanos))
}

fn is_postgres(pid: u32) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    matches!(name.trim_end(), "postgres" | "postmaster")
}

/// What `/proc/PID/stat` says (proc(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    own: Duration,
    /// Of its children that have ended and that it has waited for, and of theirs.
    ended_children: Duration,
}

impl Stat {
    fn read(pid: u32) -> Option<Stat> {
        Stat::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(text: &str) -> Option<Stat> {
        // The name may hold anything, brackets too; what follows the last one is numbers.
        let (_, rest) = text.rsplit_once(')')?;
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        let ticks = |at: usize| -> Option<u32> { words.get(at)?.parse().ok() };
        let sum = |a: usize, b: usize| ticks(a)?.checked_add(ticks(b)?);
        let time = |ticks: u32| TICK.checked_mul(ticks);
        let (own, ended_children) = (time(sum(11, 12)?)?, time(sum(13, 14)?)?);
        Some(Stat { parent: ticks(1)?, own, ended_children })
    }
}

/// CPU time of something over the window, and the most of its seconds.
#[derive(Default)]
struct CpuTime {
    last: Option<(Instant, Duration)>,
    began: Option<(Instant, Duration)>,
    ended: Option<(Instant, Duration)>,
    most: f64,
}

impl CpuTime {
    /// A second has ended: the share of one CPU since the one before.
    fn second(&mut self, at: Instant, cpu: Duration, is_measured: bool) -> Option<f64> {
        let (then, before) = self.last.replace((at, cpu))?;
        let percent = share((then, before), (at, cpu))?;
        if is_measured {
            self.most = self.most.max(percent);
        }
        Some(percent)
    }

    fn bound(&mut self, at: Instant, cpu: Duration) {
        match self.began {
            None => self.began = Some((at, cpu)),
            Some(_) => self.ended = Some((at, cpu)),
        }
    }

    /// CPU time and share of one CPU of the whole window.
    fn seen(&self) -> Option<(Duration, MeanMax)> {
        let (began, ended) = (self.began?, self.ended?);
        let mean = share(began, ended)?;
        let max = round(self.most.max(mean));
        Some((ended.1.checked_sub(began.1)?, MeanMax { mean: round(mean), max }))
    }

    fn window(&self) -> Option<(Instant, Instant)> {
        Some((self.began?.0, self.ended?.0))
    }
}

/// Percent of one CPU; none over no time, or where the time of a process that ended is missing.
fn share(from: (Instant, Duration), to: (Instant, Duration)) -> Option<f64> {
    let elapsed = to.0.saturating_duration_since(from.0);
    let used = to.1.checked_sub(from.1)?;
    (!elapsed.is_zero()).then(|| used.as_secs_f64() * 100.0 / elapsed.as_secs_f64())
}

fn of_machine(of_core: MeanMax, cpus: Option<u64>) -> Option<MeanMax> {
    let cpus = cpus.filter(|cpus| *cpus > 0)? as f64;
    Some(MeanMax { mean: round(of_core.mean / cpus), max: round(of_core.max / cpus) })
}

fn milliseconds(time: Duration) -> f64 {
    round(time.as_secs_f64() * 1000.0)
}

/// Our own process, once a second.
#[derive(Default)]
pub(super) struct Generator {
    user: CpuTime,
    system: CpuTime,
    all: CpuTime,
    resident: Gauge,
    switches: [Option<(i64, i64)>; 2],
}

impl Generator {
    /// At the end of a second: our share of one CPU in it.
    pub(super) fn second(&mut self, is_measured: bool) -> Option<f64> {
        if is_measured {
            self.resident.add(resident_bytes()? as f64);
        }
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        let cpu = time(usage.user_time()) + time(usage.system_time());
        self.all.second(Instant::now(), cpu, is_measured)
    }

    /// At both ends of the window.
    pub(super) fn bound(&mut self) {
        let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return };
        let (now, user, system) =
            (Instant::now(), time(usage.user_time()), time(usage.system_time()));
        self.user.bound(now, user);
        self.system.bound(now, system);
        self.all.bound(now, user + system);
        let switches = (usage.voluntary_context_switches(), usage.involuntary_context_switches());
        let at = usize::from(self.switches[0].is_some());
        self.switches[at] = Some(switches);
    }

    pub(super) fn section(
        &self,
        cpus: Option<u64>,
        seconds: impl Fn(Instant) -> f64,
    ) -> Section<GeneratorProcess> {
        let seen = || {
            let (_, cpu_core_percent) = self.all.seen()?;
            let [Some(began), Some(ended)] = self.switches else { return None };
            let added = |ended: i64, began: i64| u64::try_from(ended - began).unwrap_or(0);
            let process = GeneratorProcess {
                cpu_user_ms: milliseconds(self.user.seen()?.0),
                cpu_system_ms: milliseconds(self.system.seen()?.0),
                cpu_core_percent,
                cpu_machine_percent: of_machine(cpu_core_percent, cpus),
                resident_bytes: self.resident.seen(),
                voluntary_switches: added(ended.0, began.0),
                involuntary_switches: added(ended.1, began.1),
            };
            Some((process, self.all.window()?))
        };
        match seen() {
            Some((process, (from, to))) => Section::read(process, (seconds(from), seconds(to))),
            None => {
                let why = "the system did not tell our own CPU time at both ends of the window";
                Section::unread(Unread::missing(why))
            }
        }
    }
}

fn time(value: nix::sys::time::TimeVal) -> Duration {
    use nix::sys::time::TimeValLike;
    Duration::from_micros(u64::try_from(value.num_microseconds()).unwrap_or(0))
}

/// Memory of ours that is in RAM.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The server's processes.
pub(super) struct Server {
    postmaster: u32,
    cpu: CpuTime,
    count: Gauge,
    next: Instant,
}

impl Server {
    pub(super) fn new(local: &LocalServer) -> Server {
        let (cpu, count) = (CpuTime::default(), Gauge::default());
        Server { postmaster: local.postmaster, cpu, count, next: Instant::now() }
    }

    /// At the end of a second: their share of one CPU since the last look, where it is time for
    /// one.
    pub(super) fn second(&mut self, is_measured: bool) -> Option<f64> {
        if Instant::now() < self.next {
            return None;
        }
        let (at, cpu, count) = self.look()?;
        if is_measured {
            self.count.add(count as f64);
        }
        self.cpu.second(at, cpu, is_measured)
    }

    /// At both ends of the window.
    pub(super) fn bound(&mut self) {
        if let Some((at, cpu, _)) = self.look() {
            self.cpu.bound(at, cpu);
        }
    }

    /// CPU time of all that live and of all that have ended: who ends hands its time to the
    /// postmaster, which is looked at first, so that nobody's counts twice.
    fn look(&mut self) -> Option<(Instant, Duration, usize)> {
        let at = Instant::now();
        let postmaster = Stat::read(self.postmaster).filter(|_| is_postgres(self.postmaster))?;
        let children = children(self.postmaster);
        let living = children.iter().filter_map(|pid| Stat::read(*pid));
        let (mut cpu, mut count) = (postmaster.own + postmaster.ended_children, 1);
        for stat in living.filter(|stat| stat.parent == self.postmaster) {
            cpu += stat.own + stat.ended_children;
            count += 1;
        }
        self.next = Instant::now() + at.elapsed() * LOOK_SHARE;
        Some((at, cpu, count))
    }

    pub(super) fn section(
        &self,
        cpus: Option<u64>,
        seconds: impl Fn(Instant) -> f64,
    ) -> Section<ServerProcesses> {
        let seen = || {
            let (cpu, cpu_core_percent) = self.cpu.seen()?;
            let processes = ServerProcesses {
                processes: self.count.seen()?,
                cpu_ms: milliseconds(cpu),
                cpu_core_percent,
                cpu_machine_percent: of_machine(cpu_core_percent, cpus),
            };
            Some((processes, self.cpu.window()?))
        };
        match seen() {
            Some((processes, (from, to))) => Section::read(processes, (seconds(from), seconds(to))),
            None => {
                let why = "the server's first process was not there from one end of the window to \
                           the other";
                Section::unread(Unread::missing(why))
            }
        }
    }
}

/// The children of a process. A kernel without this list is asked for all processes.
fn children(pid: u32) -> Vec<u32> {
    if let Ok(text) = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")) {
        return text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect();
    }
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|it| Stat::read(*it).is_some_and(|stat| stat.parent == pid)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_a_process_is_called_its_times_are_read(
            name in "[ a-z()0-9]{1,15}", parent: u32, ticks in any::<[u16; 4]>(),
        ) {
            let [user, system, of_children, in_kernel] = ticks;
            let text = format!(
                "77 ({name}) S {parent} 1 1 0 -1 4194304 5 6 7 8 \
                 {user} {system} {of_children} {in_kernel} 20 0 1 0 999 1 2\n"
            );
            let stat = Stat::parse(&text).unwrap();
            let time = |a: u16, b: u16| TICK * (u32::from(a) + u32::from(b));
            prop_assert_eq!(stat.parent, parent);
            prop_assert_eq!(stat.own, time(user, system));
            prop_assert_eq!(stat.ended_children, time(of_children, in_kernel));
        }

        #[test]
        fn what_is_no_such_file_is_refused_without_a_panic(text in "\\PC*") {
            let _none = Stat::parse(&text);
        }
    }

    #[test]
    fn time_that_got_lost_with_a_process_is_no_negative_share() {
        let (mut cpu, now) = (CpuTime::default(), Instant::now());
        let after = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(cpu.second(now, Duration::from_secs(5), true), None);
        assert_eq!(cpu.second(after(1), Duration::from_secs(4), true), None);
        assert_eq!(cpu.second(after(3), Duration::from_secs(5), true), Some(50.0));
    }

    #[test]
    fn a_process_that_is_no_server_is_none() {
        let ourselves = i32::try_from(std::process::id()).unwrap();
        for pid in [ourselves, 1, -1, i32::MAX] {
            assert_eq!(LocalServer::of_backend(pid, "", ""), None, "{pid}");
        }
    }
}
