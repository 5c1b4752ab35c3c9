//! Five thousand connections: they all open, they cost little memory each, and a limit of files
//! that is too low is told before anything starts.

use crate::database::{bouncer_to, private};
use crate::running::{Ended, Load, Running, until};
use model::run_result::RunResult;
use model::series::Point;
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

/// The numbers of a series, second by second.
fn series(ended: &Ended, metric: &str) -> Vec<f64> {
    let bytes = std::fs::read(ended.path("result.json")).unwrap();
    let all = report::json::read(&bytes).unwrap().series;
    let found = all.iter().find(|it| it.name.metric == metric);
    let points = &found.unwrap_or_else(|| panic!("no series {metric}")).v;
    let number = |point: &Point| match point {
        Point::Number(number) => *number,
        Point::Text(text) => panic!("{metric}: {text} is no number"),
    };
    points.iter().map(number).collect()
}

#[test]
fn five_thousand_users_arrive_at_the_rate_asked_for() {
    let (_server, bouncer) = roomy();
    let url = format!("{}?sslmode=disable", bouncer.url());
    let load = Load::at(&url).args("--workload select-only --keep-data --threads 2");
    let ended = load.args("--user-stages 4s:5000,2s:5000 --think-time 2s").run();
    let connections = ended.result().load_metrics.connections;
    assert_eq!((connections.attempted, connections.failed, connections.lost), (5000, 0, 0));
    let each_s = series(&ended, "connects");
    assert!(each_s.len() >= 6, "{each_s:?}");
    for second in &each_s[..4] {
        assert!((1000.0..1500.0).contains(second), "{each_s:?}");
    }
    assert_eq!(series(&ended, "connections_usable")[5], 5000.0);
}
