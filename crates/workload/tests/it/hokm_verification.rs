//! The verification must be able to fail: each corruption is found by the check that is about it,
//! and by no other.

use crate::database::Database;
use crate::hokm::profile;
use crate::hokm_session::Session;
use model::verification::Check;
use std::sync::{LazyLock, Mutex};
use workload::Workload;
use workload::hokm::{Hokm, HokmPlayer, HokmProfile};

/// What was played once for all tests, and what its players remember.
struct Played {
    database: Database,
    workload: Hokm,
    players: Vec<HokmPlayer>,
}

static PLAYED: LazyLock<Mutex<Played>> = LazyLock::new(|| {
    let database = Database::new("played");
    let mut session = Session::open(&database, profile(), 3);
    session.act_times(3_000);
    assert_eq!(session.failed_checks(&database), [""; 0]);
    let Session { workload, players, .. } = session;
    Mutex::new(Played { database, workload, players })
});

/// The checks that fail after a corruption of what was played.
fn failing(name: &str, corruption: &str) -> Vec<Check> {
    // A test that failed has not changed what is remembered.
    let mut played = PLAYED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let Played { database, workload, players } = &mut *played;
    let copy = database.copy(name);
    let changed = copy.client().execute(corruption, &[]).expect(corruption);
    assert_eq!(changed, 1, "{corruption}");
    let verified = workload.verify(&copy.server(), players).unwrap();
    let failed: Vec<Check> =
        verified.checks.into_iter().filter(|check| check.violations > 0).collect();
    assert_eq!(verified.passed, failed.is_empty());
    failed
}

/// Their names, where each finds one violation and shows it.
fn found_after(name: &str, corruption: &str) -> Vec<String> {
    let failed = failing(name, corruption).into_iter();
    failed
        .map(|check| {
            assert!(check.violations == 1 && check.sample.is_some(), "{check:?}");
            check.name
        })
        .collect()
}

/// The key of a live table's game that has been dealt.
const LIVE: &str = "(SELECT min(game_id) FROM games WHERE status = 'playing' \
                    AND current_phase IN ('play', 'trump'))";
/// The key of a game of this run that has ended.
const ENDED: &str = "(SELECT max(game_id) FROM games WHERE status = 'finished' \
                     AND game_id LIKE '%-g%')";

#[test]
fn a_missing_event_of_a_live_game_is_found() {
    let sql = "DELETE FROM game_events WHERE event_id = (SELECT max(event_id) FROM game_events e \
               JOIN games USING (game_id) WHERE game_id LIKE '%-g%' AND status = 'playing')";
    assert_eq!(found_after("lost_live", sql), ["every_acknowledged_event_is_stored"]);
}

#[test]
fn a_missing_event_of_an_ended_game_is_found() {
    let sql = format!(
        "DELETE FROM game_events WHERE event_id = \
         (SELECT min(event_id) FROM game_events WHERE game_id = {ENDED})"
    );
    assert_eq!(found_after("lost_ended", &sql), ["every_acknowledged_event_is_stored"]);
}

#[test]
fn an_event_that_is_there_twice_is_found() {
    for (name, game) in
        [("twice_ended", ENDED), ("twice_any", "(SELECT max(game_id) FROM game_events)")]
    {
        let sql = format!(
            "INSERT INTO game_events (game_id, event_type, event_data) \
             SELECT game_id, event_type, event_data FROM game_events WHERE event_id = \
             (SELECT min(event_id) FROM game_events WHERE game_id = {game})"
        );
        assert_eq!(found_after(name, &sql), ["no_event_is_stored_twice"]);
    }
}

#[test]
fn an_event_that_nobody_sent_is_found() {
    for (name, game) in [("foreign_live", LIVE), ("foreign_ended", ENDED)] {
        let sql = format!(
            "INSERT INTO game_events (game_id, event_type, event_data) \
             SELECT {game}, 'emote', '{{\"run\": \"run\", \"seq\": 999999}}'"
        );
        assert_eq!(found_after(name, &sql), ["no_event_is_stored_that_was_not_sent"]);
    }
}

#[test]
fn an_event_that_took_anothers_place_is_found() {
    let sql = format!(
        "UPDATE game_events SET event_data = event_data || '{{\"seq\": 888888}}' \
         WHERE event_id = (SELECT min(event_id) FROM game_events WHERE game_id = {ENDED})"
    );
    assert_eq!(found_after("replaced", &sql), ["every_acknowledged_event_is_stored"]);
}

#[test]
fn a_changed_card_is_found() {
    for (name, from, to) in [("card_changed", "AS", "KS"), ("card_lost", "AS", "")] {
        let sql = format!(
            "UPDATE games SET game_data = replace(game_data::text, '{from}', '{to}')::jsonb \
             WHERE game_id = {LIVE}"
        );
        assert_eq!(found_after(name, &sql), ["every_live_game_has_each_card_once"]);
    }
}

#[test]
fn a_changed_score_of_a_live_game_is_found() {
    let sql = format!(
        "UPDATE games SET game_data = jsonb_set(game_data, '{{score}}', '[6, 6]') \
         WHERE game_id = {LIVE}"
    );
    assert_eq!(found_after("score_live", &sql), ["scores_equal_the_hands_won"]);
}

#[test]
fn a_changed_score_of_an_ended_game_is_found() {
    let sql = format!(
        "UPDATE games SET game_data = jsonb_set(game_data, '{{score,0}}', \
         to_jsonb((game_data->'score'->>0)::int + 1)) WHERE game_id = {ENDED}"
    );
    assert_eq!(found_after("score_ended", &sql), ["scores_equal_the_hands_won"]);
}

#[test]
fn changed_player_counts_are_found() {
    let wins = "UPDATE players SET wins = wins + 1 WHERE player_id = 'run-p00000007'";
    assert_eq!(found_after("wins", wins), ["wins_equal_what_was_acknowledged"]);
    let games = "UPDATE players SET total_games = total_games - 1 \
                 WHERE player_id = 'run-p00000007'";
    assert_eq!(found_after("total_games", games), ["total_games_equal_what_was_acknowledged"]);
    let hands = "UPDATE players SET player_data = jsonb_set(player_data, '{hands}', '1') \
                 WHERE player_id = 'run-p00000007'";
    assert_eq!(found_after("hands", hands), ["hands_equal_what_was_acknowledged"]);
}

#[test]
fn a_player_that_nobody_made_is_found() {
    let sql = "INSERT INTO players (player_id, wins) VALUES ('run-p99999999', 1)";
    assert_eq!(found_after("foreign_player", sql), ["wins_equal_what_was_acknowledged"]);
}

#[test]
fn a_game_that_went_back_in_time_is_found() {
    let sql = format!(
        "UPDATE games SET game_data = jsonb_set(game_data, '{{version}}', \
         to_jsonb((game_data->>'version')::int - 1)) WHERE game_id = {LIVE}"
    );
    assert_eq!(found_after("back_in_time", &sql), ["every_game_is_stored_as_acknowledged"]);
}

#[test]
fn a_missing_ended_game_is_found() {
    let sql = "DELETE FROM games WHERE game_id = (SELECT max(game_id) FROM games \
               WHERE status = 'abandoned' AND game_id LIKE '%-g%')";
    let failed = failing("ended_gone", sql);
    assert!(
        failed.iter().any(|check| check.name == "every_game_is_stored_as_acknowledged"),
        "{failed:?}"
    );
}

#[test]
fn a_missing_player_of_a_game_is_found() {
    let sql = "DELETE FROM game_players WHERE ctid = (SELECT max(ctid) FROM game_players)";
    assert_eq!(found_after("member_gone", sql), ["everybody_who_joined_is_stored"]);
}

#[test]
fn a_session_or_an_old_event_that_expiry_did_not_report_is_found() {
    let session = "DELETE FROM sessions WHERE ctid = (SELECT min(ctid) FROM sessions)";
    assert_eq!(found_after("session_gone", session), ["expiry_took_only_what_it_reported"]);
    let event = "DELETE FROM game_events WHERE event_id = \
                 (SELECT max(event_id) FROM game_events WHERE game_id LIKE '%-h%')";
    assert_eq!(found_after("history_gone", event), ["expiry_took_only_what_it_reported"]);
}

#[test]
fn what_a_rollback_left_is_found() {
    let sql = format!(
        "INSERT INTO game_events (game_id, event_type, event_data) \
         SELECT {LIVE}, 'mind_changed', '{{\"run\": \"run\", \"seq\": 999999}}'"
    );
    let failed = found_after("left_over", &sql);
    let expected = ["no_event_is_stored_that_was_not_sent", "what_was_rolled_back_left_nothing"];
    assert_eq!(failed, expected);
}

#[test]
fn a_row_that_changed_under_a_player_is_found_at_once_and_play_goes_on() {
    let database = Database::new("under_a_player");
    let steady = HokmProfile { hands_to_win: 7, abandon_rate: 0.0, ..profile() };
    let mut session = Session::open(&database, steady, 1);
    session.act_until("play_card");
    database.run(
        "UPDATE games SET game_data = jsonb_set(game_data, '{version}', '77') \
         WHERE status = 'playing'",
    );
    let failed = (0..200).filter_map(|_| session.act().failure).count();
    assert!((6..40).contains(&failed), "{failed}");
    let later = session.act_times(200);
    assert!(later.iter().all(|one| one.failure.is_none()), "play goes on from what is stored");
    let failed = session.failed_checks(&database);
    assert!(failed.iter().any(|it| it.starts_with("every_answer_was_as_acknowledged")));
}
