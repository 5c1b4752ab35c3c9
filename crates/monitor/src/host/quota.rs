//! How many CPUs a control group may use: `cpu.max` (v2) or the CFS quota (v1), the least of the
//! group's own and those above it (kernel: Documentation/admin-guide/cgroup-v2.rst).

use std::path::{Path, PathBuf};

/// Where control groups are.
const ROOT: &str = "/sys/fs/cgroup";

/// CPUs that a process may use, by the limits of its group; none where nothing limits it or its
/// group can't be seen. `None` asks for ourselves.
pub(crate) fn of(process: Option<u32>) -> Option<f64> {
    let process = process.map_or_else(|| "self".to_owned(), |pid| pid.to_string());
    let groups = std::fs::read_to_string(format!("/proc/{process}/cgroup")).ok()?;
    quota(&groups, Path::new(ROOT))
}

/// `groups` is the text of `/proc/PID/cgroup`: `0::/a/b` of v2, `4:cpu,cpuacct:/a/b` of v1.
fn quota(groups: &str, root: &Path) -> Option<f64> {
    let limits = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next().unwrap_or(""), parts.next().unwrap_or("/"));
        let mounts: &[&str] = match controllers {
            "" => &["", "unified"],
            _ if controllers.split(',').any(|it| it == "cpu") => &["cpu", "cpu,cpuacct"],
            _ => &[],
        };
        // A container sees its own group as the root, whatever the name of it outside.
        let own = mounts.iter().map(|mount| root.join(mount));
        let below = own.clone().flat_map(|top| upwards(&top, group));
        below.chain(own).filter_map(|folder| limit(&folder)).collect::<Vec<f64>>()
    });
    limits.min_by(f64::total_cmp)
}

/// A group's folder, and those above it below `top`.
fn upwards(top: &Path, group: &str) -> Vec<PathBuf> {
    let group = Path::new(group.trim_start_matches('/'));
    // A group outside of what we see begins with `..`, and is nowhere below.
    let is_below = group.components().all(|it| matches!(it, std::path::Component::Normal(_)));
    let inside = group.ancestors().filter(|it| is_below && !it.as_os_str().is_empty());
    inside.map(|it| top.join(it)).collect()
}

/// The limit of one group.
fn limit(folder: &Path) -> Option<f64> {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    match read("cpu.max") {
        Some(text) => {
            let (quota, period) = text.trim().split_once(' ')?;
            ratio(quota, period)
        }
        None => ratio(&read("cpu.cfs_quota_us")?, &read("cpu.cfs_period_us")?),
    }
}

/// None where there is no limit: `max`, or -1.
fn ratio(quota: &str, period: &str) -> Option<f64> {
    let (quota, period): (u64, u64) = (quota.trim().parse().ok()?, period.trim().parse().ok()?);
    (quota > 0 && period > 0).then(|| quota as f64 / period as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn the_tightest_limit_on_the_way_up_holds() {
        let root = groups(&[("a/cpu.max", "150000 100000\n"), ("a/b/cpu.max", "max 100000\n")]);
        assert_eq!(quota("0::/a/b\n", root.path()), Some(1.5));
        assert_eq!(quota("0::/\n", root.path()), None);
    }

    #[test]
    fn a_container_that_sees_its_group_as_the_root_is_limited_too() {
        let root = groups(&[("cpu.max", "50000 100000")]);
        for group in ["0::/\n", "0::/../other\n", "0::/docker/0123\n"] {
            assert_eq!(quota(group, root.path()), Some(0.5), "{group}");
        }
    }

    #[test]
    fn the_older_files_say_the_same() {
        let folder = "cpu,cpuacct/a/cpu.cfs";
        let files = |quota| {
            let named = [format!("{folder}_quota_us"), format!("{folder}_period_us")];
            groups(&[(&named[0], quota), (&named[1], "100000\n")])
        };
        let text = "5:memory:/a\n4:cpu,cpuacct:/a\n0::/\n";
        assert_eq!(quota(text, files("200000\n").path()), Some(2.0));
        assert_eq!(quota(text, files("-1\n").path()), None);
    }
}
