//! A server that stops for 2 s under an open loop: everyone who came meanwhile waited, and the
//! result says so.

use crate::database::{private, url};
use crate::running::Load;
use model::histogram::Histogram;
use model::run_result::RunResult;
use std::time::{Duration, Instant};

const RATE_PER_S: f64 = 200.0;
const CONNECTIONS: u64 = 8;

/// What a run saw of a stop of so many seconds.
struct Stalled {
    seconds: f64,
    result: RunResult,
}

fn stall() -> Stalled {
    let server = private();
    let mut running = Load::at(&url(&server))
        .args("--workload select-only --warm-up 0 --duration 6s --rate 200 --connections 8")
        .start();
    running.wait_for_second(2);
    let stopped = Instant::now();
    server.pause();
    std::thread::sleep(Duration::from_secs(2));
    server.resume();
    let seconds = stopped.elapsed().as_secs_f64();
    Stalled { seconds, result: running.wait().result() }
}

fn histogram(text: &Option<String>) -> Histogram {
    Histogram::from_base64(text.as_deref().unwrap()).unwrap()
}

impl Stalled {
    /// How many actions took from `low` to `high` of the stop.
    fn share(&self, histogram: &Histogram, low: f64, high: f64) -> f64 {
        let us = |part: f64| (self.seconds * part * 1e6) as u64;
        histogram.count_between_us(us(low), us(high) - 1) as f64
    }

    /// What is not as the stop makes it.
    fn faults(&self) -> Vec<String> {
        let all = &self.result.load_metrics.all_actions;
        let response = histogram(&all.histograms.response_time);
        let service = histogram(&all.histograms.service_time);
        let due = RATE_PER_S * self.seconds;
        let mut faults = Vec::new();
        let mut expect = |what: &str, seen: f64, expected: f64, tolerance: f64| {
            if (seen - expected).abs() > tolerance {
                faults.push(format!("{what}: {seen:.3} instead of {expected:.3}"));
            }
        };
        let max_s = response.max_ms().unwrap() / 1000.0;
        expect("largest response time, s", max_s, self.seconds, self.seconds * 0.1);
        // Whoever came in the first nine tenths waited for more than the last tenth.
        let waited = self.share(&response, 0.1, 2.0);
        expect("actions that show it", waited, due * 0.9, due * 0.05);
        // Evenly from the whole stop to nothing: a fifth of them in every fifth.
        for fifth in [0.1, 0.3, 0.5, 0.7] {
            let seen = self.share(&response, fifth, fifth + 0.2);
            expect(&format!("from {fifth} of it on"), seen, due * 0.2, due * 0.04);
        }
        // Only those that were on their way when it stopped.
        let seen = self.share(&service, 0.1, 2.0);
        expect("service times that show it", seen, 0.0, CONNECTIONS as f64);
        faults
    }
}

#[test]
fn a_stop_of_two_seconds_shows_in_every_response_that_was_due_and_not_in_service_times() {
    let mut stalled = stall();
    // A busy machine can only add to what we measure: the best of three runs counts.
    for _ in 0..2 {
        if stalled.faults().is_empty() {
            break;
        }
        stalled = stall();
    }
    assert_eq!(stalled.faults(), [""; 0]);
    let load = &stalled.result.load_metrics;
    assert_eq!((load.all_actions.scheduled, load.all_actions.succeeded), (1200, 1200));
    assert!(load.all_actions.response_time_ms.unwrap().p90 > 500.0);
    assert!(load.all_actions.service_time_ms.unwrap().p99 < 100.0, "it would look fine");
    assert!(load.availability_percent.unwrap() < 100.0);
}
