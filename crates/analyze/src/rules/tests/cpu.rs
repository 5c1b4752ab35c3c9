//! The server's processors, and what takes them.

use super::*;
use model::database_metrics::StatementLoad;
use model::finding::Confidence;
use model::run_result::Pooler;

/// So many sessions on the CPUs of a host that is so busy.
fn running(sessions: f64, host_percent: f64) -> impl Fn(&mut RunResult) {
    move |result| {
        db(result).wait_events.data = Some(waits(&[("CPU:CPU", sessions)]));
        host(result).cpu_usage_percent = steady(host_percent);
        server_cpu(result, host_percent * 0.8);
    }
}

#[test]
fn a_cpu_bound_server_is_told_by_its_sessions_and_its_host() {
    let found = fires("cpu_saturated", running(6.0, 97.0));
    assert!(rests_on(&found, 6.0) && rests_on(&found, 97.0), "{:#?}", found.evidence);
    assert!(found.severity == Severity::High && found.advice.contains("about 8 sessions"));
    assert!(found.title.contains("6 sessions want 4 CPUs"), "{}", found.title);
    let shared = fires("cpu_saturated", running(2.0, 97.0));
    assert!(shared.title.contains("the host's CPUs are used up"), "{}", shared.title);
    assert!(shared.diagnosis.contains("fewer sessions run than there are processors"));
    quiet("cpu_saturated", running(6.0, 89.0));
    quiet("cpu_saturated", running(1.5, 99.0));
    lacks("cpu_saturated", |db| lost(&mut db.wait_events));
}

#[test]
fn without_the_host_the_sessions_alone_are_less_sure() {
    let remote = |result: &mut RunResult| {
        result.system_metrics = None;
        result.environment.host.cpus = Some(4);
    };
    let found = fires("cpu_saturated", both(waiting(&[("CPU:CPU", 4.0)]), remote));
    assert_eq!((found.confidence, found.impact), (Confidence::Medium, Some(0.7)));
    quiet("cpu_saturated", both(waiting(&[("CPU:CPU", 3.9)]), remote));
    let reason = unknown("cpu_saturated", |result| result.system_metrics = None);
    assert!(reason.contains("how many CPUs"), "{reason}");
}

#[test]
fn more_sessions_than_twice_the_cpus_are_too_many() {
    assert!(rests_on(&fires("too_many_active", running(8.1, 50.0)), 8.1));
    quiet("too_many_active", running(8.0, 50.0));
    lacks("too_many_active", |db| lost(&mut db.wait_events));
}

/// Statements with these shares of ten seconds of execution.
fn statements(shares: &'static [f64]) -> impl Fn(&mut RunResult) {
    move |result| {
        let statement = |share_percent: &f64| StatementLoad {
            text: Some(format!("SELECT {share_percent}")),
            calls: 10,
            share_percent: *share_percent,
            total_plan_time_ms: Some(*share_percent),
            ..StatementLoad::default()
        };
        let queries = db(result).query_performance.data.as_mut().unwrap();
        queries.statements = shares.iter().map(statement).collect();
    }
}

#[test]
fn a_statement_that_takes_half_of_the_time_is_named() {
    let found = fires("dominant_statement", statements(&[51.0, 30.0, 19.0]));
    assert!(rests_on(&found, 51.0) && found.advice.contains("SELECT 51"));
    assert!(found.diagnosis.contains("2.0 times"), "{}", found.diagnosis);
    quiet("dominant_statement", statements(&[49.0, 31.0, 20.0]));
    assert_eq!(found.severity, Severity::Medium);
    let few = fires("dominant_statement", statements(&[90.0, 10.0]));
    assert_eq!(few.severity, Severity::Low, "of two statements one always leads");
    lacks("dominant_statement", |db| lost(&mut db.query_performance));
}

fn planned(plan_ms: Option<f64>) -> impl Fn(&mut RunResult) {
    move |result| {
        db(result).query_performance.data.as_mut().unwrap().total_plan_time_ms = plan_ms;
    }
}

#[test]
fn planning_that_takes_a_third_of_the_work_is_told() {
    let found = fires("planning", both(planned(Some(90_000.0)), statements(&[60.0, 40.0])));
    assert!(rests_on(&found, 90_000.0) && found.advice.contains("SELECT 60"));
    assert_eq!((found.severity, found.impact), (Severity::High, Some(0.5)));
    quiet("planning", planned(Some(26_000.0)));
    let unseen = both(planned(Some(90_000.0)), |result| lost(&mut db(result).wait_events));
    assert_eq!(fires("planning", unseen).confidence, Confidence::Medium);
    assert!(unknown("planning", planned(None)).contains("track_planning"));
}

#[test]
fn what_is_prepared_already_is_not_told_to_be_prepared() {
    let spoken = |protocol: &'static str| {
        both(planned(Some(900_000.0)), move |result| result.plan["protocol"] = protocol.into())
    };
    let simple = fires("planning", spoken("simple"));
    assert!(simple.advice.starts_with("prepare statements (--protocol prepared, now simple)"));
    assert!(fires("planning", spoken("prepared")).advice.contains("force_generic_plan"));
    let again = both(spoken("prepared"), |result| result.plan["reconnect"] = true.into());
    assert!(fires("planning", again).advice.starts_with("keep connections"));
    let gave_way = both(spoken("prepared"), |result| {
        let pooler = Pooler { protocol: "extended".to_owned(), ..Pooler::default() };
        result.environment.pooler = Some(pooler);
    });
    assert!(fires("planning", gave_way).advice.contains("prepared, now extended"));
    assert_eq!(simple.title, "planning takes 10 times as long as execution");
}

fn compiled(jit_ms: Option<f64>) -> impl Fn(&mut RunResult) {
    move |result| {
        statements(&[60.0, 40.0])(result);
        let queries = db(result).query_performance.data.as_mut().unwrap();
        queries.total_jit_time_ms = jit_ms;
        queries.statements[1].total_jit_time_ms = jit_ms;
    }
}

#[test]
fn compiling_that_takes_a_tenth_of_the_work_is_told_with_its_statement() {
    let found = fires("jit", compiled(Some(45_000.0)));
    assert!(rests_on(&found, 45_000.0) && found.title.contains("50.0 %"), "{found:#?}");
    assert!(found.evidence.iter().any(|it| it.text.ends_with("SELECT 40")), "{found:#?}");
    assert_eq!((found.severity, found.impact), (Severity::High, Some(0.5)));
    assert_eq!(fires("jit", compiled(Some(9100.0))).severity, Severity::Medium);
    quiet("jit", compiled(Some(9000.0)));
    assert!(unknown("jit", compiled(None)).contains("version 15"));
    lacks("jit", |db| lost(&mut db.query_performance));
}

fn workers(planned: u64, launched: u64) -> impl Fn(&mut RunResult) {
    move |result| {
        let stats = db(result).connection_stats.data.as_mut().unwrap();
        let both = (Some(planned), Some(launched));
        (stats.parallel_workers_planned, stats.parallel_workers_launched) = both;
    }
}

#[test]
fn workers_that_were_planned_and_not_there_are_counted() {
    let found = fires("parallel_workers_short", workers(100, 89));
    assert!(rests_on(&found, 100.0) && rests_on(&found, 89.0), "{found:#?}");
    quiet("parallel_workers_short", workers(100, 90));
    quiet("parallel_workers_short", workers(9, 0));
    let old = |result: &mut RunResult| {
        let stats = db(result).connection_stats.data.as_mut().unwrap();
        stats.parallel_workers_planned = None;
    };
    assert!(unknown("parallel_workers_short", old).contains("version 18"));
    lacks("parallel_workers_short", |db| lost(&mut db.connection_stats));
}
