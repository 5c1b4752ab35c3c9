//! The server, over a connection of the monitor's own.
//!
//! Everything cumulative is read before the load, when measuring begins and after the load, the
//! sessions ten times a second, the database's counters once a second, statements, tables and
//! indexes every ten seconds and where a stage ends. What can't be read at its time is a gap;
//! nothing is read twice to make up for it.

mod activity;
mod blocking;
mod busiest;
mod catalogue;
mod counted;
mod counters;
mod database;
mod ends;
mod grouped;
mod idle;
mod indexes;
mod io;
mod kept;
mod look;
mod observed;
mod plans;
mod relations;
mod replication;
mod rhythm;
mod sampled;
mod sections;
mod session;
mod shown;
mod snapshot;
mod statement_texts;
mod statement_waits;
mod statements;
mod tables;
mod tally;
mod vacuum;
mod wal;

use crate::timeline::{
    Outbox, Signal, Timeline, Watched, Woken, round, thread_cpu, wait, wait_for_begin,
};
use activity::Sample;
use busiest::Busiest;
use counted::Counted;
use model::database_metrics::{DatabaseMetrics, MonitorCost, Section};
use model::series::{Line, ServerRow};
use observed::Observed;
use rhythm::SAMPLE_EVERY;
use session::Session;
use snapshot::Snapshot;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};
use tally::Tally;

pub(crate) use sections::nothing;

/// Backends tell their counters at most once a second (PGSTAT_MIN_INTERVAL, pgstat.c), and when
/// they end: after this all of them have.
const FLUSH_LAG: Duration = Duration::from_millis(1500);
/// How long after the load's end a server that can't be asked is asked again.
const GIVE_UP: Duration = Duration::from_secs(5);

/// What was seen of the server.
pub(crate) struct Seen {
    metrics: DatabaseMetrics,
    cost: MonitorCost,
    own_cpu: Option<Duration>,
    /// CPU time of our backend while load ran, or else all round trips, as a share of that time.
    asking_share: Option<f64>,
    window: (f64, f64),
}

/// What only the whole monitor knows.
pub(crate) struct Whole {
    /// CPU time of its other threads.
    pub(crate) others_cpu: Option<Duration>,
    /// Lines that found no room.
    pub(crate) rows_lost: u64,
    /// CPUs of the server's host, where they are known.
    pub(crate) server_cpus: Option<f64>,
}

impl Seen {
    /// With what only the whole monitor knows.
    pub(crate) fn finish(self, whole: &Whole) -> DatabaseMetrics {
        let cpu = self.own_cpu.zip(whole.others_cpu).map(|(server, others)| server + others);
        let share = self.asking_share.zip(whole.server_cpus.filter(|cpus| *cpus > 0.0));
        let cost = MonitorCost {
            cpu_ms: cpu.map(milliseconds),
            rows_lost: whole.rows_lost,
            server_cpu_percent: share.map(|(share, cpus)| round(share * 100.0 / cpus)),
            ..self.cost
        };
        DatabaseMetrics { monitor: Section::read(cost, self.window), ..self.metrics }
    }
}

/// Watches until the load has ended and its counters are there; none when it never began, or
/// nobody wants to know. `ready` is told when the first look is done.
pub(crate) fn watch(
    watched: &Watched,
    signals: &Receiver<Signal>,
    outbox: &Outbox,
    ready: &SyncSender<()>,
) -> Option<Seen> {
    let mut session = Session::new(watched);
    database::wait_until_told(&mut session);
    let first = Snapshot::take(&mut session);
    // Who no longer waits for it has gone on without.
    let _told = ready.send(());
    let timeline = Timeline::new(wait_for_begin(signals)?, watched);
    let (began, began_cpu) = (session.cost, session.backend_cpu());
    let busiest = Busiest::new(watched);
    let mut watching = Watching::new(&mut session, &timeline, (first, busiest));
    let ended = watching.until_end(signals, outbox)?;
    let Watching { begin, observed, missed, is_measuring, mut busiest, .. } = watching;
    let in_load = session.cost.since(&began);
    let backend_cpu = match (began_cpu, session.backend_cpu()) {
        // After a reconnect it is another one, and the time of the first is gone.
        (Some((then, before)), Some((now, cpu))) if then == now => cpu.checked_sub(before),
        _ => None,
    };
    let end = last_look(&mut session, ended);
    if is_measuring {
        let looks = (&begin.look, &end.look, ended);
        busiest.end(&mut session, &timeline, looks).into_iter().for_each(|line| outbox.send(line));
    }
    let span = snapshot::Span { begin: &begin, end: &end, timeline: &timeline, ended };
    let (mut metrics, own_exec_ms) = sections::all(&mut session, &span, &observed);
    metrics.statements_over_time = busiest.over_time(&mut session);
    let all = session.cost;
    let load_s = ended.saturating_duration_since(timeline.begins).as_secs_f64();
    let asking = backend_cpu.unwrap_or(in_load.round_trips);
    let asking_share = (load_s > 0.0).then(|| asking.as_secs_f64() / load_s);
    let cost = MonitorCost {
        statements: all.statements,
        statements_failed: all.failed,
        reconnects: all.connects.saturating_sub(1),
        round_trip_ms: milliseconds(all.round_trips),
        server_cpu_ms: backend_cpu.map(milliseconds),
        server_cpu_percent: None,
        exec_time_ms: own_exec_ms,
        cpu_ms: None,
        samples_missed: missed,
        rows_lost: 0,
    };
    let window = (timeline.seconds(timeline.begins), timeline.seconds(Instant::now()));
    Some(Seen { metrics, cost, own_cpu: thread_cpu(), asking_share, window })
}

/// What goes on while load runs.
struct Watching<'a> {
    session: &'a mut Session,
    timeline: &'a Timeline,
    /// The counters that the window's are compared with.
    begin: Snapshot,
    is_measuring: bool,
    observed: Observed,
    busiest: Busiest,
    missed: u64,
    /// The second that is being gathered, and its samples.
    second: u64,
    of_second: Tally,
    /// The last look at the counters that are read every second.
    last: Option<Counted>,
}

impl<'a> Watching<'a> {
    fn new(
        session: &'a mut Session,
        timeline: &'a Timeline,
        (first, busiest): (Snapshot, Busiest),
    ) -> Watching<'a> {
        Watching {
            session,
            timeline,
            begin: first,
            // Without a warm-up the look before the load is the one to compare with.
            is_measuring: timeline.measuring == timeline.begins,
            observed: Observed::default(),
            busiest,
            missed: 0,
            second: 0,
            of_second: Tally::default(),
            last: None,
        }
    }

    /// Looks until the load has ended: when it did. None when nobody wants to know any more.
    fn until_end(&mut self, signals: &Receiver<Signal>, outbox: &Outbox) -> Option<Instant> {
        // Connecting took a while: the first second is compared with its own beginning.
        self.count_second(&mut ServerRow::default());
        let (mut due, mut slot) = (self.timeline.begins, 0);
        let ended = |this: &mut Self, at| {
            this.end_second(outbox);
            Some(at)
        };
        loop {
            match wait(signals, due) {
                Woken::Due => {}
                Woken::Ended(at) => return ended(self, at),
                Woken::Abandoned => return None,
            }
            if !self.is_measuring && Instant::now() >= self.timeline.measuring {
                self.is_measuring = true;
                self.begin_window();
            }
            if self.timeline.second(Instant::now()) > self.second {
                self.end_second(outbox);
            }
            self.look(outbox);
            // Borders are kept on time; sessions are seen at another moment of each slot.
            match wait(signals, due + rhythm::moment(slot)) {
                Woken::Due => self.sample(),
                Woken::Ended(at) => return ended(self, at),
                Woken::Abandoned => return None,
            }
            due += SAMPLE_EVERY;
            let behind = Instant::now().saturating_duration_since(due);
            // A gap stays a gap: no burst of looks to make up for it.
            let missed = (behind.as_nanos() / SAMPLE_EVERY.as_nanos()) as u32;
            self.missed += u64::from(missed);
            due += SAMPLE_EVERY * missed;
            slot += 1 + u64::from(missed);
        }
    }

    /// The counters that the measured window begins with. Those of before the warm-up stay where
    /// the server can't be asked now; their window then says that it began earlier.
    fn begin_window(&mut self) {
        let now = Snapshot::take(self.session);
        if now.is_there() {
            self.begin = now;
        }
    }

    /// Looks at statements, tables and indexes, where it is time.
    fn look(&mut self, outbox: &Outbox) {
        let at_s = self.timeline.seconds(Instant::now());
        if self.is_measuring && self.busiest.is_due(at_s) {
            let line = self.busiest.look(self.session, self.timeline, &self.begin.look);
            line.into_iter().for_each(|line| outbox.send(line));
        }
    }

    fn sample(&mut self) {
        let at = Instant::now();
        let Ok(sample) = Sample::take(self.session) else {
            self.missed += 1;
            return;
        };
        self.of_second.add(&sample);
        if self.timeline.is_measured(at) {
            self.observed.sample(self.session, self.timeline.seconds(at), &sample);
        }
    }

    /// Sends the row of the second that has ended. One in which nothing could be seen has none.
    fn end_second(&mut self, outbox: &Outbox) {
        let mut row =
            ServerRow { t: self.timeline.second_began_s(self.second), ..ServerRow::default() };
        let slots = self.begin.slots.ok().copied();
        std::mem::take(&mut self.of_second).fill(&mut row, slots);
        self.count_second(&mut row);
        if row.samples > 0 || row.length_s.is_some() {
            outbox.send(Line::Server(row));
        }
        self.second = self.timeline.second(Instant::now());
    }

    fn count_second(&mut self, row: &mut ServerRow) {
        let Ok(counted) = Counted::read(self.session) else {
            // Over a gap nothing is known by the second.
            self.last = None;
            return;
        };
        if let Some(earlier) = &self.last {
            counted.fill(row, earlier);
        }
        if self.is_measuring {
            self.observed.second(self.session, self.timeline.seconds(counted.at));
        }
        self.last = Some(counted);
    }
}

/// The counters after the load, when the server has told all of them. A server that is away is
/// asked again for a while.
fn last_look(session: &mut Session, ended: Instant) -> Snapshot {
    pause_until(session, ended + FLUSH_LAG);
    loop {
        let end = Snapshot::take(session);
        let again = Instant::now() + Duration::from_millis(250);
        if end.is_there() || session.is_stopped() || again > ended + GIVE_UP {
            return end;
        }
        pause_until(session, again);
    }
}

/// Waits, but not for a user who wants to go at once.
fn pause_until(session: &Session, until: Instant) {
    while Instant::now() < until && !session.is_stopped() {
        let left = until.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
}

fn milliseconds(duration: Duration) -> f64 {
    round(duration.as_secs_f64() * 1000.0)
}
