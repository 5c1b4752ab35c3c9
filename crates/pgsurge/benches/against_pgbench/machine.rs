//! Where and when it was measured.

use std::fs::read_to_string;
use time::OffsetDateTime;
use time::macros::format_description;

/// The machine in a sentence; what it doesn't tell is left out.
pub fn describe() -> String {
    let mut parts = Vec::new();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = field("/proc/cpuinfo", "model name");
    parts.push(match model {
        Some(model) => format!("{cores} cores ({model})"),
        None => format!("{cores} cores"),
    });
    let memory = field("/proc/meminfo", "MemTotal");
    let kib = memory.and_then(|text| text.strip_suffix(" kB")?.parse::<f64>().ok());
    if let Some(kib) = kib {
        parts.push(format!("{:.0} GiB memory", kib / 1024.0 / 1024.0));
    }
    if let Ok(release) = read_to_string("/proc/sys/kernel/osrelease") {
        // What follows the version is the builder's own.
        let version = release.trim().split('-').next().unwrap_or_default();
        parts.push(format!("{} {version}", std::env::consts::OS));
    }
    parts.join(", ")
}

/// How busy the machine is: processes that run or want to, over the last minute.
pub fn busy() -> Option<f64> {
    read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Today, in UTC.
pub fn today() -> String {
    let format = format_description!("[year]-[month]-[day]");
    OffsetDateTime::now_utc().format(&format).unwrap_or_default()
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
