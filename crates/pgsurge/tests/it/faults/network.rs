//! What a network does to a conversation: connections cut around a commit, reset in the middle of
//! a row, answers in crumbs, and nobody who answers at all.

use super::document::{self, Chapter};
use crate::database::Database;
use crate::proxy::{Proxy, Trick};
use crate::running::{Ended, Load};
use model::failure::ErrorClass;
use model::run_result::LoadMetrics;
use std::net::TcpListener;
use std::time::Duration;

/// Four connections for six seconds, through a proxy whose trick is on from the first to the
/// second, and how many connections the proxy has cut.
fn played(trick: Trick, load: impl Fn(&str) -> Load, database: &Database) -> (Ended, u64) {
    let proxy = Proxy::before(&database.url());
    let load = load(proxy.url()).args("--connections 4 --rate 300 --warm-up 0 --duration 6s");
    let mut running = load.start();
    running.wait_for_second(1);
    proxy.play(trick);
    running.wait_for_second(2);
    proxy.play(Trick::None);
    (running.wait(), proxy.cut())
}

/// Held for every conversation that was cut: each cut is one lost connection, found again, and
/// one failed action of those it carried; nothing that was acknowledged is missing, and nothing is
/// stored twice.
#[track_caller]
fn cut_and_verified(ended: &Ended, cut: u64) -> LoadMetrics {
    let load = ended.result().load_metrics;
    assert!(cut >= 5, "{cut} cuts");
    let connections = &load.connections;
    assert_eq!((connections.lost, connections.reconnected), (cut, cut), "{connections:?}");
    let lost: Vec<_> = load.errors.iter().map(|row| (row.class.as_str(), row.count)).collect();
    assert_eq!(lost, [(ErrorClass::ConnectionLost.name(), cut)]);
    assert_eq!((load.all_actions.scheduled, load.all_actions.failed), (1800, cut));
    let verification = load.verification.as_ref().unwrap();
    assert!(verification.passed, "{:#?}", verification.checks);
    load
}

#[test]
fn a_commit_whose_answer_is_lost_is_unknown_and_verification_copes() {
    let database = Database::new("cut_at_commit");
    let (ended, cut) = played(Trick::CutAtCommit, Load::hokm, &database);
    let load = cut_and_verified(&ended, cut);
    // A transaction that only reads leaves nothing unknown.
    assert!((cut / 2..=cut).contains(&load.all_actions.unknown), "{:?}", load.all_actions);
    document::measured(
        Chapter::Connections,
        "the connection is cut between a commit and its answer",
        &ended,
        &[],
    );
}

#[test]
fn a_transaction_whose_end_is_lost_may_be_stored_or_not_but_not_twice() {
    let database = Database::new("cut_at_end");
    let tpcb_like = |url: &str| Load::at(url).args("--workload tpcb-like");
    let (ended, cut) = played(Trick::CutAtCommit, tpcb_like, &database);
    let load = cut_and_verified(&ended, cut);
    assert_eq!(load.all_actions.unknown, cut, "{:?}", load.all_actions);
    let rows = database.psql("SELECT to_regclass('pgbench_history')");
    assert_eq!(rows, "", "the tables of the run are gone");
}

#[test]
fn a_reset_in_the_middle_of_a_row_is_a_lost_connection() {
    let database = Database::new("reset_in_row");
    let (ended, cut) = played(Trick::ResetInRow, Load::hokm, &database);
    let load = cut_and_verified(&ended, cut);
    assert!(load.errors[0].sample.contains("connection reset"), "{:?}", load.errors);
    document::measured(
        Chapter::Connections,
        "the connection is reset in the middle of a row",
        &ended,
        &["unknown"],
    );
}

#[test]
fn answers_that_come_one_byte_at_a_time_are_answers() {
    let database = Database::new("crumbs");
    let proxy = Proxy::before(&database.url());
    proxy.play(Trick::OneByteAtATime);
    let load = Load::hokm(proxy.url()).args("--connections 4 --warm-up 0 --duration 2s");
    let ended = load.args("--rate 50").run();
    let load = ended.result().load_metrics;
    assert_eq!((load.all_actions.succeeded, load.errors.len()), (100, 0), "{:?}", load.errors);
    assert!(load.verification.is_some_and(|it| it.passed));
    document::measured(Chapter::Connections, "answers come one byte at a time", &ended, &[]);
}

#[test]
fn a_server_that_accepts_and_never_answers_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepting = std::thread::spawn(move || listener.accept().unwrap());
    let url = format!("postgres://bench@127.0.0.1:{port}/game?sslmode=disable&connect_timeout=2");
    let ended = Load::at(&url).run();
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
    assert!(ended.refused(3).contains("timed out while"), "{}", ended.err);
    document::refused(
        Chapter::Connecting,
        "somebody accepts connections and never answers",
        &ended,
    );
    drop(accepting.join());
}
