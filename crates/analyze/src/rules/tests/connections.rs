//! Connections.

use super::*;
use model::database_metrics::{BlockingSession, IdleTransaction, LockMoment, MeanMax, PoolerStats};
use model::finding::Confidence;
use model::run_result::ErrorRow;

fn used(percent: f64) -> impl Fn(&mut RunResult) {
    move |result| {
        db(result).connection_stats.data.as_mut().unwrap().pool_usage_percent = percent;
    }
}

#[test]
fn slots_that_are_nearly_gone_are_told() {
    let found = fires("connections_near_limit", used(91.0));
    assert!(found.severity == Severity::High && rests_on(&found, 91.0));
    assert_eq!(fires("connections_near_limit", used(81.0)).severity, Severity::Medium);
    quiet("connections_near_limit", used(79.0));
    lacks("connections_near_limit", |db| lost(&mut db.connection_stats));
}

#[test]
fn a_refusal_is_told_in_the_servers_words() {
    let refused = |code: &'static str| {
        move |result: &mut RunResult| {
            result.load_metrics.early_errors = vec![ErrorRow {
                sqlstate: Some(code.to_owned()),
                count: 3,
                sample: "sorry, too many clients already".to_owned(),
                ..ErrorRow::default()
            }];
        }
    };
    let found = fires("connections_refused", refused("53300"));
    assert!(found.severity == Severity::Critical && rests_on(&found, 3.0));
    assert!(found.evidence[1].text.contains("sorry"), "{:#?}", found.evidence);
    // Three pauses of a second are next to nothing of ten connections' hundred seconds; with a
    // connection for each action they are three of ten actions.
    assert_eq!(
        (found.title.as_str(), found.impact),
        ("the server refused 3 connects", Some(0.003))
    );
    let each = both(refused("53300"), |it| it.plan["reconnect"] = true.into());
    assert_eq!(fires("connections_refused", each).impact, Some(0.3));
    quiet("connections_refused", refused("28P01"));
    let none = |result: &mut RunResult| result.load_metrics.connections.attempted = 0;
    assert!(unknown("connections_refused", none).contains("nothing connected"));
}

#[test]
fn connections_that_live_for_seconds_are_churn() {
    let connects = |n: u64, connect_ms: f64| {
        move |result: &mut RunResult| {
            let connections = &mut result.load_metrics.connections;
            (connections.attempted, connections.connect_ms) = (n, Some(latency(connect_ms)));
        }
    };
    let found = fires("connection_churn", connects(10_010, 5.05));
    assert!(rests_on(&found, 5.05) && found.severity == Severity::High);
    assert_eq!(found.impact, Some(0.5));
    assert_eq!(fires("connection_churn", connects(10_010, 1.0)).severity, Severity::Medium);
    quiet("connection_churn", connects(20, 5.0));
}

fn idle(sessions: f64, root: Option<&'static str>) -> impl Fn(&mut RunResult) {
    move |result| {
        let stats = db(result).connection_stats.data.as_mut().unwrap();
        let states = [("idle in transaction", sessions), ("idle", 10.0 - sessions)];
        stats.by_state = states.map(|(state, n)| (state.to_owned(), steady(n))).into();
        let blocking = root.map(|state| BlockingSession {
            pid: 7,
            state: Some(state.to_owned()),
            ..BlockingSession::default()
        });
        let blocking = blocking.into_iter().collect();
        let worst = LockMoment { blocking, ..LockMoment::default() };
        db(result).lock_contention.data.as_mut().unwrap().worst = Some(worst);
    }
}

#[test]
fn sessions_that_sit_on_a_transaction_are_worse_where_others_wait() {
    let found = fires("idle_in_transaction", idle(2.0, Some("active")));
    assert!(rests_on(&found, 2.0) && found.severity == Severity::Medium);
    let blocks = idle(2.0, Some("idle in transaction"));
    assert_eq!(fires("idle_in_transaction", blocks).severity, Severity::High);
    quiet("idle_in_transaction", idle(0.9, None));
    let long = |age_ms: f64| {
        move |result: &mut RunResult| {
            let longest = IdleTransaction { pid: 9, age_ms, ..IdleTransaction::default() };
            let stats = db(result).connection_stats.data.as_mut().unwrap();
            stats.longest_idle_in_transaction = Some(longest);
        }
    };
    assert!(rests_on(&fires("idle_in_transaction", long(300_000.0)), 300_000.0));
    quiet("idle_in_transaction", long(299_000.0));
    lacks("idle_in_transaction", |db| lost(&mut db.connection_stats));
}

#[test]
fn a_pooler_with_a_queue_names_pool_size_where_the_server_has_room() {
    let queued = |mean: f64, wait_max_ms: f64| {
        move |result: &mut RunResult| {
            let clients_waiting = MeanMax { mean, max: mean.ceil() };
            let pools = PoolerStats { clients_waiting, wait_max_ms, ..PoolerStats::default() };
            db(result).pooler = Some(Section::read(pools, (0.0, 100.0)));
        }
    };
    let found = fires("pooler_queue", queued(0.505, 4.0));
    assert!(rests_on(&found, 0.505) && found.impact == Some(0.5), "{found:#?}");
    assert!(found.advice.contains("raise pool_size (default_pool_size)"));
    fires("pooler_queue", queued(0.1, 100.0));
    quiet("pooler_queue", queued(0.4, 99.0));
    let busy = both(queued(2.0, 500.0), waiting(&[("CPU:CPU", 6.0)]));
    assert!(fires("pooler_queue", busy).advice.contains("before you raise"));
    let unseen = both(queued(0.505, 4.0), |it| it.system_metrics = None);
    let found = fires("pooler_queue", unseen);
    assert!(found.advice.starts_with("see whether the server has CPUs"), "{}", found.advice);
    assert_eq!((found.confidence, found.impact), (Confidence::Medium, Some(0.35)));
    lacks("pooler_queue", |db| lost(db.pooler.insert(Section::default())));
    quiet("pooler_queue", |_| ());
    let unasked = |r: &mut RunResult| r.environment.pooler = Some(Default::default());
    assert!(unknown("pooler_queue", unasked).contains("not asked"));
}
