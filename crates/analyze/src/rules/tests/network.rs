//! The way to the server, and connections.

use super::*;
use model::database_metrics::PoolerStats;
use model::finding::Confidence;

/// A host whose processors others use up.
fn crowded(result: &mut RunResult) {
    let host = &mut result.system_metrics.as_mut().unwrap().server_host;
    host.data.as_mut().unwrap().cpu_usage_percent = steady(95.0);
}

/// Statements, 2000/s, answered after so long, of which the server worked so much.
fn answered(service_ms: f64, exec_ms: f64) -> impl Fn(&mut RunResult) {
    move |result| {
        waiting(&[("CPU:CPU", 0.3)])(result);
        let all = &mut result.load_metrics.all_statements;
        (all.count, all.service_time_ms) = (200_000, Some(latency(service_ms)));
        let queries = db(result).query_performance.data.as_mut().unwrap();
        (queries.mean_exec_time_ms, queries.total_plan_time_ms) = (Some(exec_ms), None);
    }
}

#[test]
fn a_long_way_is_told_when_the_server_has_little_to_do() {
    let found = fires("network_round_trips", answered(4.0, 1.0));
    assert!(found.title.contains("75.0 %") && found.title.contains("3.0 ms"), "{}", found.title);
    assert!(rests_on(&found, 4.0) && rests_on(&found, 1.0));
    quiet("network_round_trips", answered(4.0, 2.1));
    quiet("network_round_trips", answered(1.4, 0.1));
    fires("network_round_trips", |result| {
        answered(0.8, 0.1)(result);
        result.environment.server.as_mut().unwrap().on_this_host = Some(false);
    });
    quiet("network_round_trips", |result| {
        answered(4.0, 1.0)(result);
        waiting(&[("CPU:CPU", 2.0)])(result);
    });
    quiet("network_round_trips", |result| {
        answered(4.0, 1.0)(result);
        host(result).cpu_usage_percent = steady(85.0);
    });
    quiet("network_round_trips", |result| {
        answered(4.0, 1.0)(result);
        let clients_waiting = steady(3.0);
        let pools = PoolerStats { clients_waiting, ..PoolerStats::default() };
        db(result).pooler = Some(Section::read(pools, (0.0, 100.0)));
    });
    let reason = unknown("network_round_trips", |result| {
        result.load_metrics.all_statements.service_time_ms = None;
    });
    assert!(reason.contains("no statement was answered"), "{reason}");
}

#[test]
fn a_commit_that_waits_for_the_log_is_no_way_though_no_statement_counts_it() {
    let sessions = |busy: &'static [(&'static str, f64)]| {
        both(answered(4.0, 0.1), move |result: &mut RunResult| {
            waiting(busy)(result);
            // 0.4 of them are under way on average.
            result.load_metrics.all_statements.count = 10_000;
        })
    };
    quiet("network_round_trips", sessions(&[("IO:WALSync", 0.25)]));
    fires("network_round_trips", sessions(&[("IO:WALSync", 0.15)]));
}

/// Nobody watched the server's host; its CPUs are known where it is this machine.
fn unseen_host(result: &mut RunResult) {
    result.system_metrics = None;
    result.environment.host.cpus = Some(4);
}

#[test]
fn a_host_that_nobody_watched_may_be_full() {
    let way = both(answered(4.0, 1.0), unseen_host);
    assert_eq!(fires("network_round_trips", way).confidence, Confidence::Medium);
    let pool = both(queued(8.0), unseen_host);
    assert_eq!(fires("pool_too_small", pool).confidence, Confidence::Medium);
    assert_eq!(fires("pool_too_small", queued(8.0)).confidence, Confidence::High);
}

/// An open loop of 1000/s whose actions take 20 ms, of which they wait so much.
fn queued(wait_ms: f64) -> impl Fn(&mut RunResult) {
    move |result| {
        waiting(&[("CPU:CPU", 1.0)])(result);
        result.load_metrics.offered_per_s = Some(1000.0);
        let all = &mut result.load_metrics.all_actions;
        all.wait_ms = Some(latency(wait_ms));
        all.response_time_ms = Some(latency(20.0));
        all.service_time_ms = Some(latency(20.0 - wait_ms));
    }
}

#[test]
fn a_small_pool_is_told_with_the_size_that_would_do() {
    let found = fires("pool_too_small", queued(8.0));
    assert!(found.title.contains("10 connections") && found.severity == Severity::High);
    assert!(found.advice.contains("keep 12 connections busy"), "{}", found.advice);
    quiet("pool_too_small", queued(3.9));
    quiet("pool_too_small", |result| {
        queued(8.0)(result);
        waiting(&[("CPU:CPU", 4.0)])(result);
    });
    quiet("pool_too_small", |result| {
        queued(8.0)(result);
        crowded(result);
    });
    quiet("pool_too_small", |result| {
        queued(8.0)(result);
        result.plan["reconnect"] = true.into();
    });
    quiet("pool_too_small", |result| {
        queued(8.0)(result);
        result.load_metrics.connections.failed = 100;
    });
    for code in ["pool_too_small", "network_round_trips"] {
        let reason = unknown(code, |result| {
            queued(8.0)(result);
            result.load_metrics.generator.busiest_thread_percent = Some(99.0);
        });
        assert!(reason.contains("the load generator was the limit"), "{reason}");
    }
    let reason = unknown("pool_too_small", |r| r.load_metrics.all_actions.wait_ms = None);
    assert!(reason.contains("no action was answered"), "{reason}");
}
