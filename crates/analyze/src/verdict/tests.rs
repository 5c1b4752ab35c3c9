//! Everything that can be wrong, alone and together.

use crate::judge;
use model::metric::Distribution;
use model::run_result::{ErrorRow, RunResult};
use model::threshold::{Threshold, key};
use model::verdict::{Cause, Reason, Verdict, VerdictOutcome};
use model::verification::{Check, Verification};

fn sound() -> RunResult {
    let mut result = RunResult::default();
    let load = &mut result.load_metrics;
    load.all_actions.scheduled = 5000;
    load.all_actions.succeeded = 5000;
    load.all_actions.response_time_ms = Some(Distribution { mean: 10.0, ..Default::default() });
    load.actions.insert("look".to_owned(), load.all_actions.clone());
    result
}

fn user(name: &str, limit: f64) -> Threshold {
    key(name).unwrap().threshold(Some(limit))
}

fn verdict(change: impl FnOnce(&mut RunResult), thresholds: &[Threshold]) -> Verdict {
    let mut result = sound();
    change(&mut result);
    judge(&result, thresholds, vec![]).verdict
}

fn corrupt(result: &mut RunResult) {
    let check = Check {
        name: "each_card_once".to_owned(),
        checked: 9,
        violations: 1,
        sample: Some("game 3 has the ace of spades twice".to_owned()),
    };
    result.load_metrics.verification = Some(Verification { passed: false, checks: vec![check] });
}

#[test]
fn each_fault_alone_has_its_code() {
    let too_slow = [user("max_avg_response_time_ms", 5.0)];
    let unknown = [user("max_cpu_usage_percent", 80.0)];
    let nothing = |_: &mut RunResult| {};
    assert_eq!(verdict(nothing, &[]).exit_code, 0);
    assert_eq!(verdict(nothing, &crate::thresholds::defaults()).exit_code, 0);
    assert_eq!(verdict(nothing, &too_slow).exit_code, 4);
    assert_eq!(verdict(nothing, &unknown).exit_code, 7);
    assert_eq!(verdict(corrupt, &[]).exit_code, 5);
    assert_eq!(verdict(|r| r.test_summary.interrupted = true, &[]).exit_code, 130);
    assert_eq!(verdict(|r| r.load_metrics.all_actions.scheduled += 1, &[]).exit_code, 6);
    let died = vec![Reason::new(Cause::OurFault, "a thread died")];
    assert_eq!(judge(&sound(), &[], died).verdict.exit_code, 1);
}

#[test]
fn a_run_without_a_success_is_inconclusive_unless_a_limit_speaks() {
    let failed = |result: &mut RunResult| {
        let load = &mut result.load_metrics;
        (load.all_actions.succeeded, load.all_actions.failed) = (0, 5000);
        load.actions.insert("look".to_owned(), load.all_actions.clone());
        load.error_rate_percent = Some(100.0);
    };
    assert_eq!(verdict(failed, &[]).outcome, VerdictOutcome::Inconclusive);
    assert_eq!(verdict(failed, &crate::thresholds::defaults()).exit_code, 4);
    assert_eq!(verdict(|r| *r = RunResult::default(), &[]).exit_code, 7);
}

#[test]
fn a_server_that_was_never_reached_is_told_with_its_own_words() {
    let never = |result: &mut RunResult| {
        *result = RunResult::default();
        let load = &mut result.load_metrics;
        (load.connections.attempted, load.connections.failed) = (8, 8);
        let sample = "password authentication failed".to_owned();
        load.early_errors = vec![ErrorRow { sample, count: 8, ..Default::default() }];
    };
    let seen = verdict(never, &crate::thresholds::defaults());
    assert_eq!(seen.exit_code, 3);
    assert!(seen.reasons[0].contains("password authentication failed"), "{:?}", seen.reasons);
}

#[test]
fn every_reason_is_told_and_the_gravest_first() {
    let all = |result: &mut RunResult| {
        corrupt(result);
        result.test_summary.interrupted = true;
        result.load_metrics.all_actions.scheduled += 1;
    };
    let seen = verdict(all, &[user("max_avg_response_time_ms", 5.0)]);
    assert_eq!((seen.exit_code, seen.reasons.len()), (5, 4), "{:?}", seen.reasons);
    assert!(seen.reasons[0].contains("ace of spades"), "{:?}", seen.reasons);
    assert!(seen.reasons[3].contains("10.0 ms, the limit is 5.0 ms"), "{:?}", seen.reasons);
}
