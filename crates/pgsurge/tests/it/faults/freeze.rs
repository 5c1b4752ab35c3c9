//! A server that stops answering and never comes back: the run ends in time, with a result.

use super::document::{self, Chapter};
use crate::database::{private, url};
use crate::running::Load;
use model::verdict::ValidityOutcome;
use std::time::Duration;

#[test]
fn a_server_stopped_for_good_leaves_a_result_that_claims_nothing_it_cannot_know() {
    let server = private();
    let mut running = Load::hokm(&url(&server))
        .args("--connections 4 --rate 50 --warm-up 0 --duration 6s --grace 2s")
        .start();
    running.wait_for_second(2);
    server.pause();
    let ended = running.wait();
    server.resume();
    let result = ended.result();
    let load = &result.load_metrics;
    // 6 s of load, 2 s of grace, and a few connects of at most 5 s each.
    assert!(ended.took < Duration::from_secs(40), "{:?}", ended.took);
    assert_eq!(load.all_actions.scheduled, 300);
    assert!(load.all_actions.unfinished >= 50, "{:?}", load.all_actions);
    assert_eq!(load.verification, None);
    let reasons = result.verdict.reasons.join("\n");
    assert!(reasons.contains("the stored data could not be verified"), "{reasons}");
    let is_void = result.validity.iter().any(|check| check.outcome == ValidityOutcome::Invalid);
    assert_eq!(result.verdict.exit_code, if is_void { 6 } else { 7 }, "{reasons}");
    ended.tells_how_to_remove_what_is_left();
    document::measured(
        Chapter::Connections,
        "the server stops answering and never comes back (SIGSTOP)",
        &ended,
        &[],
    );
}
