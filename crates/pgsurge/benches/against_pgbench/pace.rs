//! The open loop: how late transactions begin at a rate that the server can easily serve.
//!
//! pgbench's schedule lag is the time from the intended start of a transaction to its actual one;
//! ours is wait plus lateness.

use crate::bench::Bench;
use crate::contender::{Lag, OpenLoop, Poller, THREADS, our_lag, pgbench_lag};
use crate::figures::{Bar, Row, median, quotient};
use crate::options::Options;
use std::collections::BTreeMap;

const RATES_PER_S: [u32; 3] = [1_000, 5_000, 10_000];
const CONNECTIONS: u32 = 16;

type Figure = fn(&Lag) -> f64;

/// Lags by rate and by who: pgbench is none of our pollers.
#[derive(Default)]
pub struct Paced {
    lags: BTreeMap<(u32, Option<Poller>), Vec<Lag>>,
    /// What a reader has to know.
    pub notes: Vec<String>,
}

/// Runs the part.
pub fn run(bench: &mut Bench, options: &Options) -> Paced {
    let mut paced = Paced::default();
    for round in 0..options.rounds {
        for per_s in RATES_PER_S {
            let open = OpenLoop { connections: CONNECTIONS, per_s };
            let mut everyone = [None, Some(Poller::IoUring), Some(Poller::Epoll)];
            let first = round % everyone.len();
            everyone.rotate_left(first);
            for who in everyone {
                let lag = match who {
                    None => pgbench_lag(bench, open),
                    Some(poller) => our_lag(bench, open, poller),
                };
                let name = name(who).replace('`', "");
                let of = format!("round {} of {}, {per_s}/s, {name}", round + 1, options.rounds);
                match lag {
                    Ok(lag) => {
                        eprintln!("{of}: p50 {:.3} ms, p99 {:.3} ms", lag.p50_ms, lag.p99_ms);
                        paced.lags.entry((per_s, who)).or_default().push(lag);
                    }
                    Err(reason) => {
                        eprintln!("{of}: {reason}");
                        let note = format!("Failed: {name} at {per_s}/s: {reason}.");
                        if !paced.notes.contains(&note) {
                            paced.notes.push(note);
                        }
                    }
                }
            }
        }
    }
    paced
}

fn name(who: Option<Poller>) -> String {
    match who {
        None => format!("pgbench `-j {THREADS} -R`"),
        Some(poller) => format!("pgsurge, {}", poller.name()),
    }
}

impl Paced {
    fn median(&self, per_s: u32, who: Option<Poller>, figure: Figure) -> Option<f64> {
        median(self.lags.get(&(per_s, who))?.iter().map(figure).collect())
    }

    /// The figures with their bars.
    pub fn rows(&self) -> Vec<Row> {
        let percentiles: [(&str, Figure); 2] =
            [("p50", |lag| lag.p50_ms), ("p99", |lag| lag.p99_ms)];
        let mut rows = Vec::new();
        for poller in Poller::ALL {
            for per_s in RATES_PER_S {
                for (percentile, figure) in percentiles {
                    let what = format!(
                        "wait + lateness {percentile} ÷ pgbench's lag, {}, {per_s}/s",
                        poller.name()
                    );
                    let ours = self.median(per_s, Some(poller), figure);
                    let theirs = self.median(per_s, None, figure);
                    rows.push(Row::ratio(what, quotient(ours, theirs), Bar::AtMost(1.0)));
                }
            }
        }
        rows
    }

    /// Medians of everyone, as a Markdown table.
    pub fn table(&self) -> String {
        let mut text = String::from("| client |");
        RATES_PER_S.iter().for_each(|it| text.push_str(&format!(" {it}/s |")));
        text.push_str("\n| --- |");
        RATES_PER_S.iter().for_each(|_| text.push_str(" --- |"));
        for who in [None, Some(Poller::IoUring), Some(Poller::Epoll)] {
            text.push_str(&format!("\n| {} |", name(who)));
            for per_s in RATES_PER_S {
                let p50 = self.median(per_s, who, |lag| lag.p50_ms);
                let p99 = self.median(per_s, who, |lag| lag.p99_ms);
                match p50.zip(p99) {
                    Some((p50, p99)) => text.push_str(&format!(" {p50:.3} · {p99:.3} ms |")),
                    None => text.push_str(" - |"),
                }
            }
        }
        text.push('\n');
        text
    }
}
