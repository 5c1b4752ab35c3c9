//! PgBouncer's own console: who waits for a server connection, looked at five times a second over
//! a connection of its own. Columns go by name, since their set grows with its versions.

mod console;

use crate::timeline::{
    Outbox, Signal, Timeline, Watched, Woken, mean_max, round, thread_cpu, wait, wait_for_begin,
};
use console::{Console, Counted, Pools};
use model::database_metrics::{PoolerStats, Section, Unread};
use model::series::{Line, PoolerRow};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use wire::settings::Settings;
use wire::tls::Tls;

/// How often the pools are looked at.
const EVERY: Duration = Duration::from_millis(200);

/// A PgBouncer to ask.
#[derive(Clone)]
pub struct PoolerConsole {
    /// How to reach its console.
    pub settings: Arc<Settings>,
    /// How to encrypt, where that is asked for.
    pub tls: Option<Arc<Tls>>,
    /// The database under load, by the pooler's name for it.
    pub database: String,
}

/// What was seen of it.
pub(crate) struct Seen {
    pub(crate) section: Section<PoolerStats>,
    /// CPU time that seeing it took.
    pub(crate) own_cpu: Option<Duration>,
}

/// Watches until the load has ended; none when it never began, or nobody wants to know.
pub(crate) fn watch(
    (pooler, watched): (&PoolerConsole, &Watched),
    signals: &Receiver<Signal>,
    outbox: &Outbox,
) -> Option<Seen> {
    let mut console = Console::new(pooler, &watched.stop);
    let before = console.counted();
    let timeline = Timeline::new(wait_for_begin(signals)?, watched);
    // Without a warm-up the look before the load is the one to compare with.
    let begin = (timeline.measuring == timeline.begins).then_some((timeline.begins, before));
    let mut watching =
        Watching { console, timeline, begin, all: Tally::default(), of_second: Tally::default() };
    let ended = watching.until_end(signals, outbox)?;
    Some(Seen { section: watching.finish(ended), own_cpu: thread_cpu() })
}

/// Looks, added up.
#[derive(Default)]
struct Tally {
    looks: u64,
    sum: [f64; 4],
    most: [f64; 4],
    wait_max_ms: f64,
}

impl Tally {
    fn add(&mut self, pools: &Pools) {
        self.looks += 1;
        for (at, value) in pools.connections.into_iter().enumerate() {
            self.sum[at] += value;
            self.most[at] = self.most[at].max(value);
        }
        self.wait_max_ms = self.wait_max_ms.max(pools.wait_max_ms);
    }

    fn mean(&self, at: usize) -> f64 {
        round(self.sum[at] / self.looks.max(1) as f64)
    }

    fn row(&self, t: f64) -> Option<PoolerRow> {
        (self.looks > 0).then(|| PoolerRow {
            t,
            samples: self.looks,
            clients_active: self.mean(0),
            clients_waiting: self.mean(1),
            servers_active: self.mean(2),
            servers_idle: self.mean(3),
            wait_max_ms: round(self.wait_max_ms),
        })
    }
}

struct Watching {
    console: Console,
    timeline: Timeline,
    /// The counters that the window's are compared with, and when they were read.
    begin: Option<(Instant, Result<Counted, Unread>)>,
    all: Tally,
    of_second: Tally,
}

impl Watching {
    fn until_end(&mut self, signals: &Receiver<Signal>, outbox: &Outbox) -> Option<Instant> {
        let (mut due, mut second) = (self.timeline.begins, 0);
        loop {
            let ended = match wait(signals, due) {
                Woken::Due => None,
                Woken::Ended(at) => Some(at),
                Woken::Abandoned => return None,
            };
            let now = Instant::now();
            if self.timeline.second(now) > second || ended.is_some() {
                let t = self.timeline.second_began_s(second);
                let row = std::mem::take(&mut self.of_second).row(t);
                row.into_iter().for_each(|row| outbox.send(Line::Pooler(row)));
                second = self.timeline.second(now);
            }
            if ended.is_some() {
                return ended;
            }
            if self.begin.is_none() && now >= self.timeline.measuring {
                self.begin = Some((now, self.console.counted()));
            }
            if let Ok(pools) = self.console.pools() {
                self.of_second.add(&pools);
                if self.timeline.is_measured(now) {
                    self.all.add(&pools);
                }
            }
            // A gap stays a gap: no burst of looks to make up for it.
            due = (due + EVERY).max(Instant::now());
        }
    }

    fn finish(mut self, ended: Instant) -> Section<PoolerStats> {
        if self.all.looks == 0 {
            return Section::unread(self.console.trouble());
        }
        let now = self.console.counted();
        let began = self.begin.as_ref().map_or(ended, |(at, _)| *at);
        let added = match (&self.begin, now) {
            (Some((_, Ok(then))), Ok(now)) => now.since(then),
            _ => Counted::default(),
        };
        let of = |at: usize| mean_max(self.all.sum[at], self.all.most[at], self.all.looks);
        let per = added.wait_us.zip(added.transactions.filter(|count| *count > 0));
        let stats = PoolerStats {
            samples: self.all.looks,
            clients_active: of(0),
            clients_waiting: of(1),
            servers_active: of(2),
            servers_idle: of(3),
            wait_max_ms: round(self.all.wait_max_ms),
            transactions: added.transactions,
            statements: added.statements,
            wait_total_ms: added.wait_us.map(|us| round(us as f64 / 1000.0)),
            wait_per_transaction_ms: per
                .map(|(us, count)| round(us as f64 / 1000.0 / count as f64)),
        };
        Section::read(stats, (self.timeline.seconds(began), self.timeline.seconds(ended)))
    }
}
