//! Bad moments: each is reported, none ends anything, and no number is negative.

use crate::server::{Place, for_looks, start, until};
use model::database_metrics::{DatabaseMetrics, Section, Status};
use model::series::ServerRow;
use monitor::Monitored;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

#[track_caller]
fn missing<T: std::fmt::Debug>(section: &Section<T>, why: &str) {
    assert_eq!(section.status, Status::Missing, "{section:?}");
    let reason = section.reason.as_deref().unwrap_or_default();
    assert!(section.data().is_none() && reason.contains(why), "{section:?}");
}

#[track_caller]
fn sampled(seen: &DatabaseMetrics) {
    assert_eq!(seen.wait_events.status, Status::Ok, "{:?}", seen.wait_events);
    assert!(seen.wait_events.data().unwrap().samples > 0);
}

#[test]
fn a_database_without_pg_stat_statements_is_told_how_to_get_it() {
    let place = Place::bare("without");
    let seen = place.watch(|| place.sql("SELECT 1")).database;
    missing(&seen.query_performance, "CREATE EXTENSION pg_stat_statements");
    assert_eq!(seen.transaction_stats.status, Status::Ok, "{:?}", seen.transaction_stats);
    assert_eq!(seen.monitor.data().unwrap().exec_time_ms, None);
}

#[test]
fn statistics_that_are_reset_in_between_make_no_difference_and_say_so() {
    let place = Place::new("reset");
    let seen = place.watch(|| {
        place.sql("SELECT 1");
        place.sql("SELECT pg_stat_reset()");
        for_looks(12);
    });
    let seen = seen.database;
    missing(&seen.transaction_stats, "reset while load ran");
    missing(&seen.buffer_cache, "reset while load ran");
    missing(&seen.table_stats, "reset while load ran");
    sampled(&seen);
    let locks = &seen.lock_contention;
    assert_eq!((locks.status, locks.data().unwrap().deadlocks), (Status::Ok, None));
    assert!(locks.reason.as_deref().unwrap().contains("no deadlocks"), "{locks:?}");
    assert_eq!(seen.query_performance.status, Status::Ok, "{:?}", seen.query_performance);
}

/// More texts than the view has room for, until it has forgotten the one that says `forgotten`.
fn crowd_out(place: &Place) {
    let left = "SELECT count(*)::float8 FROM pg_stat_statements WHERE query LIKE '%forgotten%' \
                AND query NOT LIKE '%pg_stat_statements%'";
    until("the statement is forgotten", || {
        let mut client = place.client();
        for columns in 1..=200 {
            client.batch(&format!("SELECT 1{}", ", 1".repeat(columns))).unwrap();
        }
        place.number(left) == 0.0
    });
}

#[test]
fn a_statement_that_was_forgotten_and_comes_back_is_no_reset() {
    let server = start(&[("pg_stat_statements.max", "100")]);
    let place = Place::of(&server, server.database());
    (0..5).for_each(|_| place.sql("SELECT 1 AS one, now() AS forgotten"));
    let seen = place.watch(|| {
        crowd_out(&place);
        place.sql("SELECT 1 AS one, now() AS forgotten");
    });
    let queries = &seen.database.query_performance;
    assert_eq!(queries.status, Status::Ok, "{queries:?}");
    assert!(queries.data().unwrap().evicted > Some(0), "{queries:?}");
}

#[test]
fn a_connection_that_is_killed_comes_back() {
    let place = Place::new("killed");
    let seen = place.watch(|| {
        for_looks(3);
        let kill = "SELECT count(pg_terminate_backend(pid))::float8 FROM pg_stat_activity \
                    WHERE application_name = 'pgsurge-monitor' AND datname = 'killed'";
        assert_eq!(place.number(kill), 1.0);
        for_looks(15);
    });
    let cost = seen.database.monitor.data().unwrap();
    assert!(cost.reconnects == 1 && cost.statements_failed == 1, "{cost:?}");
    assert!(cost.samples_missed > 0, "a gap that nobody was told of: {cost:?}");
    sampled(&seen.database);
    assert_eq!(seen.database.transaction_stats.status, Status::Ok);
}

/// Work that every counter of a database counts.
fn work(place: &Place, turns: u32) {
    let mut client = place.client();
    let turn = "CREATE TEMP TABLE IF NOT EXISTS worked AS SELECT generate_series(1, 1000) AS n; \
                SELECT count(*) FROM worked";
    (0..turns).for_each(|_| client.batch(turn).unwrap());
}

/// No number of the seconds, nor of a section, is below nought; times before measuring began are.
fn not_negative((seen, rows): &(Monitored, Vec<ServerRow>)) {
    const TIMES: [&str; 4] = ["t", "from_s", "to_s", "at_s"];
    fn walk(name: &str, value: &serde_json::Value) {
        match value {
            serde_json::Value::Object(all) => all.iter().for_each(|(name, it)| walk(name, it)),
            serde_json::Value::Array(all) => all.iter().for_each(|it| walk(name, it)),
            value => {
                let number = value.as_f64().unwrap_or(0.0);
                assert!(number >= 0.0 || TIMES.contains(&name), "{name} is {number}");
            }
        }
    }
    walk("", &serde_json::to_value(&seen.database).unwrap());
    walk("", &serde_json::to_value(rows).unwrap());
}

/// Its counters begin at nought again, and soon are beyond where they were.
#[test]
fn counters_of_a_server_whose_backend_was_killed_are_not_compared_with_those_before() {
    let server = start(&[("max_connections", "20"), ("restart_after_crash", "on")]);
    let place = Place::of(&server, server.database());
    let watched = place.watching(Duration::ZERO, true).seconds(|| {
        for_looks(15);
        let victim = place.client();
        let backend = Pid::from_raw(victim.process_id().unwrap());
        let counting = || {
            let since = "SELECT extract(epoch FROM stats_reset)::float8 FROM pg_stat_bgwriter";
            let row = place.try_client().ok()?.query_one(since, &[]).ok()?;
            row.value::<f64>(0).ok()
        };
        let before = counting().unwrap();
        kill(backend, Signal::SIGKILL).unwrap();
        until("a server that counts anew", || counting().is_some_and(|since| since > before));
        (0..40).for_each(|_| work(&place, 30));
        for_looks(25);
    });
    let seen = &watched.0;
    missing(&seen.database.transaction_stats, "the server was restarted");
    missing(&seen.database.buffer_cache, "the server was restarted");
    sampled(&seen.database);
    not_negative(&watched);
}

#[test]
fn no_rate_is_negative_when_counters_are_reset_or_their_server_is_started_anew() {
    let mut server = start(&[("max_connections", "20")]);
    let place = Place::of(&server, server.database());
    let watched = place.watching(Duration::ZERO, true).seconds(|| {
        work(&place, 300);
        for_looks(15);
        place.sql("SELECT pg_stat_reset(), pg_stat_reset_shared('bgwriter')");
        for_looks(15);
        work(&place, 10);
        server.restart().unwrap();
        until("a server that takes sessions again", || place.try_client().is_ok());
        work(&place, 10);
        for_looks(25);
    });
    let rows = &watched.1;
    assert!(rows.iter().filter(|it| it.transactions_per_s.is_some()).count() >= 3, "{rows:?}");
    not_negative(&watched);
}

#[test]
fn a_setting_that_changes_while_load_runs_is_told_with_both_values() {
    let server = start(&[("max_connections", "20")]);
    let place = Place::of(&server, server.database());
    let seen = place.watch(|| {
        place.sql("ALTER SYSTEM SET random_page_cost = 2");
        place.sql("SELECT pg_reload_conf()");
        let value = "SELECT setting::float8 FROM pg_settings WHERE name = 'random_page_cost'";
        until("the new value", || place.number(value) == 2.0);
    });
    let settings = seen.database.settings.data().unwrap();
    let [it] = settings.changed.as_slice() else { panic!("{:?}", settings.changed) };
    let change = (it.name.as_str(), it.from.as_deref(), it.to.as_deref());
    assert_eq!(change, ("random_page_cost", Some("1.1"), Some("2")));
}

/// A server of its own goes through what would disturb others: a reset of all statements, a
/// freeze, and a restart.
#[test]
fn a_server_that_is_reset_frozen_and_restarted_is_watched_through_all_of_it() {
    let mut server = start(&[("max_connections", "20")]);
    let place = Place::of(&server, server.database());
    let seen = place.watch(|| {
        place.sql("SELECT pg_stat_statements_reset(); SELECT pg_stat_reset_shared('bgwriter')");
        for_looks(15);
    });
    missing(&seen.database.query_performance, "pg_stat_statements was reset");
    let log = &seen.database.wal_checkpoints;
    assert!(log.reason.as_deref().unwrap().contains("reset while load ran"), "{log:?}");
    let log = log.data().unwrap();
    assert!(log.wal_bytes.is_some() && log.buffers_background.is_none(), "{log:?}");
    assert_eq!(seen.database.transaction_stats.status, Status::Ok);

    let began = Instant::now();
    let seen = place.watch(|| {
        for_looks(15);
        server.pause();
    });
    server.resume();
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(seen.database.transaction_stats.status, Status::Timeout);
    sampled(&seen.database);

    let seen = place.watch(|| {
        for_looks(5);
        server.restart().unwrap();
        for_looks(15);
    });
    missing(&seen.database.transaction_stats, "the server was restarted");
    sampled(&seen.database);
    assert_eq!(seen.database.settings.status, Status::Ok, "{:?}", seen.database.settings);
    assert!(seen.database.monitor.data().unwrap().reconnects >= 1);
}

#[test]
fn a_server_without_a_free_slot_is_no_reason_to_fail() {
    let server = start(&[("max_connections", "8"), ("superuser_reserved_connections", "2")]);
    let place = Place::of(&server, server.database());
    place.sql("CREATE ROLE plain LOGIN");
    let plain = place.as_user("plain");
    // Six slots are for everyone, and a backend that has just ended may hold one a little longer.
    let _one = place.client();
    let mut held = Vec::new();
    until("all slots taken", || {
        held.extend(plain.try_client().ok());
        held.len() == 5
    });
    let seen = plain.watch(|| for_looks(5)).database;
    missing(&seen.connection_stats, "53300");
    missing(&seen.transaction_stats, "53300");
    missing(&seen.settings, "53300");
}

#[test]
fn whoever_wants_to_go_at_once_does_not_wait_for_counters() {
    let place = Place::new("hurried");
    let watching = place.watching(Duration::ZERO, true);
    let stop = watching.stop.clone();
    let began = Instant::now();
    watching.during(|| stop.raise());
    assert!(began.elapsed() < Duration::from_millis(1400), "{:?}", began.elapsed());
}

#[test]
fn a_server_elsewhere_has_no_cpu_that_we_could_know() {
    let place = Place::new("elsewhere");
    let system = place.watching(Duration::ZERO, false).during(|| for_looks(12)).system;
    assert!(system.server_host.data().is_none(), "{system:?}");
    assert!(system.server_host.reason.unwrap().contains("on another host"));
    assert!(system.generator_host.unwrap().data().is_some());
}
