//! Connections that go at the worst moment: whatever the server did with a request that nobody
//! heard the answer of, the players find out, go on, and the verification holds.

use crate::database::Database;
use crate::hokm::profile;
use crate::hokm_session::{At, Cut, Hears, Session};
use engine::Loss;
use model::random::generator;
use rand::RngExt;
use std::collections::BTreeSet;
use std::time::Duration;
use workload::hokm::HokmProfile;

/// Plays on with connections that go in every tenth action; tells which actions had a loss that
/// may or may not be stored.
fn play_with_cuts(session: &mut Session, server: Hears, actions: usize) -> BTreeSet<String> {
    let mut random = generator(17, "cuts", server as u64);
    let (mut unknown, mut lost) = (BTreeSet::new(), None);
    for turn in 0..actions {
        let player = turn % session.players.len();
        let at = At::Request(random.random_range(0..4));
        let cut = random.random_bool(0.1).then_some(Cut { at, server });
        match session.act_until_cut(player, cut) {
            Err(Loss::Unknown) => lost = Some(player),
            Err(Loss::Nothing) => {}
            Ok(acted) => {
                assert_eq!(acted.failure, None, "{acted:?}");
                if lost == Some(player) {
                    lost = None;
                    unknown.insert(acted.action);
                }
            }
        }
    }
    unknown
}

fn verifies_after_cuts(name: &str, server: Hears, transaction_size: (u32, u32)) {
    let database = Database::new(name);
    let busy = HokmProfile { transaction_size, read_write_ratio: 0.4, seats: 10, ..profile() };
    let mut session = Session::open(&database, busy, 3);
    // Much time passes, so that expiries are cut too.
    session.pace = Duration::from_millis(100);
    let next = play_with_cuts(&mut session, server, 1_500);
    assert!(next.contains("read_back"), "{next:?}");
    assert_eq!(session.failed_checks(&database), [""; 0]);
    // And once more with the last outcome still in doubt.
    while session.act_until_cut(0, Some(Cut { at: At::Request(0), server })) != Err(Loss::Unknown) {
    }
    assert_eq!(session.failed_checks(&database), [""; 0]);
}

#[test]
fn what_was_stored_and_never_answered_is_adopted() {
    verifies_after_cuts("arrived", Hears::Before, (1, 5));
}

#[test]
fn what_was_never_stored_is_done_again() {
    verifies_after_cuts("not_arrived", Hears::Never, (1, 5));
}

#[test]
fn halves_of_actions_are_found_and_finished() {
    verifies_after_cuts("arrived_halves", Hears::Before, (1, 2));
    verifies_after_cuts("not_arrived_halves", Hears::Never, (1, 2));
}

#[test]
fn whole_actions_are_found_or_done_again() {
    verifies_after_cuts("arrived_whole", Hears::Before, (6, 9));
    verifies_after_cuts("not_arrived_whole", Hears::Never, (6, 9));
}

#[test]
fn expiries_that_were_never_answered_are_done_again_and_allowed_for() {
    for (server, statement, name) in [
        (Hears::Before, "session_expire", "sessions_gone"),
        (Hears::Never, "session_expire", "sessions_kept"),
        (Hears::Before, "event_expire", "events_gone"),
        (Hears::Never, "event_expire", "events_kept"),
    ] {
        let database = Database::new(name);
        let mut session = Session::open(&database, profile(), 2);
        let mut cuts = 0;
        for turn in 0..40 {
            let cut = Cut { at: At::Statement(statement), server };
            if session.act_until_cut(turn % 2, Some(cut)) == Err(Loss::Unknown) {
                cuts += 1;
                // What the first one took may be gone at the end of the run, too.
                assert_eq!(session.failed_checks(&database), [""; 0]);
                assert!(session.act_until("expire").failure.is_none());
                session.elapsed += Duration::from_secs(12);
            }
        }
        assert!(cuts > 5, "{cuts}");
        assert_eq!(session.failed_checks(&database), [""; 0]);
    }
}
