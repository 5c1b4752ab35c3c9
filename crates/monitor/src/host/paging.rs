//! Swapping from `/proc/vmstat`, and the load average from `/proc/loadavg`.

use super::rates::{Rates, added};

/// Pages swapped in and out since the machine started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Swap {
    pub(crate) pages_in: u64,
    pub(crate) pages_out: u64,
}

impl Swap {
    /// Reads this machine's; none where it does not say.
    pub(crate) fn read() -> Option<Swap> {
        Swap::parse(&std::fs::read_to_string("/proc/vmstat").ok()?)
    }

    fn parse(text: &str) -> Option<Swap> {
        let pages =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
        Some(Swap { pages_in: pages("pswpin ")?, pages_out: pages("pswpout ")? })
    }

    /// Pages per second, in and out.
    pub(crate) fn since(&self, earlier: &Swap, seconds: f64) -> Rates<2> {
        let rate = |later, earlier| Some(added(later, earlier)? / seconds);
        [rate(self.pages_in, earlier.pages_in), rate(self.pages_out, earlier.pages_out)]
    }
}

/// The one-minute load average of this machine; none where it does not say.
pub(crate) fn load_average() -> Option<f64> {
    first_number(&std::fs::read_to_string("/proc/loadavg").ok()?)
}

fn first_number(text: &str) -> Option<f64> {
    text.split_ascii_whitespace().next()?.parse().ok().filter(|it: &f64| it.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapping_is_told_from_all_other_paging() {
        let text = "pgpgin 9\npswpin 300\npswpout 40\npgswapin 1\n";
        let swap = Swap::parse(text).unwrap();
        assert_eq!(swap, Swap { pages_in: 300, pages_out: 40 });
        let before = Swap { pages_in: 100, pages_out: 50 };
        assert_eq!(swap.since(&before, 2.0), [Some(100.0), None]);
        assert_eq!(Swap::parse("pgpgin 9\n"), None);
    }

    #[test]
    fn the_load_average_of_a_minute_is_the_first() {
        assert_eq!(first_number("2.93 5.99 4.53 5/169 21657\n"), Some(2.93));
        assert_eq!([first_number(""), first_number("NaN 1"), first_number("x")], [None; 3]);
    }
}
