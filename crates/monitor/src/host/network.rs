//! Network interfaces from `/proc/net/dev`, those of real traffic together and the loopback apart.

use super::rates::{Rates, added, larger, mean_max, per_second};
use model::system_metrics::NetworkLoad;

const LOOPBACK: &str = "lo";
/// Interfaces that hand on what others count as well, or nothing real.
const STANDING_FOR_OTHERS: [&str; 15] = [
    "veth", "docker", "br-", "virbr", "cni", "flannel", "cali", "bond", "ifb", "dummy", "tun",
    "tap", "wg", "vnet", "kube",
];

/// Bytes received and sent; errors and drops, both ways.
pub(crate) type Traffic = [u64; 4];

/// Both parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Network {
    all: Traffic,
    loopback: Option<Traffic>,
}

/// Bytes per second received and sent, of each part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct NetworkRates {
    pub(crate) all: Rates<2>,
    loopback: Rates<2>,
}

impl Network {
    /// Reads this machine's, as far as our network namespace has it.
    pub(crate) fn read() -> Result<Network, String> {
        let text = std::fs::read_to_string("/proc/net/dev")
            .map_err(|error| format!("read /proc/net/dev: {error}"))?;
        let mut network = Network::default();
        parse(&text).for_each(|(name, traffic)| network.add(name, traffic));
        Ok(network)
    }

    /// Counts an interface where it belongs.
    pub(crate) fn add(&mut self, name: &str, traffic: Traffic) {
        let sum = match name {
            LOOPBACK => self.loopback.get_or_insert_default(),
            _ if STANDING_FOR_OTHERS.iter().any(|prefix| name.starts_with(prefix)) => return,
            _ => &mut self.all,
        };
        sum.iter_mut().zip(traffic).for_each(|(sum, more)| *sum = sum.wrapping_add(more));
    }

    pub(crate) fn since(&self, earlier: &Network, seconds: f64) -> NetworkRates {
        let bytes = |now: &Traffic, then: &Traffic| {
            let [received, sent, ..] = per_second(now, then, seconds);
            [received, sent]
        };
        let loopback = self.loopback.zip(earlier.loopback);
        NetworkRates {
            all: bytes(&self.all, &earlier.all),
            loopback: loopback.map(|(now, then)| bytes(&now, &then)).unwrap_or_default(),
        }
    }

    /// Over a window from `earlier`, beside the largest of its seconds.
    pub(crate) fn loads(
        &self,
        earlier: &Network,
        mean: &NetworkRates,
        most: &NetworkRates,
    ) -> (NetworkLoad, Option<NetworkLoad>) {
        let loopback = self.loopback.zip(earlier.loopback);
        let loopback =
            loopback.map(|(now, then)| load((&now, &then), mean_max(mean.loopback, most.loopback)));
        (load((&self.all, &earlier.all), mean_max(mean.all, most.all)), loopback)
    }
}

fn load(
    (now, then): (&Traffic, &Traffic),
    bytes: [Option<model::database_metrics::MeanMax>; 2],
) -> NetworkLoad {
    let count = |at: usize| added(now[at], then[at]).map(|count| count as u64);
    let [received_bytes_per_s, sent_bytes_per_s] = bytes;
    NetworkLoad { received_bytes_per_s, sent_bytes_per_s, errors: count(2), drops: count(3) }
}

impl NetworkRates {
    /// The larger of each.
    pub(crate) fn max(&self, other: &NetworkRates) -> NetworkRates {
        NetworkRates {
            all: larger(self.all, other.all),
            loopback: larger(self.loopback, other.loopback),
        }
    }
}

/// Every interface; lines that are none are passed over.
fn parse(text: &str) -> impl Iterator<Item = (&str, Traffic)> {
    text.lines().filter_map(|line| {
        let (name, counters) = line.split_once(':')?;
        let mut columns = [0_u64; 12];
        let mut words = counters.split_ascii_whitespace();
        for column in &mut columns {
            *column = words.next()?.parse().ok()?;
        }
        let [received, _, errors_in, drops_in, .., sent, _, errors_out, drops_out] = columns;
        let errors = errors_in.wrapping_add(errors_out);
        Some((name.trim(), [received, sent, errors, drops_in.wrapping_add(drops_out)]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(name: &str, columns: &[u32; 16]) -> String {
        let words: Vec<String> = columns.iter().map(u32::to_string).collect();
        format!("{name:>6}:{}\n", words.join(" "))
    }

    proptest! {
        #[test]
        fn what_the_kernel_writes_is_read_column_by_column(columns in any::<[u32; 16]>()) {
            let text = format!("Inter-|   Receive\n face |bytes\n{}", line("eth0", &columns));
            let at = |column: usize| u64::from(columns[column]);
            let expected = [at(0), at(8), at(2) + at(10), at(3) + at(11)];
            prop_assert_eq!(parse(&text).collect::<Vec<_>>(), [("eth0", expected)]);
        }

        #[test]
        fn what_is_no_such_file_is_refused_without_a_panic(text in "\\PC*") {
            parse(&text).for_each(drop);
        }
    }

    #[test]
    fn the_loopback_stands_apart_and_what_stands_for_others_counts_once() {
        let mut network = Network::default();
        for name in ["eth0", "lo", "docker0", "veth12ab", "br-1234", "ens5", "bond0"] {
            network.add(name, [1, 2, 3, 4]);
        }
        assert_eq!(network, Network { all: [2, 4, 6, 8], loopback: Some([1, 2, 3, 4]) });
        let later = Network { all: [2 + 100, 4 + 50, 7, 8], loopback: None };
        let rates = later.since(&network, 2.0);
        assert_eq!((rates.all, rates.loopback), ([Some(50.0), Some(25.0)], [None; 2]));
        let (all, loopback) = later.loads(&network, &rates, &rates);
        assert_eq!((all.errors, all.drops, loopback), (Some(1), Some(0), None));
    }
}
