//! What this machine says of itself. What it does not say is absent.

use crate::surroundings::Surroundings;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What was found.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Files and sockets that this process may have open.
    pub open_files: u64,
    /// First and last port of outgoing connections.
    pub ports: Option<(u16, u16)>,
    /// Whether io_uring can be used, and why not.
    pub io_uring: Result<(), String>,
    /// Processors that this process may run on.
    pub cores: u32,
    /// How much of them its control group allows; none where there is no limit.
    pub quota: Option<CpuQuota>,
    /// The kernel's clock.
    pub clock_source: Option<String>,
    /// Those that it could use.
    pub clock_sources: Vec<String>,
    /// How long a reading takes, ns.
    pub clock_ns: f64,
}

/// A limit of processor time.
#[derive(Clone, Debug, PartialEq)]
pub struct CpuQuota {
    /// In processors.
    pub cores: f64,
    /// The file that says so.
    pub place: PathBuf,
}

/// Looks around.
pub fn read(surroundings: &Surroundings) -> Machine {
    let clocks = Path::new("/sys/devices/system/clocksource/clocksource0");
    let sources = text(&clocks.join("available_clocksource")).unwrap_or_default();
    let uring = engine::poller::choose(engine::poller::PollerChoice::IoUring);
    Machine {
        open_files: surroundings.open_files,
        ports: ports(),
        io_uring: uring.map(|_| ()).map_err(|cause| cause.to_string()),
        cores: surroundings.cores,
        quota: text(Path::new("/proc/self/cgroup"))
            .and_then(|of| quota(&of, Path::new("/sys/fs/cgroup"))),
        clock_source: text(&clocks.join("current_clocksource")),
        clock_sources: sources.split_whitespace().map(str::to_owned).collect(),
        clock_ns: clock_ns(),
    }
}

fn text(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|it| it.trim().to_owned())
}

fn ports() -> Option<(u16, u16)> {
    let text = text(Path::new("/proc/sys/net/ipv4/ip_local_port_range"))?;
    let mut numbers = text.split_whitespace().map_while(|it| it.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// The smallest limit on the way from our control group to the root, of version 2 (`cpu.max`) or
/// 1 (`cpu.cfs_quota_us`). In a container the root of what is mounted is often our own.
fn quota(memberships: &str, root: &Path) -> Option<CpuQuota> {
    let mut folders = vec![];
    for line in memberships.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let mounts = match controllers {
            "" => vec![root.to_owned(), root.join("unified")],
            of if of.split(',').any(|it| it == "cpu") => vec![root.join("cpu"), root.join(of)],
            _ => continue,
        };
        for mount in mounts {
            let path = Path::new(path.trim_start_matches('/'));
            folders.extend(path.ancestors().map(|it| mount.join(it)));
        }
    }
    let found = folders.into_iter().filter_map(|folder| limit(&folder));
    found.min_by(|a, b| a.cores.total_cmp(&b.cores))
}

fn limit(folder: &Path) -> Option<CpuQuota> {
    let of = |quota: f64, period: f64, place| {
        (quota > 0.0 && period > 0.0).then(|| CpuQuota { cores: quota / period, place })
    };
    let place = folder.join("cpu.max");
    if let Some(text) = text(&place) {
        let (quota, period) = text.split_once(' ')?;
        return of(quota.parse().ok()?, period.parse().ok()?, place);
    }
    let place = folder.join("cpu.cfs_quota_us");
    let period = text(&folder.join("cpu.cfs_period_us"))?;
    of(text(&place)?.parse().ok()?, period.parse().ok()?, place)
}

/// The best of several rounds: others may use the processor meanwhile.
fn clock_ns() -> f64 {
    const READINGS: u32 = 2000;
    let round = || {
        let began = Instant::now();
        for _ in 0..READINGS {
            std::hint::black_box(Instant::now());
        }
        began.elapsed().as_nanos() as f64 / f64::from(READINGS)
    };
    (0..5).map(|_| round()).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of control groups with these files.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    fn cores(memberships: &str, files: &[(&str, &str)]) -> Option<f64> {
        quota(memberships, tree(files).path()).map(|it| it.cores)
    }

    #[test]
    fn the_tightest_limit_above_us_counts() {
        let files = [("a/b/cpu.max", "max 100000"), ("a/cpu.max", "150000 100000\n")];
        assert_eq!(cores("0::/a/b\n", &files), Some(1.5));
        assert_eq!(cores("0::/\n", &files), None);
    }

    #[test]
    fn the_root_of_a_container_is_its_own_group() {
        assert_eq!(cores("0::/docker/123\n", &[("cpu.max", "50000 100000")]), Some(0.5));
    }

    #[test]
    fn the_older_version_says_it_in_two_files_and_no_limit_as_a_negative_one() {
        let of = |quota: &'static str| {
            [("cpu/x/cpu.cfs_quota_us", quota), ("cpu/x/cpu.cfs_period_us", "100000")]
        };
        assert_eq!(cores("3:cpuset:/\n2:cpu:/x\n", &of("250000")), Some(2.5));
        assert_eq!(cores("2:cpu:/x\n", &of("-1")), None);
    }

    #[test]
    fn this_machines_clock_takes_time_to_read() {
        let ns = clock_ns();
        assert!(ns > 0.1 && ns < 100_000.0, "{ns}");
    }
}
