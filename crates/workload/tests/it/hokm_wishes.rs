//! What Hokm players wish for and send: shares, transaction sizes, promises kept, determinism.

use crate::allocations::{allocations, play};
use crate::database::Database;
use crate::driver::Driver;
use crate::hokm::profile;
use crate::hokm_session::{Acted, Session};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;
use workload::Workload;
use workload::hokm::{Hokm, HokmProfile};
use workload::postgres::Protocol;

const READS: [&str; 9] = [
    "session_read",
    "player_read",
    "game_load",
    "game_status",
    "game_history",
    "leaderboard",
    "rollback_check",
    "event_read_back",
    "game_player_read_back",
];

/// Acts until 10,000 statements have been sent; nothing fails.
fn ten_thousand(database: &Database, profile: HokmProfile) -> Vec<Acted> {
    let mut session = Session::open(database, profile, 5);
    let (mut acted, mut statements) = (Vec::new(), 0);
    while statements < 10_000 {
        let one = session.act();
        assert_eq!(one.failure, None, "{one:?}");
        statements += one.statements().count();
        acted.push(one);
    }
    assert_eq!(session.failed_checks(database), [""; 0]);
    acted
}

fn read_share(acted: &[Acted]) -> f64 {
    let all = || acted.iter().flat_map(Acted::statements);
    all().filter(|name| READS.contains(name)).count() as f64 / all().count() as f64
}

/// The numbers of statements in explicit transactions.
fn transaction_sizes(acted: &[Acted]) -> BTreeSet<usize> {
    let mut sizes = BTreeSet::new();
    for one in acted {
        let mut begun = None;
        for (at, name) in one.sent.iter().enumerate() {
            match name.as_str() {
                "begin" => begun = Some(at),
                "commit" | "rollback" => {
                    let begun: usize = begun.take().expect("a transaction that was begun");
                    sizes.insert(at - begun - 1);
                }
                _ => {}
            }
        }
        assert_eq!(begun, None, "a transaction was left open: {one:?}");
    }
    sizes
}

fn holds_the_ratio(ratio: f64, name: &str) {
    let database = Database::new(name);
    let acted = ten_thousand(&database, HokmProfile { read_write_ratio: ratio, ..profile() });
    let share = read_share(&acted);
    assert!((share - ratio).abs() < 0.01, "{share} instead of {ratio}");
}

#[test]
fn the_read_share_holds_without_reads() {
    holds_the_ratio(0.0, "hokm_ratio_0");
}

#[test]
fn the_read_share_holds_below_the_natural_share() {
    holds_the_ratio(0.2, "hokm_ratio_20");
}

#[test]
fn the_read_share_holds_at_the_natural_share() {
    holds_the_ratio(0.33, "hokm_ratio_33");
}

#[test]
fn the_read_share_holds_at_one_half() {
    holds_the_ratio(0.5, "hokm_ratio_50");
}

#[test]
fn the_read_share_holds_by_default() {
    holds_the_ratio(0.7, "hokm_ratio_70");
}

#[test]
fn the_read_share_holds_far_above() {
    holds_the_ratio(0.95, "hokm_ratio_95");
}

#[test]
fn the_read_share_holds_with_nothing_but_reads() {
    holds_the_ratio(1.0, "hokm_ratio_100");
}

fn keeps_sizes_in(sizes: RangeInclusive<u32>, name: &str) {
    let database = Database::new(name);
    let transaction_size = (*sizes.start(), *sizes.end());
    let mut session = Session::open(&database, HokmProfile { transaction_size, ..profile() }, 3);
    let acted = session.act_times(1_500);
    assert!(acted.iter().all(|one| one.failure.is_none()));
    let expected: BTreeSet<usize> = sizes.map(|size| size as usize).collect();
    assert_eq!(transaction_sizes(&acted), expected);
    assert_eq!(session.failed_checks(&database), [""; 0]);
}

#[test]
fn transactions_have_the_sizes_asked_for() {
    keeps_sizes_in(1..=5, "hokm_sizes_1_5");
    keeps_sizes_in(1..=1, "hokm_sizes_1");
    keeps_sizes_in(3..=3, "hokm_sizes_3");
    keeps_sizes_in(7..=12, "hokm_sizes_7_12");
}

#[test]
fn a_wish_promises_the_statements_that_are_sent() {
    let database = Database::new("hokm_promises");
    for acted in ten_thousand(&database, profile()) {
        assert_eq!(acted.promised as usize, acted.statements().count(), "{acted:?}");
    }
}

#[test]
fn every_action_happens() {
    let database = Database::new("hokm_every_action");
    let odd = HokmProfile { seats: 10, read_write_ratio: 0.5, ..profile() };
    let mut session = Session::open(&database, odd, 3);
    let mut seen = BTreeSet::new();
    let all: BTreeSet<String> = Workload::actions(&session.workload)
        .into_iter()
        .filter(|name| name != "read_back")
        .collect();
    for _ in 0..60_000 {
        seen.insert(session.act().action);
        if seen == all {
            break;
        }
    }
    assert_eq!(seen, all);
    assert_eq!(session.failed_checks(&database), [""; 0]);
}

#[test]
fn batches_and_complex_looks_are_as_frequent_as_asked_for() {
    let database = Database::new("hokm_frequent");
    let asked = HokmProfile {
        batch_operation_probability: 0.3,
        complex_query_probability: 0.4,
        ..profile()
    };
    let acted = Session::open(&database, asked, 3).act_times(4_000);
    let count = |wanted: &dyn Fn(&str) -> bool| {
        acted.iter().filter(|one| wanted(&one.action)).count() as f64
    };
    let looks = count(&|name| name.starts_with("look_"));
    let complex = count(&|name| name == "look_game_history" || name == "look_leaderboard");
    let others = acted.len() as f64 - looks;
    assert!((complex / looks - 0.4).abs() < 0.04, "{complex} of {looks}");
    assert!((count(&|name| name == "batch") / others - 0.3).abs() < 0.05);
}

#[test]
fn the_same_seed_sends_the_same_bytes_and_another_does_not() {
    let acted = |name: &str, seed| {
        let database = Database::new(name);
        Session::open(&database, HokmProfile { seed, ..profile() }, 4).act_times(1_000)
    };
    let (first, second) = (acted("hokm_same_1", 5), acted("hokm_same_2", 5));
    assert_eq!(first.len(), second.len());
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first, second);
    }
    assert_ne!(first, acted("hokm_same_3", 6));
}

#[test]
fn wishes_do_not_depend_on_time() {
    let acted = |name: &str, pace| {
        let database = Database::new(name);
        // Without reads, what is expired owes no looks that would stand between the wishes.
        let mut session =
            Session::open(&database, HokmProfile { read_write_ratio: 0.0, ..profile() }, 4);
        session.pace = pace;
        let acted = session.act_times(1_000).into_iter();
        acted
            .filter(|one| one.action != "expire")
            .map(|one| one.bytes)
            .take(500)
            .collect::<Vec<_>>()
    };
    let slow = acted("hokm_slow", Duration::from_millis(400));
    assert_eq!(slow.len(), 500);
    // The players take turns: an expiry takes the turn of one of them.
    let sorted = |mut requests: Vec<Vec<u8>>| {
        requests.sort();
        requests
    };
    let fast = sorted(acted("hokm_fast", Duration::from_micros(1)));
    let same = sorted(slow).into_iter().filter(|bytes| fast.binary_search(bytes).is_ok()).count();
    assert!(same > 480, "{same} of 500");
}

#[test]
fn rows_are_expired_at_least_every_two_seconds() {
    let database = Database::new("hokm_expiry");
    let mut session = Session::open(&database, profile(), 3);
    session.pace = Duration::from_millis(20);
    let (mut last, mut deleted) = (Duration::ZERO, 0);
    for _ in 0..5_000 {
        let acted = session.act();
        if acted.action == "expire" {
            assert!(session.elapsed - last <= Duration::from_secs(2), "{last:?}");
            last = session.elapsed;
            deleted += acted.statements().count();
        }
    }
    assert!(deleted >= 2 * 50);
    // Ended games of this run lost their events too, and nothing else did.
    let left = "SELECT count(*) FROM games g WHERE status IN ('finished', 'abandoned')
                AND game_id LIKE '%-g%' AND NOT EXISTS
                (SELECT FROM game_events e WHERE e.game_id = g.game_id)";
    assert!(database.number(left) > 5);
    assert_eq!(session.failed_checks(&database), [""; 0]);
}

#[test]
fn actions_allocate_nothing_once_the_buffers_have_grown() {
    let database = Database::new("hokm_allocations");
    let mut workload =
        Hokm::new(HokmProfile { complex_query_probability: 0.2, ..profile() }).unwrap();
    workload.set_up(&database.server()).unwrap();
    let mut driver = Driver::open(&database, workload.statements(), Protocol::Prepared);
    let mut player = workload.players(1).remove(0);
    (0..3_000).for_each(|_| play(&mut driver, &mut player));
    let before = allocations();
    (0..1_000).for_each(|_| play(&mut driver, &mut player));
    assert_eq!(allocations() - before, 0);
}
