//! Five thousand connections: they all open, they cost little memory each, and a limit of files
//! that is too low is told before anything starts.

use crate::database::{bouncer_to, private};
use crate::running::{Load, Running, until};
use model::run_result::RunResult;
use servers::{PgBouncer, PgBouncerOptions, Postgres};
use std::time::Duration;

/// What one more connection may cost us.
const BYTES_PER_CONNECTION: u64 = 16 << 10;

/// The most memory that a process has used so far, bytes; none once it is gone.
fn peak_bytes(running: &Running) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

/// A pooler that takes that many, and its server.
fn roomy() -> (Postgres, PgBouncer) {
    let server = private();
    let options = PgBouncerOptions { max_client_conn: 6000, ..PgBouncerOptions::default() };
    let bouncer = bouncer_to(&server, &options);
    (server, bouncer)
}

/// A short run with so many connections, and the most memory that it used.
fn run(bouncer: &PgBouncer, connections: u32) -> (RunResult, u64) {
    let url = format!("{}?sslmode=disable", bouncer.url());
    let load = Load::at(&url).args("--workload select-only --rate 500 --warm-up 0 --keep-data");
    let load = load.args(&format!("--duration 2s --threads 2 --connections {connections}"));
    let running = load.start();
    let mut peak = 0;
    until("the end of the run", || {
        let now = peak_bytes(&running);
        peak = peak.max(now.unwrap_or(0));
        // A process that has ended and was not waited for has no memory any more.
        now.is_none()
    });
    let ended = running.wait();
    assert!(ended.took < Duration::from_secs(20), "{connections} connections: {:?}", ended.took);
    (ended.result(), peak)
}

#[test]
fn five_thousand_connections_open_and_cost_little_memory() {
    let (_server, bouncer) = roomy();
    let (few, few_bytes) = run(&bouncer, 100);
    let (many, many_bytes) = run(&bouncer, 5000);
    for (result, count) in [(&few, 100), (&many, 5000)] {
        let connections = &result.load_metrics.connections;
        let told = (connections.attempted, connections.failed, connections.lost);
        assert_eq!(told, (count, 0, 0), "{:?}", result.load_metrics.errors);
        let all = &result.load_metrics.all_actions;
        assert_eq!((all.scheduled, all.succeeded), (1000, 1000), "{all:?}");
    }
    let each = many_bytes.saturating_sub(few_bytes) / 4900;
    assert!(few_bytes > 1 << 20, "{few_bytes} bytes is no measurement");
    assert!(each <= BYTES_PER_CONNECTION, "{each} bytes per connection");
}
