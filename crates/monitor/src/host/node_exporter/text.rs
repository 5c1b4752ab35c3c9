//! What a node_exporter tells (Prometheus text format 0.0.4), as far as we want it.

use super::super::cpu::Cpu;
use super::super::disk::{self, Disks};
use super::super::memory::Memory;
use super::super::network::{Network, Traffic};
use super::super::paging::Swap;
use super::super::pressure::Stalls;
use super::super::reading::Reading;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// The collectors that have what we want, for those that hand out parts.
pub(super) const COLLECTORS: [&str; 8] =
    ["cpu", "diskstats", "loadavg", "meminfo", "netdev", "pressure", "stat", "vmstat"];

/// One line: a name, labels as they stand there, a value.
struct Sample<'a> {
    name: &'a str,
    labels: &'a str,
    value: f64,
}

impl<'a> Sample<'a> {
    /// None for comments, for what is no sample, and for values that are no count.
    fn parse(line: &'a str) -> Option<Sample<'a>> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let end = line.find(['{', ' ', '\t'])?;
        let (name, rest) = line.split_at(end);
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(inside) => inside.split_at(end_of_labels(inside)?),
            None => ("", rest),
        };
        let value = rest.trim_start_matches('}').split_ascii_whitespace().next()?;
        let value: f64 = value.parse().ok()?;
        (value.is_finite() && value >= 0.0).then_some(Sample { name, labels, value })
    }

    /// The value of a label.
    fn label(&self, wanted: &str) -> Option<&'a str> {
        let mut rest = self.labels;
        loop {
            let (name, after) = rest.split_once("=\"")?;
            let end = end_of_quoted(after)?;
            if name.trim_matches([',', ' ']) == wanted {
                return Some(&after[..end]);
            }
            rest = &after[end + 1..];
        }
    }

    /// The value in thousandths, as a counter.
    fn thousandths(&self) -> u64 {
        (self.value * 1e3).round() as u64
    }
}

/// Where a quoted value ends, which may hold quotes of its own behind a backslash.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// Where the labels end: at the bracket that stands in no value.
fn end_of_labels(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let next = rest.find(['"', '}'])?;
        if rest.as_bytes()[next] == b'}' {
            return Some(at + next);
        }
        at += next + 1;
        at += end_of_quoted(&text[at..])? + 1;
    }
}

/// What has been found so far.
#[derive(Default)]
struct Found<'a> {
    cpus: BTreeSet<&'a str>,
    /// ms by what they were spent on.
    modes: BTreeMap<&'a str, u64>,
    disks: Disks,
    traffic: BTreeMap<&'a str, Traffic>,
    stalls: Stalls,
    /// Everything that has no label.
    plain: BTreeMap<&'a str, f64>,
}

/// The machine that the text tells of.
pub(super) fn reading(text: &str, at: Instant) -> Reading {
    let mut found = Found::default();
    text.lines().filter_map(Sample::parse).for_each(|sample| found.take(&sample));
    found.reading(at)
}

impl<'a> Found<'a> {
    fn take(&mut self, sample: &Sample<'a>) {
        let Some(name) = sample.name.strip_prefix("node_") else { return };
        if sample.labels.is_empty() {
            self.plain.insert(name, sample.value);
        } else if name == "cpu_seconds_total" {
            self.cpus.extend(sample.label("cpu"));
            if let Some(mode) = sample.label("mode") {
                *self.modes.entry(mode).or_default() += sample.thousandths();
            }
        } else if let Some(device) = sample.label("device") {
            self.device(name, device, sample);
        }
    }

    fn device(&mut self, name: &str, device: &'a str, sample: &Sample<'_>) {
        let count = sample.value as u64;
        let disk = match name {
            "disk_reads_completed_total" => Some((0, count)),
            "disk_writes_completed_total" => Some((1, count)),
            "disk_read_bytes_total" => Some((2, count)),
            "disk_written_bytes_total" => Some((3, count)),
            "disk_read_time_seconds_total" => Some((4, sample.thousandths())),
            "disk_write_time_seconds_total" => Some((5, sample.thousandths())),
            "disk_io_time_seconds_total" => Some((6, sample.thousandths())),
            _ => None,
        };
        if let Some((at, value)) = disk.filter(|_| disk::is_whole(device)) {
            self.disks.entry(device.to_owned()).or_default()[at] = value;
        }
        let network = match name {
            "network_receive_bytes_total" => Some(0),
            "network_transmit_bytes_total" => Some(1),
            "network_receive_errs_total" | "network_transmit_errs_total" => Some(2),
            "network_receive_drop_total" | "network_transmit_drop_total" => Some(3),
            _ => None,
        };
        if let Some(at) = network {
            let sum = &mut self.traffic.entry(device).or_default()[at];
            *sum = sum.saturating_add(count);
        }
    }

    fn reading(mut self, at: Instant) -> Reading {
        let plain = |name: &str| self.plain.get(name).copied();
        let us = |name: &str| plain(name).map(|seconds| (seconds * 1e6).round() as u64);
        self.stalls = Stalls([
            us("pressure_cpu_waiting_seconds_total"),
            None,
            us("pressure_io_waiting_seconds_total"),
            us("pressure_io_stalled_seconds_total"),
            us("pressure_memory_waiting_seconds_total"),
            us("pressure_memory_stalled_seconds_total"),
        ]);
        let bytes = |name: &str| plain(name).map(|bytes| bytes as u64);
        let memory = bytes("memory_MemTotal_bytes").zip(bytes("memory_MemAvailable_bytes"));
        let swap = plain("vmstat_pswpin").zip(plain("vmstat_pswpout"));
        let swap = swap.map(|(pages_in, pages_out)| Swap {
            pages_in: pages_in as u64,
            pages_out: pages_out as u64,
        });
        self.disks.retain(|_, counters| counters.iter().any(|it| *it > 0));
        let mut network = Network::default();
        self.traffic.iter().for_each(|(name, traffic)| network.add(name, *traffic));
        let none = |of: &str| format!("the node_exporter tells nothing of {of}");
        Reading {
            at,
            cpu: self.cpu().ok_or_else(|| none("CPUs (node_cpu_seconds_total)")),
            memory: memory.and_then(|(total, available)| Memory::new(total, available)),
            load_average: plain("load1"),
            swap,
            disks: match self.disks.is_empty() {
                true => Err(none("disks (node_disk_…)")),
                false => Ok(self.disks),
            },
            network: match self.traffic.is_empty() {
                true => Err(none("the network (node_network_…)")),
                false => Ok(network),
            },
            pressure: self.stalls.or_absent(&none("pressure (node_pressure_…)")),
        }
    }

    fn cpu(&self) -> Option<Cpu> {
        let of = |modes: &[&str]| modes.iter().filter_map(|mode| self.modes.get(mode)).sum();
        let running = self.plain.get("procs_running").map(|running| *running as u64);
        (!self.cpus.is_empty() && self.modes.contains_key("idle")).then(|| Cpu {
            cpus: self.cpus.len() as u64,
            running,
            user: of(&["user", "nice"]),
            system: of(&["system", "irq", "softirq"]),
            idle: of(&["idle"]),
            iowait: of(&["iowait"]),
            steal: of(&["steal"]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Reading {
        reading(text, Instant::now())
    }

    proptest! {
        #[test]
        fn cpus_are_summed_whatever_their_labels_and_their_order(
            seconds in prop::collection::vec((0..4_u8, 0..6_usize, 0.0..1e6_f64), 1..40),
            swapped: bool,
        ) {
            let modes = ["user", "system", "idle", "iowait", "steal", "softirq"];
            let lines = seconds.iter().map(|(cpu, mode, value)| {
                let (cpu, mode) = (format!("cpu=\"{cpu}\""), format!("mode=\"{}\"", modes[*mode]));
                let labels = if swapped { format!("{mode},{cpu}") } else { format!("{cpu},{mode}") };
                format!("node_cpu_seconds_total{{{labels}}} {value}\n")
            });
            let cpu = read(&lines.collect::<String>()).cpu;
            let sum = |wanted: usize| -> u64 {
                let of = seconds.iter().filter(|(_, mode, _)| *mode == wanted);
                of.map(|(_, _, value)| (value * 1e3).round() as u64).sum()
            };
            let ids: BTreeSet<u8> = seconds.iter().map(|(cpu, ..)| *cpu).collect();
            prop_assert_eq!(cpu.is_ok(), seconds.iter().any(|(_, mode, _)| *mode == 2));
            if let Ok(cpu) = cpu {
                prop_assert_eq!(cpu.cpus, ids.len() as u64);
                prop_assert_eq!((cpu.user, cpu.system, cpu.idle), (sum(0), sum(1) + sum(5), sum(2)));
            }
        }

        #[test]
        fn a_label_is_found_behind_any_other(value in "[^\\\\\"\n]{0,20}") {
            let line = format!(
                "node_disk_read_bytes_total{{note=\"}}, \\\"device=\\\"x {value}\", device=\"sda\"}} 7"
            );
            let sample = Sample::parse(&line).unwrap();
            prop_assert_eq!((sample.label("device"), sample.value), (Some("sda"), 7.0));
        }

        #[test]
        fn what_is_no_such_text_is_passed_over_without_a_panic(text in "(node_[a-z]{0,3}|\\PC|[{}\",=\\\\\n 1]){0,60}") {
            let _any = read(&text);
        }
    }

    #[test]
    fn values_that_are_no_counts_are_not_taken_for_some() {
        for value in ["NaN", "+Inf", "-1", "x", ""] {
            let load = read(&format!("node_load1 {value}\n")).load_average;
            assert_eq!(load, None, "{value}");
        }
        assert_eq!(read("node_load1 1.5e+00 1700000000000\n").load_average, Some(1.5));
    }

    #[test]
    fn what_is_missing_says_so_part_by_part() {
        let reading = read("# HELP node_load1 x\nnode_load1 3\ngo_goroutines 8\n");
        assert_eq!(reading.load_average, Some(3.0));
        let reasons = [reading.cpu.err(), reading.disks.err(), reading.network.err()];
        let reasons = reasons.map(Option::unwrap).join("\n");
        assert!(
            reasons.contains("node_cpu_seconds_total") && reasons.contains("disks"),
            "{reasons}"
        );
        assert!(reading.pressure.unwrap_err().contains("pressure"));
    }
}
