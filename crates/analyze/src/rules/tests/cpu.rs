//! The server's processors.

use super::*;
use model::finding::{Confidence, Severity};
use model::run_result::RunResult;

fn host(result: &mut RunResult, percent: f64) {
    let host = &mut result.system_metrics.as_mut().unwrap().server_host;
    host.data.as_mut().unwrap().cpu_usage_percent = steady(percent);
}

#[test]
fn a_cpu_bound_server_is_told_by_its_sessions_and_its_host() {
    let busy = waiting(&[("CPU:CPU", 6.0), ("IO:WalSync", 0.1)]);
    let found = fires("cpu_saturated", |result| {
        busy(result);
        host(result, 97.0);
    });
    assert!(rests_on(&found, 6.0) && rests_on(&found, 97.0), "{:#?}", found.evidence);
    assert!(found.severity == Severity::High && found.advice.contains("about 8 sessions"));
    quiet("cpu_saturated", |result| {
        busy(result);
        host(result, 89.0);
    });
    quiet("cpu_saturated", |result| {
        waiting(&[("CPU:CPU", 1.5)])(result);
        host(result, 99.0);
    });
}

#[test]
fn without_the_host_the_sessions_alone_are_less_sure() {
    let remote = |result: &mut RunResult| {
        result.system_metrics = None;
        result.environment.host.cpus = Some(4);
    };
    let found = fires("cpu_saturated", |result| {
        waiting(&[("CPU:CPU", 4.0)])(result);
        remote(result);
    });
    assert_eq!((found.confidence, found.impact), (Confidence::Medium, 0.7));
    quiet("cpu_saturated", |result| {
        waiting(&[("CPU:CPU", 3.9)])(result);
        remote(result);
    });
    let reason = unknown("cpu_saturated", |result| result.system_metrics = None);
    assert!(reason.contains("how many CPUs"), "{reason}");
}
