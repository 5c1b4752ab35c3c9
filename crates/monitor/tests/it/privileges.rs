//! Who may see what: no user is an error, each gets what it may see, and is told what helps.

use crate::server::{Place, for_looks};
use model::database_metrics::{DatabaseMetrics, Status};

/// What a user sees while a superuser's session is there as well.
fn seen_by(user: &str, grants: &str) -> DatabaseMetrics {
    let place = Place::new(&format!("seen_by_{user}"));
    place.sql(&format!("CREATE ROLE {user} LOGIN; {grants}"));
    let mut other = place.client();
    let own = place.as_user(user);
    own.watch(|| {
        other.batch("SELECT 'of another user'").unwrap();
        own.sql("SELECT 'of its own'");
        for_looks(20);
    })
    .database
}

/// Who may not see something asks for what it may see: none of our statements is an error.
#[track_caller]
fn nothing_failed(seen: &DatabaseMetrics) {
    let cost = seen.monitor.data().unwrap();
    assert!(cost.statements > 20 && cost.statements_failed == 0, "{cost:?} {seen:#?}");
}

#[test]
fn a_plain_user_sees_its_own_and_is_told_the_grant_that_shows_the_rest() {
    let seen = seen_by("plain", "");
    let sessions = &seen.connection_stats;
    assert_eq!(sessions.status, Status::NoPrivilege);
    assert!(sessions.data().unwrap().by_state["hidden"].max >= 1.0, "{sessions:?}");
    let reason = sessions.reason.as_deref().unwrap();
    assert!(reason.starts_with("GRANT pg_monitor TO \"plain\" shows "), "{reason}");
    let queries = &seen.query_performance;
    assert_eq!(queries.status, Status::NoPrivilege, "{queries:?}");
    assert_eq!(queries.data().unwrap().calls, 1, "{queries:?}");
    let log = &seen.wal_checkpoints;
    assert_eq!(log.data().unwrap().checkpoint_active_percent, None, "{log:?}");
    assert!(log.reason.as_deref().unwrap().contains("GRANT pg_monitor TO \"plain\""), "{log:?}");
    let reason = queries.reason.as_deref().unwrap();
    assert!(reason.starts_with("GRANT pg_monitor TO \"plain\" shows "), "{reason}");
    nothing_failed(&seen);
    for status in [seen.transaction_stats.status, seen.buffer_cache.status, seen.settings.status] {
        assert_eq!(status, Status::Ok);
    }
}

#[test]
fn a_member_of_pg_monitor_and_a_superuser_see_everything() {
    let monitor = seen_by("watcher", "GRANT pg_monitor TO watcher");
    let superuser = seen_by("chief", "ALTER ROLE chief SUPERUSER");
    for seen in [monitor, superuser] {
        nothing_failed(&seen);
        assert_eq!(seen.connection_stats.status, Status::Ok, "{:?}", seen.connection_stats);
        assert_eq!(seen.query_performance.data().unwrap().calls, 2);
        assert_eq!(seen.wal_checkpoints.status, Status::Ok, "{:?}", seen.wal_checkpoints);
        assert!(seen.wal_checkpoints.data().unwrap().checkpoint_active_percent.is_some());
    }
}

/// A session has no state for a moment after it has logged in, whoever looks.
#[test]
fn sessions_that_just_start_are_not_called_hidden() {
    let place = Place::new("starting");
    let connect = || (0..200).for_each(|_| drop(place.client()));
    let all = || {
        std::thread::scope(|scope| (0..6).for_each(|_| drop(scope.spawn(connect))));
    };
    let seen = place.watch(all).database;
    let sessions = &seen.connection_stats;
    assert_eq!(sessions.status, Status::Ok, "{sessions:?}");
    assert!(!sessions.data().unwrap().by_state.contains_key("hidden"), "{sessions:?}");
}
