//! What a run must count when things break.

use super::world::{MS, Reply, Run, closed, open};
use model::event::EventKind;
use model::failure::ErrorClass;
use proptest::prelude::*;

#[test]
fn a_serialization_failure_is_tried_again_within_the_same_action() {
    let mut count = 0;
    let every_fourth = move |_| {
        count += 1;
        if count % 4 == 0 { Reply::Error(b"40001") } else { Reply::After(MS) }
    };
    let (measured, _) = Run::new(open(1, 10, 10.0), every_fourth).go();
    let all = measured.all_actions();
    assert_eq!((all.counts.succeeded, all.counts.failed, all.counts.retries), (100, 0, 33));
    assert!(all.response.max_ms().unwrap() >= 2.0, "the response time includes the retry");
    assert_eq!(measured.failures.count_of(ErrorClass::Serialization), 33);
}

#[test]
fn a_failure_that_another_try_cannot_mend_is_a_failed_action() {
    let (measured, _) = Run::new(open(2, 5, 10.0), |_| Reply::Error(b"23505")).go();
    let counts = measured.all_actions().counts;
    assert_eq!((counts.failed, counts.retries, counts.unknown), (50, 0, 0));
    assert_eq!(measured.failures.count_of(ErrorClass::Constraint), 50);
    assert_eq!(measured.statements[0].failed, 50);
}

#[test]
fn a_failure_is_counted_once_although_its_rollback_takes_another_round_trip() {
    for (code, class) in [(b"40001", ErrorClass::Serialization), (b"23505", ErrorClass::Constraint)]
    {
        let mut count = 0;
        let every_fourth = move |_| {
            count += 1;
            if count % 4 == 0 { Reply::Error(code) } else { Reply::After(MS) }
        };
        let (measured, _) = Run::new(open(1, 10, 10.0), every_fourth).undoing().go();
        let counts = measured.all_actions().counts;
        assert!(counts.failed + counts.retries > 20, "{counts:?}");
        assert_eq!(measured.failures.count_of(class), counts.failed + counts.retries);
        assert_eq!(measured.failures.total(), measured.statements[0].failed);
    }
}

#[test]
fn tries_are_bounded() {
    let (measured, _) = Run::new(open(1, 1, 5.0), |_| Reply::Error(b"40P01")).go();
    let counts = measured.all_actions().counts;
    assert_eq!((counts.failed, counts.retries), (5, 10), "three tries each");
}

#[test]
fn a_server_that_dies_and_comes_back_is_an_outage_with_a_measured_end() {
    let dead = |now: u64| match now / MS {
        3000..5000 => Reply::Hangup,
        _ => Reply::After(MS),
    };
    let (measured, _) = Run::new(closed(4, 10), dead).go();
    let counts = measured.all_actions().counts;
    assert_eq!((counts.failed, counts.unknown), (4, 4), "one in flight per client, each a commit");
    assert_eq!(measured.connections.lost, 4);
    assert_eq!(measured.connections.reconnected, 4);
    let recovered_s = measured.time_to_recover_s.unwrap();
    assert!((2.0..3.2).contains(&recovered_s), "{recovered_s}");
    assert!(measured.seconds_available < measured.seconds_due && measured.seconds_due == 10);
    let kinds: Vec<_> = measured.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::ConnectionLost, EventKind::Recovered]);
}

#[test]
fn a_server_that_never_comes_back_ends_the_run_in_time_and_says_so() {
    let dies = |now: u64| if now < 3000 * MS { Reply::After(MS) } else { Reply::Hangup };
    let (measured, intervals) = Run::new(open(4, 10, 100.0), dies).go();
    assert!(measured.still_down && measured.time_to_recover_s.is_none());
    assert_eq!(measured.all_actions().counts.scheduled, 1_000);
    assert!(measured.adds_up() && intervals.len() <= 22, "10 s and at most 10 s of grace");
}

#[test]
fn a_connection_lost_before_the_last_step_leaves_nothing_unknown() {
    let mut count = 0;
    let first_only = move |now: u64| {
        count += u64::from(now > MS);
        if count == 1 { Reply::Hangup } else { Reply::After(MS) }
    };
    let (measured, _) = Run::new(open(1, 2, 10.0), first_only).steps(3).go();
    let counts = measured.all_actions().counts;
    assert_eq!((counts.failed, counts.unknown, counts.succeeded), (1, 0, 19));
}

proptest! {
    // Each case is a whole run.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_happens_every_action_meets_exactly_one_end(
        replies in prop::collection::vec(0..12_u8, 1..60),
        clients in 1..6_u32, is_open in any::<bool>(), steps in 1..4_u32,
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
        let load = if is_open { open(clients, 4, 80.0) } else { closed(clients, 4) };
        let (measured, _) = Run::new(load, script).steps(steps).go();
        prop_assert!(measured.adds_up(), "{:?}", measured.all_actions().counts);
        if is_open {
            prop_assert_eq!(measured.all_actions().counts.scheduled, 320);
        }
    }
}
