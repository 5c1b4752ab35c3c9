//! The closed loop: throughput, CPU time per query and memory, everyone in turn, round by round.

use crate::bench::Bench;
use crate::contender::{Contender, Poller, make_table, make_tables};
use crate::figures::{Bar, Book, Figures, Row, quotient};
use crate::options::Options;

/// Connections of the comparison with pgbench.
const COMPARED: [u32; 3] = [8, 50, 200];
/// Connections that show what a further one costs.
const MANY: u32 = 400;
const FEW: u32 = COMPARED[0];

/// What was measured.
#[derive(Default)]
pub struct Speed {
    book: Book,
    /// What a reader has to know.
    pub notes: Vec<String>,
}

/// Runs the part.
pub fn run(bench: &mut Bench, options: &Options) -> Result<Speed, String> {
    let mut speed = Speed::default();
    eprintln!("making the tables");
    make_tables(bench)?;
    let has_sysbench = match make_table(bench) {
        Ok(()) => true,
        Err(reason) => {
            speed.notes.push(format!("sysbench took no part: {reason}."));
            false
        }
    };
    bench.sql("VACUUM ANALYZE")?;
    bench.settle()?;
    for round in 0..options.rounds {
        for connections in COMPARED.into_iter().chain([MANY]) {
            let mut contenders = contenders(connections, has_sysbench);
            // Nobody is always the first.
            let first = round % contenders.len();
            contenders.rotate_left(first);
            for contender in contenders {
                let run = contender.run(bench, connections);
                tell(
                    round,
                    options.rounds,
                    &format!("{connections} connections, {contender}"),
                    &run,
                );
                speed.book.add((connections, contender), run);
            }
        }
    }
    speed.notes.extend(speed.book.failures().into_iter().map(|it| format!("Failed: {it}.")));
    Ok(speed)
}

fn tell(round: usize, rounds: usize, who: &str, run: &Result<Figures, String>) {
    let who = who.replace('`', "");
    match run {
        Ok(run) => {
            let (per_s, cpu_us) = (run.per_s, run.cpu_us);
            eprintln!("round {} of {rounds}, {who}: {per_s:.0}/s, {cpu_us:.2} µs", round + 1);
        }
        Err(reason) => eprintln!("round {} of {rounds}, {who}: {reason}", round + 1),
    }
}

fn contenders(connections: u32, has_sysbench: bool) -> Vec<Contender> {
    let mut all = vec![Contender::Pgbench(2)];
    all.extend(Poller::ALL.map(Contender::Ours));
    if connections != MANY {
        all.extend([Contender::Pgbench(1), Contender::Pgbench(16)]);
        all.extend(Poller::ALL.map(Contender::Bare));
        all.extend(has_sysbench.then_some(Contender::Sysbench));
    }
    all
}

impl Speed {
    /// The figures with their bars.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let cpu = [(Poller::IoUring, [0.85, 0.75, 0.75]), (Poller::Epoll, [0.92, 0.90, 0.92])];
        for (poller, limits) in cpu {
            for (connections, limit) in COMPARED.into_iter().zip(limits) {
                let what = format!(
                    "client CPU per query ÷ pgbench `-j 2`, {}, {connections} connections",
                    poller.name()
                );
                let ours = self.book.cpu_us(connections, Contender::Ours(poller));
                let theirs = self.book.cpu_us(connections, Contender::Pgbench(2));
                rows.push(Row::ratio(what, quotient(ours, theirs), Bar::AtMost(limit)));
            }
        }
        for (connections, limit) in COMPARED.into_iter().zip([1.05, 1.05, 1.00]) {
            let what = format!(
                "throughput ÷ the best of pgbench, the better poller, {connections} connections"
            );
            let ours = self.best(connections, &Poller::ALL.map(Contender::Ours));
            let theirs = self.best(connections, &[1, 2, 16].map(Contender::Pgbench));
            rows.push(Row::ratio(what, quotient(ours, theirs), Bar::AtLeast(limit)));
        }
        for poller in Poller::ALL {
            let what = format!(
                "client CPU per query at {MANY} connections ÷ our own at {FEW}, {}",
                poller.name()
            );
            let at = |connections| self.book.cpu_us(connections, Contender::Ours(poller));
            rows.push(Row::ratio(what, quotient(at(MANY), at(FEW)), Bar::AtMost(1.5)));
        }
        rows.extend(Poller::ALL.map(|poller| self.memory_row(poller)));
        for poller in Poller::ALL {
            for connections in COMPARED {
                let what = format!(
                    "throughput ÷ the bare loop, {}, {connections} connections",
                    poller.name()
                );
                let ours = self.book.per_s(connections, Contender::Ours(poller));
                let bare = self.book.per_s(connections, Contender::Bare(poller));
                rows.push(Row::ratio(what, quotient(ours, bare), Bar::AtLeast(0.97)));
            }
        }
        rows
    }

    fn memory_row(&self, poller: Poller) -> Row {
        let theirs = match self.further_kib(Contender::Pgbench(2)) {
            Some(kib) => format!(" (pgbench `-j 2`: {kib:.1} KiB)"),
            None => String::new(),
        };
        let value = self.further_kib(Contender::Ours(poller));
        Row {
            what: format!("memory per further connection, {}{theirs}", poller.name()),
            shown: value.map(|kib| format!("{kib:.1} KiB")),
            value,
            bar: Bar::AtMost(16.0),
            bar_shown: "≤ 16 KiB".to_owned(),
        }
    }

    /// Peak memory at many connections minus that at few, per connection.
    fn further_kib(&self, contender: Contender) -> Option<f64> {
        let many = self.book.peak_bytes(MANY, contender)?;
        let few = self.book.peak_bytes(FEW, contender)?;
        Some((many - few) / 1024.0 / f64::from(MANY - FEW))
    }

    fn best(&self, connections: u32, contenders: &[Contender]) -> Option<f64> {
        let all = contenders.iter().filter_map(|it| self.book.per_s(connections, *it));
        all.max_by(f64::total_cmp)
    }

    /// Medians of everyone, side by side, as a Markdown table.
    pub fn table(&self) -> String {
        let mut text = String::from("| client |");
        let columns = || COMPARED.into_iter().chain([MANY]);
        columns().for_each(|it| text.push_str(&format!(" {it} connections |")));
        text.push_str("\n| --- |");
        columns().for_each(|_| text.push_str(" --- |"));
        for contender in contenders(FEW, true) {
            text.push_str(&format!("\n| {contender} |"));
            for connections in columns() {
                let per_s = self.book.per_s(connections, contender);
                let cpu_us = self.book.cpu_us(connections, contender);
                match per_s.zip(cpu_us) {
                    Some((per_s, us)) => text.push_str(&format!(" {per_s:.0}/s · {us:.2} µs |")),
                    None => text.push_str(" - |"),
                }
            }
        }
        text.push('\n');
        text
    }

    /// What our own process spends before and after the measured time.
    pub fn set_up(&self) -> String {
        let cell = |connections: u32| {
            let key = (connections, Contender::Ours(Poller::IoUring));
            let beside_us = self.book.median(key, |run| run.beside_us)?;
            Some(format!("{beside_us:.2} µs at {connections}"))
        };
        let cells: Vec<String> = COMPARED.into_iter().chain([MANY]).filter_map(cell).collect();
        format!(
            "Part of pgsurge's CPU per query that was spent outside of the measured time (start, \
             connecting, verification, the result), io_uring: {}. It shrinks as runs get longer.",
            cells.join(", ")
        )
    }

    /// Which poller came off better where.
    pub fn better_poller(&self) -> String {
        let verdict = |what: &str, figure: &dyn Fn(Poller, u32) -> Option<f64>| {
            let mut cells = Vec::new();
            for connections in COMPARED {
                let by = quotient(
                    figure(Poller::IoUring, connections),
                    figure(Poller::Epoll, connections),
                );
                let by = by.map_or("not measured".to_owned(), |by| format!("{by:.2}"));
                cells.push(format!("{by} at {connections}"));
            }
            format!("{what}, io_uring ÷ epoll: {}", cells.join(", "))
        };
        let cpu = |poller, at| self.book.cpu_us(at, Contender::Ours(poller));
        let per_s = |poller, at| self.book.per_s(at, Contender::Ours(poller));
        format!("{}. {}.", verdict("CPU per query", &cpu), verdict("Throughput", &per_s))
    }
}
