//! Machines and processes, against what another program reads from `/proc`.

use crate::server::{Place, for_looks, start};
use model::database_metrics::MeanMax;
use model::system_metrics::HostSource;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A file of `/proc` as another program reads it.
fn printed(path: &str) -> String {
    let printed = Command::new("cat").arg(path).output().unwrap().stdout;
    String::from_utf8(printed).unwrap()
}

/// A value that is `by` another reader, within a tenth.
#[track_caller]
fn agrees(seen: f64, by: f64) {
    assert!((seen - by).abs() <= by * 0.1, "{seen}, by another reader {by}");
}

/// Used and all ticks of this machine, as another program reads them.
fn ticks() -> (f64, f64) {
    let printed = Command::new("grep").args(["^cpu ", "/proc/stat"]).output().unwrap().stdout;
    let text = String::from_utf8(printed).unwrap();
    let ticks: Vec<f64> = text.split_whitespace().skip(1).map(|it| it.parse().unwrap()).collect();
    let all: f64 = ticks[..8].iter().sum();
    (all - ticks[3] - ticks[4], all)
}

#[test]
fn cpu_use_is_that_of_another_reader_of_proc() {
    let place = Place::new("cpu");
    let (mut before, mut after) = ((0.0, 0.0), (0.0, 0.0));
    let watched = place.watch(|| {
        before = ticks();
        let mut client = place.client();
        let spin = "SELECT count(*) FROM generate_series(1, 4000000)";
        (0..3).for_each(|_| client.batch(spin).unwrap());
        after = ticks();
    });
    let used = (after.0 - before.0) * 100.0 / (after.1 - before.1);
    let host = watched.system.server_host.data().unwrap();
    let seen = host.cpu_usage_percent;
    assert!((seen.mean - used).abs() < 5.0, "{seen:?}, by another reader {used}");
    assert!(seen.max >= seen.mean && host.memory_usage_percent.unwrap().mean > 0.0, "{host:?}");
    let cpus = std::fs::read_dir("/sys/devices/system/cpu").map_or(0, |all| all.count());
    assert!(host.cpus >= 1 && (cpus == 0 || host.cpus <= cpus as u64), "{host:?}");
}

/// CPU time of a process in ms.
fn cpu_ms(pid: u32) -> f64 {
    let text = printed(&format!("/proc/{pid}/stat"));
    let ticks = |column: usize| -> f64 {
        text.rsplit(')').next().unwrap().split_whitespace().nth(column).unwrap().parse().unwrap()
    };
    (ticks(11) + ticks(12)) * 10.0
}

#[test]
fn our_own_process_took_the_cpu_that_another_reader_of_proc_sees() {
    let place = Place::new("generator");
    let ourselves = std::process::id();
    let mut ms = 0.0;
    let watched = place.watch(|| {
        let before = cpu_ms(ourselves);
        let until = Instant::now() + Duration::from_secs(2);
        let mut spins = 0_u64;
        while Instant::now() < until {
            spins = std::hint::black_box(spins + 1);
        }
        ms = cpu_ms(ourselves) - before;
    });
    let section = watched.system.generator_process.unwrap();
    let process = section.data().unwrap();
    agrees(process.cpu_user_ms + process.cpu_system_ms, ms);
    let window_s = section.to_s.unwrap() - section.from_s.unwrap();
    agrees(process.cpu_core_percent.mean, ms / 10.0 / window_s);
    let machine = process.cpu_machine_percent.unwrap();
    assert!(machine.max >= machine.mean && machine.mean > 0.0, "{process:?}");
    assert!(process.resident_bytes.unwrap().max > 1e6, "{process:?}");
    assert!(process.voluntary_switches > 0, "{process:?}");
}

#[test]
fn the_servers_processes_took_the_cpu_that_another_reader_of_proc_sees() {
    let server = start(&[]);
    let place = Place::of(&server, "postgres");
    let mut ms = 0.0;
    let watched = place.watch(|| {
        let mut client = place.client();
        let backend = client.process_id().unwrap() as u32;
        let before = cpu_ms(backend);
        let until = Instant::now() + Duration::from_secs(2);
        while Instant::now() < until {
            client.batch("SELECT count(*) FROM generate_series(1, 500000)").unwrap();
        }
        ms = cpu_ms(backend) - before;
        // Its time is not lost with it.
        drop(client);
    });
    let section = watched.system.server_processes.unwrap();
    let processes = section.data().unwrap();
    agrees(processes.cpu_ms, ms);
    // The postmaster, its five helpers or more, the monitor and the load.
    assert!(processes.processes.max >= 7.0, "{processes:?}");
    let host = watched.system.server_host.data().unwrap();
    let (used, own) = (host.cpu_usage_percent.mean, processes.cpu_machine_percent.unwrap().mean);
    assert!(own > 0.0 && own <= used * 1.1, "{own} of {used}");
}

/// Bytes that a disk has written, and bytes that the loopback has received.
fn written(device: &str) -> f64 {
    let text = printed("/proc/diskstats");
    let line = text.lines().find(|line| line.split_whitespace().nth(2) == Some(device)).unwrap();
    line.split_whitespace().nth(9).unwrap().parse::<f64>().unwrap() * 512.0
}

fn over_loopback() -> f64 {
    let text = printed("/proc/net/dev");
    let line = text.lines().find_map(|line| line.trim().strip_prefix("lo:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn whole(rate: Option<MeanMax>, window_s: f64) -> f64 {
    rate.unwrap().mean * window_s
}

#[test]
fn what_was_written_and_sent_is_what_the_kernel_counted() {
    let server = start(&[]);
    let place = Place::of(&server, "postgres");
    let file = server.data_dir().join("written_by_a_test");
    let device = device_of(server.data_dir());
    let (mut on_disk, mut sent) = (0.0, 0.0);
    let watched = place.watch(|| {
        // Both have looked when it begins, and look again when all of it is there.
        for_looks(3);
        let before = (written(&device), over_loopback());
        let mut file = std::fs::File::create(file).unwrap();
        file.write_all(&vec![7; 64 << 20]).unwrap();
        file.sync_all().unwrap();
        let mut client = place.client();
        (0..20).for_each(|_| client.batch("SELECT repeat('x', 1000000)").unwrap());
        for_looks(3);
        (on_disk, sent) = (written(&device) - before.0, over_loopback() - before.1);
    });
    let section = watched.system.server_host;
    let window_s = section.to_s.unwrap() - section.from_s.unwrap();
    let host = section.data().unwrap();
    assert_eq!(host.source, HostSource::Proc);
    let disk = host.disk.data().unwrap();
    assert!(disk.holds_data && disk.devices.len() == 1, "{disk:?}");
    assert_eq!(disk.devices[0].device, device);
    let seen = whole(disk.devices[0].written_bytes_per_s, window_s);
    // Times are told in whole milliseconds.
    assert!(seen >= (64 << 20) as f64 * 0.99, "{disk:?}");
    agrees(seen, on_disk);
    assert!(disk.devices[0].utilisation_percent.unwrap().max > 0.0, "{disk:?}");
    let loopback = host.network.data().unwrap().loopback.as_ref().unwrap();
    let seen = whole(loopback.received_bytes_per_s, window_s);
    assert!(seen >= 20e6 * 0.99, "{loopback:?}");
    agrees(seen, sent);
}

/// The device of a folder, as another program tells it.
fn device_of(folder: &Path) -> String {
    let source = ["--output=source"];
    let printed = Command::new("df").args(source).arg(folder).output().unwrap().stdout;
    let device = String::from_utf8(printed).unwrap().lines().nth(1).unwrap().to_owned();
    let device = std::fs::canonicalize(&device).unwrap_or_else(|_| device.into());
    device.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn pressure_load_and_swapping_are_there_where_the_kernel_tells_them() {
    let watched = Place::new("pressure").watch(|| std::thread::sleep(Duration::from_millis(1200)));
    let host = watched.system.server_host.data().unwrap().clone();
    let is_told = std::fs::read_to_string("/proc/pressure/cpu").is_ok();
    assert_eq!(host.pressure.data().is_some(), is_told, "{:?}", host.pressure);
    assert_eq!(host.pressure.reason.is_some(), !is_told, "{:?}", host.pressure);
    let shares = host.pressure.data().and_then(|it| it.cpu);
    assert!(shares.is_none_or(|it| (0.0..=100.0).contains(&it.some_percent.max)), "{shares:?}");
    assert!(host.load_average_1m.is_some() && host.swap_in_pages_per_s.is_some(), "{host:?}");
}
