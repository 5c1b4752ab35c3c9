//! Disks from `/proc/diskstats` (kernel: Documentation/admin-guide/iostats.rst): counters since the
//! machine started, and which of its devices holds a folder.

use super::rates::{Rates, added, larger, mean_max, per_second};
use model::system_metrics::DiskLoad;
use std::collections::BTreeMap;
use std::path::Path;

/// How many devices a result names.
const DEVICES: usize = 16;
/// A sector of this file, whatever the device's own are.
const SECTOR_BYTES: u64 = 512;

/// Counters of one device: reads, writes, bytes read, bytes written, ms of all reads, ms of all
/// writes, ms with something to do.
pub(crate) type Disk = [u64; 7];
/// Rates of one: reads, writes, bytes read, bytes written, ms per read, ms per write, busy percent.
pub(crate) type DiskRates = Rates<7>;
/// By name.
pub(crate) type Disks = BTreeMap<String, Disk>;
/// By name.
pub(crate) type AllRates = BTreeMap<String, DiskRates>;

/// Reads the disks of this machine, or the one named.
pub(crate) fn read(only: Option<&str>) -> Result<Disks, String> {
    let text = std::fs::read_to_string("/proc/diskstats")
        .map_err(|error| format!("read /proc/diskstats: {error}"))?;
    let mut disks = parse(&text);
    disks.retain(|name, _| only.map_or_else(|| is_whole(name), |only| only == name));
    match disks.is_empty() {
        true => Err("/proc/diskstats has no disk".to_owned()),
        false => Ok(disks),
    }
}

/// Every device that did anything; lines that are none are passed over.
fn parse(text: &str) -> Disks {
    let line = |line: &str| {
        let mut words = line.split_ascii_whitespace().skip(2);
        let name = words.next()?.to_owned();
        let mut columns = [0_u64; 10];
        for column in &mut columns {
            *column = words.next()?.parse().ok()?;
        }
        let [reads, _, sectors_read, read_ms, writes, _, sectors_written, write_ms, _, busy_ms] =
            columns;
        let bytes = |sectors: u64| sectors.saturating_mul(SECTOR_BYTES);
        let (read, written) = (bytes(sectors_read), bytes(sectors_written));
        let disk = [reads, writes, read, written, read_ms, write_ms, busy_ms];
        disk.iter().any(|it| *it > 0).then_some((name, disk))
    };
    text.lines().filter_map(line).collect()
}

/// Whether a device is a disk of its own: no partition, and nothing made of others (loop, RAM,
/// device mapper, RAID), whose work is counted with those already.
pub(crate) fn is_whole(name: &str) -> bool {
    let made = ["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "drbd", "zd"];
    if made.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    let digits = name.trim_end_matches(|it: char| it.is_ascii_digit());
    match digits.len() < name.len() {
        // nvme0n1p2, mmcblk0p1: a partition where a whole disk ends in a digit.
        true if name.starts_with("nvme") || name.starts_with("mmcblk") => {
            let whole = digits.strip_suffix('p');
            !whole.is_some_and(|it| it.ends_with(|it: char| it.is_ascii_digit()))
        }
        // sda1, vda2, xvdb3.
        true => !["sd", "vd", "hd", "xvd"].iter().any(|prefix| name.starts_with(prefix)),
        false => true,
    }
}

/// The device that holds `folder`, as `/proc/diskstats` names it; none where that can't be told
/// (a file system of several devices, one in memory, one over a network).
pub(crate) fn device_of(folder: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let device = std::fs::metadata(folder).ok()?.dev();
    let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
    let text = std::fs::read_to_string("/proc/diskstats").ok()?;
    let named = text.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let is_it = words.next()? == major.to_string() && words.next()? == minor.to_string();
        is_it.then(|| words.next().map(str::to_owned))?
    });
    named.or_else(|| mounted_from(&format!("{major}:{minor}")))
}

/// The device that a file system was mounted from which has a number of its own (btrfs).
fn mounted_from(number: &str) -> Option<String> {
    let text = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let line = text.lines().find(|line| line.split(' ').nth(2) == Some(number))?;
    let (_, source) = line.split_once(" - ")?;
    let path = Path::new(source.split(' ').nth(1)?).canonicalize().ok()?;
    let name = path.strip_prefix("/dev").ok()?.to_str()?.to_owned();
    read(Some(&name)).is_ok().then_some(name)
}

/// Rates of every device that both readings have.
pub(crate) fn since(later: &Disks, earlier: &Disks, seconds: f64) -> AllRates {
    let both = later.iter().filter_map(|(name, now)| Some((name, now, earlier.get(name)?)));
    both.map(|(name, now, then)| (name.clone(), rates(now, then, seconds))).collect()
}

fn rates(now: &Disk, then: &Disk, seconds: f64) -> DiskRates {
    let [reads, writes, read, written, _, _, busy_ms] = per_second(now, then, seconds);
    // The mean time of one, of those that completed meanwhile.
    let each = |time: usize, count: usize| {
        let count = added(now[count], then[count]).filter(|count| *count > 0.0)?;
        Some(added(now[time], then[time])? / count)
    };
    // Ticks are rounded: no more than all the time.
    let busy = busy_ms.map(|ms| (ms / 10.0).min(100.0));
    [reads, writes, read, written, each(4, 0), each(5, 1), busy]
}

/// What all of them read and wrote together, and how busy the busiest was.
pub(crate) fn together(all: &AllRates) -> Rates<3> {
    let sum = |at: usize| all.values().filter_map(|it| it[at]).reduce(|a, b| a + b);
    let busiest = all.values().filter_map(|it| it[6]).reduce(f64::max);
    [sum(2), sum(3), busiest]
}

/// The larger of each.
pub(crate) fn most(most: &mut AllRates, of_second: AllRates) {
    for (name, rates) in of_second {
        let entry = most.entry(name).or_default();
        *entry = larger(*entry, rates);
    }
}

/// The devices as a result names them, the busiest first.
pub(crate) fn loads(means: &AllRates, most: &AllRates) -> Vec<DiskLoad> {
    let mut devices: Vec<(&String, &DiskRates)> = means.iter().collect();
    devices.sort_by(|(_, a), (_, b)| b[6].unwrap_or(0.0).total_cmp(&a[6].unwrap_or(0.0)));
    let of = |(name, mean): (&String, &DiskRates)| {
        let most = most.get(name).copied().unwrap_or_default();
        let [reads, writes, read, written, read_await, write_await, busy] = mean_max(*mean, most);
        DiskLoad {
            device: name.clone(),
            reads_per_s: reads,
            writes_per_s: writes,
            read_bytes_per_s: read,
            written_bytes_per_s: written,
            read_await_ms: read_await,
            write_await_ms: write_await,
            utilisation_percent: busy,
        }
    };
    devices.into_iter().take(DEVICES).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_the_kernel_writes_is_read_column_by_column(
            columns in any::<[u32; 11]>(), more in 0..9_usize, name in "[a-z]{2,4}",
        ) {
            let words: Vec<String> = columns.iter().map(u32::to_string).collect();
            let text = format!("  8  0 {name} {} {}\n", words.join(" "), "7 ".repeat(more));
            let at = |column: usize| u64::from(columns[column]);
            let expected =
                [at(0), at(4), at(2) * 512, at(6) * 512, at(3), at(7), at(9)];
            let disks = parse(&text);
            prop_assume!(expected.iter().any(|it| *it > 0));
            prop_assert_eq!(disks.get(&name), Some(&expected));
        }

        #[test]
        fn what_is_no_such_file_is_refused_without_a_panic(text in "\\PC*") {
            let _none = parse(&text);
        }

        #[test]
        fn nothing_that_two_readings_give_is_negative(
            now in any::<[u64; 7]>(), then in any::<[u64; 7]>(),
        ) {
            let rates = rates(&now, &then, 1.0);
            prop_assert!(rates.iter().flatten().all(|rate| *rate >= 0.0));
            prop_assert!(rates[6].is_none_or(|busy| busy <= 100.0));
        }
    }

    #[test]
    fn partitions_and_what_is_made_of_disks_are_no_disks() {
        let whole = ["sda", "vda", "xvdf", "nvme0n1", "mmcblk0", "sdaa", "dasda"];
        let not = [
            "sda1",
            "vda2",
            "xvdf1",
            "nvme0n1p2",
            "mmcblk0p1",
            "loop3",
            "zram0",
            "dm-0",
            "md127",
            "sr0",
            "ram1",
        ];
        assert!(whole.iter().all(|name| is_whole(name)));
        assert!(not.iter().all(|name| !is_whole(name)), "{not:?}");
    }

    #[test]
    fn a_read_takes_the_mean_of_those_that_completed() {
        let then = [10, 10, 0, 0, 100, 100, 500];
        let now = [14, 10, 8192, 0, 108, 100, 1000];
        let rates = rates(&now, &then, 2.0);
        assert_eq!(
            rates,
            [Some(2.0), Some(0.0), Some(4096.0), Some(0.0), Some(2.0), None, Some(25.0),]
        );
    }
}
