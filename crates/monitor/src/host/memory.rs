//! Memory from `/proc/meminfo`, as the kernel itself estimates what a program could still have.

use crate::timeline::round;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) total_bytes: u64,
    available_bytes: u64,
}

impl Memory {
    /// Reads this machine's; none where it does not say.
    pub(crate) fn read() -> Option<Memory> {
        Memory::parse(&std::fs::read_to_string("/proc/meminfo").ok()?)
    }

    fn parse(text: &str) -> Option<Memory> {
        let bytes = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
            kib.checked_mul(1024)
        };
        let (total_bytes, available_bytes) = (bytes("MemTotal:")?, bytes("MemAvailable:")?);
        Memory::new(total_bytes, available_bytes)
    }

    /// None where there is no memory.
    pub(crate) fn new(total_bytes: u64, available_bytes: u64) -> Option<Memory> {
        (total_bytes > 0).then_some(Memory { total_bytes, available_bytes })
    }

    /// What programs could not have had.
    pub(crate) fn used_percent(&self) -> f64 {
        let used = self.total_bytes.saturating_sub(self.available_bytes);
        round(used as f64 * 100.0 / self.total_bytes as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_could_be_had_is_not_used() {
        let text = "MemTotal:        4000 kB\nMemFree:          100 kB\nMemAvailable:    3000 kB\n";
        let memory = Memory::parse(text).unwrap();
        assert_eq!((memory.total_bytes, memory.used_percent()), (4_096_000, 25.0));
    }

    #[test]
    fn a_file_without_these_lines_says_nothing() {
        for text in ["", "MemTotal: 4000 kB", "MemTotal: 0 kB\nMemAvailable: 0 kB", "MemTotal: x"] {
            assert_eq!(Memory::parse(text), None, "{text:?}");
        }
    }
}
