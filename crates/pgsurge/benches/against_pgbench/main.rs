//! `make bench`: the program against pgbench, in the same run, on a throwaway server.
//!
//! It reports and never fails by time: a bar that is missed is a line of the table. The exit code
//! is 1 only where nothing could be measured.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is there to print")]

mod bare;
mod bench;
mod contender;
mod document;
mod figures;
mod machine;
mod options;
mod pace;
mod preload;
mod process;
mod speed;

use bench::Bench;
use document::Document;
use options::Options;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some(bare::WORD) => bare::main(&arguments).map(|counted| println!("{counted}")),
        // `cargo test --all-targets` starts benchmarks too, and none is a test.
        _ if !arguments.iter().any(|it| it == "--bench") => {
            println!("nothing to do: benchmarks run by `cargo bench`");
            Ok(())
        }
        _ => Options::read(&arguments).and_then(|options| run(&options)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    if let Err(error) = servers::clean_up_on_signals() {
        eprintln!("warning: {error}");
    }
    let busy_before = machine::busy();
    let mut bench = Bench::start(options)?;
    let mut document = Document { head: Vec::new(), sections: vec![], rows: vec![], notes: vec![] };
    // The tables are made there.
    let speed = options.wants("speed").then(|| speed::run(&mut bench, options)).transpose()?;
    if let Some(speed) = speed {
        document.rows.extend(speed.rows());
        let title = "Throughput and client CPU per query, closed loop";
        document.sections.push((title.to_owned(), speed.table()));
        document.sections.push(("Which poller".to_owned(), default_poller(&speed)));
        document.notes.push(speed.set_up());
        document.notes.extend(speed.notes);
    } else if options.wants("pace") {
        contender::make_tables(&bench)?;
    }
    if options.wants("pace") {
        let paced = pace::run(&mut bench, options);
        document.rows.extend(paced.rows());
        let title = "How late transactions begin, 16 connections, p50 · p99";
        document.sections.push((title.to_owned(), paced.table()));
        document.notes.extend(paced.notes);
    }
    if options.wants("preload") {
        let preload = preload::run(&bench, options)?;
        document.rows.extend(preload.rows());
        document.sections.push(("Preloading 1,000,000 rows".to_owned(), preload.text()));
    }
    document.head = head(&bench, options, busy_before);
    document.notes.extend(ABOUT.map(str::to_owned));
    println!("{}", document.text());
    match &options.output {
        Some(path) => document.write(path),
        None => {
            eprintln!("a short or partial benchmark: nothing was written (see --output)");
            Ok(())
        }
    }
}

/// How to read the figures.
const ABOUT: [&str; 5] = [
    "CPU time is user and system time of the client process from start to exit, so connecting, \
     preparing, verification and writing the result count, as connecting does for pgbench. \
     pgbench's time includes connecting, ours begins afterwards; throughput is without it for both.",
    "pgsurge ran whole: four histograms per action, intervals of 1 s, progress lines every second, \
     a result file, verification after the run. Both clients used two threads where nothing else \
     is said.",
    "The bare loop sends the same queries on the same number of threads and records nothing, not \
     even a clock reading per query.",
    "Wait + lateness: the result has a histogram of each and none of their sum, so its percentiles \
     are upper bounds (at most a share x of waits above a and y of latenesses above b means at \
     most x + y of sums above a + b). Arrivals were Poisson for both.",
    "Memory is the peak of resident memory (`VmHWM`) at 400 connections minus that at 8, per \
     connection.",
];

fn head(bench: &Bench, options: &Options, busy_before: Option<f64>) -> Vec<String> {
    let mut head = vec![
        format!("Date: {}", options.date.clone().unwrap_or_else(machine::today)),
        format!("Machine: {}", machine::describe()),
        format!(
            "PostgreSQL {} on the same machine, TCP on the loopback, pgsurge {}",
            bench.server().version(),
            env!("CARGO_PKG_VERSION")
        ),
        format!("Rounds: {}, of {} s per run", options.rounds, options.seconds),
    ];
    if let Some(busy) = busy_before {
        head.push(format!("Load average before the start: {busy:.2}"));
    }
    let verdicts = bench.verdicts.shown();
    if !verdicts.is_empty() {
        head.push(format!("Verdicts of our own runs: {verdicts}"));
    }
    head
}

fn default_poller(speed: &speed::Speed) -> String {
    format!(
        "`--poller auto`, the default, takes io_uring where the system allows it, else epoll. \
         Measured here: {}",
        speed.better_poller()
    )
}
