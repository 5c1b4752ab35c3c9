//! Pressure stall information from `/proc/pressure` (kernel: Documentation/accounting/psi.rst): for
//! how long tasks stood still for want of CPU, disks or memory. Older kernels have none.

use super::rates::{Rates, mean_max};
use model::system_metrics::{Pressure, Stall};

/// µs since the machine started in which some, and in which all tasks waited: of the CPU, disks
/// and memory in turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stalls(pub(crate) [Option<u64>; 6]);

/// Percent of time, in the same order.
pub(crate) type StallRates = Rates<6>;

impl Stalls {
    /// Reads this machine's.
    pub(crate) fn read() -> Result<Stalls, String> {
        let mut stalls = Stalls::default();
        for (resource, at) in [("cpu", 0), ("io", 2), ("memory", 4)] {
            // Reading can fail where opening does not: a kernel started with psi=0.
            if let Ok(text) = std::fs::read_to_string(format!("/proc/pressure/{resource}")) {
                let [some, full] = parse(&text);
                // Of the whole machine the kernel counts nothing here (psi.rst): always 0.
                let full = full.filter(|_| resource != "cpu");
                (stalls.0[at], stalls.0[at + 1]) = (some, full);
            }
        }
        stalls.or_absent("this system's kernel does not tell its pressure (/proc/pressure)")
    }

    /// Itself, or why there is nothing in it.
    pub(crate) fn or_absent(self, why: &str) -> Result<Stalls, String> {
        let is_there = self.0.iter().any(Option::is_some);
        is_there.then_some(self).ok_or_else(|| why.to_owned())
    }

    pub(crate) fn since(&self, earlier: &Stalls, seconds: f64) -> StallRates {
        std::array::from_fn(|at| {
            let us = self.0[at]?.checked_sub(earlier.0[at]?)?;
            // The kernel adds up in steps: no more than all the time.
            Some((us as f64 / 1e4 / seconds).min(100.0))
        })
    }
}

/// As a result tells it, or why it can't.
pub(crate) fn told(means: StallRates, most: StallRates) -> Result<Pressure, &'static str> {
    let [cpu, cpu_full, io, io_full, memory, memory_full] = mean_max(means, most);
    let stall = |some: Option<_>, full_percent| {
        some.map(|some_percent| Stall { some_percent, full_percent })
    };
    let pressure = Pressure {
        cpu: stall(cpu, cpu_full),
        io: stall(io, io_full),
        memory: stall(memory, memory_full),
    };
    match pressure == Pressure::default() {
        true => Err("the kernel's counters of pressure ran backwards"),
        false => Ok(pressure),
    }
}

/// The two totals of one file.
fn parse(text: &str) -> [Option<u64>; 2] {
    ["some ", "full "].map(|kind| {
        let line = text.lines().find_map(|line| line.strip_prefix(kind))?;
        line.split_ascii_whitespace().find_map(|word| word.strip_prefix("total="))?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn totals_are_read_whatever_the_averages(some: u64, full: u64, avg in 0.0..100.0_f64) {
            let line = |kind: &str, total: u64| {
                format!("{kind} avg10={avg:.2} avg60={avg:.2} avg300=0.00 total={total}\n")
            };
            let text = line("some", some) + &line("full", full);
            prop_assert_eq!(parse(&text), [Some(some), Some(full)]);
            prop_assert_eq!(parse(&line("some", some)), [Some(some), None]);
        }

        #[test]
        fn what_is_no_such_file_is_refused_without_a_panic(text in "\\PC*") {
            let _none = parse(&text);
        }
    }

    #[test]
    fn half_a_second_in_each_is_half_of_the_time() {
        let at = |us| Stalls([Some(us), None, Some(us), Some(us), None, None]);
        let rates = at(3_500_000).since(&at(2_500_000), 2.0);
        assert_eq!(rates, [Some(50.0), None, Some(50.0), Some(50.0), None, None]);
        assert_eq!(at(1).since(&at(2), 1.0), [None; 6]);
        let told = told(rates, rates).unwrap();
        assert_eq!((told.memory, told.io.unwrap().some_percent.mean), (None, 50.0));
    }
}
