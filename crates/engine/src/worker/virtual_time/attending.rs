//! What a run must count when users come and go, when each does so many actions, and when every
//! action has a connection of its own.

use super::world::{MS, Reply, Run, closed, open};
use crate::pace::{UserStage, Users};
use crate::settings::{Load, Shape};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// A closed loop of as many clients as the stages need at most.
fn ramped(stages: &[(u64, u32)]) -> Load {
    let stage = |&(seconds, target)| UserStage { duration: Duration::from_secs(seconds), target };
    let stages: Vec<UserStage> = stages.iter().map(stage).collect();
    let seconds = stages.iter().map(|stage| stage.duration.as_secs()).sum();
    let clients = stages.iter().map(|stage| stage.target).max().unwrap();
    let (think_min, think_max) = (Duration::ZERO, Duration::ZERO);
    let users = Some(Arc::new(Users::new(&stages)));
    Load { shape: Shape::Closed { think_min, think_max, users }, ..closed(clients, seconds) }
}

#[test]
fn connections_open_and_close_at_the_rate_of_the_stages() {
    let load = ramped(&[(4, 40), (2, 40), (4, 0)]);
    let (measured, intervals) = Run::new(load, |_| Reply::After(10 * MS)).go();
    let connected: Vec<u64> = intervals.iter().map(|interval| interval.connected).collect();
    assert_eq!(connected[..10], [10, 20, 30, 40, 40, 40, 30, 20, 10, 0]);
    let connections = &measured.connections;
    assert_eq!((connections.attempted, connections.lost, connections.reconnected), (40, 0, 0));
    let succeeded = measured.all_actions().counts.succeeded;
    assert!((23_800..=24_200).contains(&succeeded), "240 user-seconds, 100/s, but {succeeded}");
}

#[test]
fn a_user_who_is_to_go_finishes_its_action_first() {
    let load = ramped(&[(0, 1), (1, 1), (0, 0), (4, 0)]);
    let (measured, intervals) = Run::new(load, |_| Reply::After(1_500 * MS)).go();
    let counts = measured.all_actions().counts;
    assert_eq!((counts.scheduled, counts.succeeded), (1, 1));
    assert_eq!([intervals[0].connected, intervals[2].connected], [1, 0]);
    assert_eq!((measured.seconds_due, measured.seconds_available), (1, 1), "then nobody asks");
}

#[test]
fn users_who_come_back_act_again_over_a_new_connection() {
    let load = ramped(&[(0, 3), (2, 3), (0, 0), (2, 0), (0, 3), (2, 3)]);
    let (measured, intervals) = Run::new(load, |_| Reply::After(10 * MS)).go();
    let succeeded: Vec<u64> = intervals.iter().map(|it| it.counts().succeeded).collect();
    assert!(succeeded[2..4].iter().sum::<u64>() <= 3, "{succeeded:?}");
    assert!(succeeded[4] > 290 && succeeded[5] > 290, "{succeeded:?}");
    assert_eq!((measured.connections.attempted, measured.connections.lost), (6, 0));
}

#[test]
fn each_client_does_so_many_measured_actions_and_then_the_run_ends() {
    for load in [closed(4, 600), open(4, 600, 100.0)] {
        let load = Load { actions_per_client: Some(25), ..load };
        let (measured, intervals) = Run::new(load, |_| Reply::After(10 * MS)).go();
        let counts = measured.all_actions().counts;
        assert_eq!((counts.scheduled, counts.succeeded), (100, 100));
        assert!(!measured.interrupted && measured.elapsed_s < 1.1, "{}", measured.elapsed_s);
        assert!(intervals.len() <= 2);
    }
}

#[test]
fn time_ends_a_run_whose_actions_take_too_long() {
    let load = Load { actions_per_client: Some(1_000), ..closed(4, 2) };
    let (measured, _) = Run::new(load, |_| Reply::After(100 * MS)).go();
    assert_eq!((measured.all_actions().counts.succeeded, measured.elapsed_s), (80, 2.0));
}

#[test]
fn the_warm_up_takes_nothing_from_what_each_client_is_to_do() {
    let warm_up = Duration::from_secs(1);
    let load = Load { warm_up, actions_per_client: Some(7), ..closed(2, 60) };
    let (measured, _) = Run::new(load, |_| Reply::After(10 * MS)).go();
    assert_eq!(measured.actions[0].counts.succeeded, 14);
    assert!(measured.warm_up_actions[0].counts.succeeded >= 198);
}

#[test]
fn what_is_above_the_latency_limit_before_it_is_sent_is_skipped_and_after_it_is_late() {
    let latency_limit = Some(Duration::from_millis(15));
    let load = Load { latency_limit, ..open(1, 10, 200.0) };
    let (measured, _) = Run::new(load, |_| Reply::After(10 * MS)).go();
    let all = measured.all_actions();
    let counts = all.counts;
    assert!(counts.adds_up() && counts.scheduled == 2_000, "{counts:?}");
    assert!((950..1_050).contains(&counts.skipped), "half of what it can do: {counts:?}");
    let above = all.response.count_between_us(15_100, 10_000_000);
    assert!(counts.late > 0 && counts.late.abs_diff(above) <= counts.late / 10, "{counts:?}");
    assert!(all.wait.max_ms().unwrap() <= 15.2);
}

#[test]
fn every_action_has_its_own_connection_and_waits_for_it() {
    for load in [closed(3, 5), open(3, 5, 50.0)] {
        let load = Load { reconnect: true, ..load };
        let (measured, _) = Run::new(load, |_| Reply::After(10 * MS)).go();
        let all = measured.all_actions();
        let connections = &measured.connections;
        assert!(all.counts.succeeded >= 250 && all.counts.failed == 0, "{:?}", all.counts);
        assert_eq!(connections.attempted, all.counts.scheduled + 1, "one shows there is a server");
        assert_eq!((connections.failed, connections.lost, connections.reconnected), (0, 0, 0));
        // The scripted handshake takes 0.1 ms.
        assert!((0.09..0.12).contains(&all.wait.quantile_ms(0.5).unwrap()));
        assert!(all.response.quantile_ms(0.5).unwrap() >= 10.0 && measured.events.is_empty());
    }
}

#[test]
fn an_action_whose_connection_can_not_be_opened_has_failed_and_the_next_one_waits_a_little() {
    let away = |now: u64| match now / MS {
        2_000..4_000 => Reply::Hangup,
        _ => Reply::After(10 * MS),
    };
    let load = Load { reconnect: true, ..closed(2, 6) };
    let (measured, _) = Run::new(load, away).go();
    let counts = measured.all_actions().counts;
    assert!((4..60).contains(&counts.failed), "it backs off: {counts:?}");
    assert!(measured.connections.failed >= counts.failed - 2 && counts.succeeded > 600);
    assert!(measured.seconds_available < measured.seconds_due);
}

proptest! {
    // Each case is a whole run.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whoever_comes_and_goes_every_action_meets_exactly_one_end(
        replies in prop::collection::vec(0..12_u8, 1..60), kind in 0..3_u8,
        reconnect in any::<bool>(), quota in prop::option::of(1..60_u64), steps in 1..4_u32,
    ) {
        let mut turn = 0;
        let script = move |_| {
            turn += 1;
            match replies[turn % replies.len()] {
                0 => Reply::Hangup,
                1 => Reply::Error(b"40001"),
                2 => Reply::Error(b"57014"),
                3 => Reply::Never,
                other => Reply::After(u64::from(other) * 3 * MS),
            }
        };
        let load = match kind {
            0 => open(5, 4, 80.0),
            1 => closed(5, 4),
            _ => ramped(&[(1, 5), (1, 1), (1, 4), (1, 0)]),
        };
        let most = quota.unwrap_or(u64::MAX).saturating_mul(5);
        let load = Load { reconnect, actions_per_client: quota, ..load };
        let (measured, _) = Run::new(load, script).steps(steps).go();
        let counts = measured.all_actions().counts;
        prop_assert!(measured.adds_up() && counts.scheduled <= most, "{:?}", counts);
        prop_assert!(measured.connections.connect.count() <= measured.connections.attempted);
    }
}
