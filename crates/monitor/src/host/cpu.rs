//! CPU time from `/proc/stat`, in ticks since the machine started (proc(5)).

use crate::timeline::round;

/// The counters of all CPUs together, of whatever unit: only their shares count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cpu {
    /// How many CPUs are online.
    pub(crate) cpus: u64,
    /// Threads that run or want to.
    pub(crate) running: Option<u64>,
    pub(super) user: u64,
    pub(super) system: u64,
    pub(super) idle: u64,
    pub(super) iowait: u64,
    pub(super) steal: u64,
}

/// Shares of the CPUs' time, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shares {
    pub(crate) used: f64,
    pub(crate) user: f64,
    pub(crate) system: f64,
    pub(crate) iowait: f64,
    pub(crate) steal: f64,
}

impl Cpu {
    /// Reads this machine's.
    pub(crate) fn read() -> Result<Cpu, String> {
        let text = std::fs::read_to_string("/proc/stat")
            .map_err(|error| format!("read /proc/stat: {error}"))?;
        Cpu::parse(&text).ok_or_else(|| "/proc/stat has no line of all CPUs".to_owned())
    }

    /// Reads the text of `/proc/stat`; none where it has no line of all CPUs.
    fn parse(text: &str) -> Option<Cpu> {
        let mut lines = text.lines();
        let all = lines.find_map(|line| line.strip_prefix("cpu "))?;
        // Old kernels have fewer columns; those that a newer one adds are in none of ours.
        let mut ticks = [0_u64; 8];
        for (tick, word) in ticks.iter_mut().zip(all.split_ascii_whitespace()) {
            *tick = word.parse().ok()?;
        }
        let [user, nice, system, idle, iowait, irq, softirq, steal] = ticks;
        let is_cpu = |line: &&str| {
            let rest = line.strip_prefix("cpu");
            rest.is_some_and(|rest| rest.starts_with(|it: char| it.is_ascii_digit()))
        };
        let running = text.lines().find_map(|line| line.strip_prefix("procs_running "));
        Some(Cpu {
            cpus: text.lines().filter(is_cpu).count() as u64,
            running: running.and_then(|running| running.trim().parse().ok()),
            user: user.saturating_add(nice),
            system: system.saturating_add(irq).saturating_add(softirq),
            idle,
            iowait,
            steal,
        })
    }

    /// Shares of the time since an earlier reading; none where no tick has passed.
    pub(crate) fn since(&self, earlier: &Cpu) -> Option<Shares> {
        // The kernel's own counters of idle time may run backwards a little (proc(5)).
        let part = |of: fn(&Cpu) -> u64| of(self).saturating_sub(of(earlier)) as f64;
        let (user, system) = (part(|it| it.user), part(|it| it.system));
        let (idle, iowait, steal) = (part(|it| it.idle), part(|it| it.iowait), part(|it| it.steal));
        let total = user + system + idle + iowait + steal;
        let percent = |ticks: f64| round(ticks * 100.0 / total);
        (total > 0.0).then(|| Shares {
            used: percent(user + system + steal),
            user: percent(user),
            system: percent(system),
            iowait: percent(iowait),
            steal: percent(steal),
        })
    }
}

impl Shares {
    /// The larger of each.
    pub(crate) fn max(&self, other: &Shares) -> Shares {
        Shares {
            used: self.used.max(other.used),
            user: self.user.max(other.user),
            system: self.system.max(other.system),
            iowait: self.iowait.max(other.iowait),
            steal: self.steal.max(other.steal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(ticks: [u32; 10], cpus: u32) -> String {
        let words: Vec<String> = ticks.iter().map(u32::to_string).collect();
        let each: String = (0..cpus).map(|cpu| format!("cpu{cpu} 1 2 3 4\n")).collect();
        format!("cpu  {}\n{each}intr 5 6\nctxt 7\nprocs_running 3\n", words.join(" "))
    }

    proptest! {
        #[test]
        fn what_the_kernel_writes_is_read_column_by_column(
            ticks in any::<[u32; 10]>(), cpus in 1..9u32,
        ) {
            let cpu = Cpu::parse(&text(ticks, cpus)).unwrap();
            let at = |column: usize| u64::from(ticks[column]);
            prop_assert_eq!((cpu.cpus, cpu.running), (u64::from(cpus), Some(3)));
            prop_assert_eq!(cpu.user, at(0) + at(1));
            prop_assert_eq!(cpu.system, at(2) + at(5) + at(6));
            prop_assert_eq!([cpu.idle, cpu.iowait, cpu.steal], [at(3), at(4), at(7)]);
        }

        #[test]
        fn shares_add_up_to_the_whole(before in any::<[u16; 8]>(), spent in any::<[u16; 8]>()) {
            let wide = |ticks: [u16; 8]| {
                let mut all = [0; 10];
                all.iter_mut().zip(ticks).for_each(|(all, tick)| *all = u32::from(tick));
                all
            };
            let (first, more) = (wide(before), wide(spent));
            let mut second = first;
            second.iter_mut().zip(more).for_each(|(tick, more)| *tick += more);
            let read = |ticks| Cpu::parse(&text(ticks, 2)).unwrap();
            let total: u32 = more.iter().sum();
            let shares = read(second).since(&read(first));
            prop_assert_eq!(shares.is_some(), total > 0);
            if let Some(shares) = shares {
                let parts = shares.user + shares.system + shares.steal;
                prop_assert!((parts - shares.used).abs() < 0.01);
                let idle = f64::from(more[3]) * 100.0 / f64::from(total);
                prop_assert!((shares.used + shares.iowait + idle - 100.0).abs() < 0.01);
            }
        }

        #[test]
        fn what_is_no_such_file_is_refused_without_a_panic(text in "\\PC*") {
            let _none = Cpu::parse(&text);
        }
    }

    #[test]
    fn a_counter_that_ran_backwards_gives_no_negative_share() {
        let read = |idle| Cpu::parse(&format!("cpu  10 0 10 {idle} 0 0 0 0 0 0\n")).unwrap();
        let later = Cpu { user: 20, ..read(90) };
        assert_eq!(later.since(&read(100)).unwrap().used, 100.0);
    }
}
