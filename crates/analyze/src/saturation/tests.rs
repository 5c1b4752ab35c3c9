//! Stages of made-up servers whose capacity is known.

use super::*;
use crate::diagnosis::fixture::{diagnosed, latency, sound, waiting};
use crate::validity;
use model::run_result::RunResult;
use proptest::prelude::*;

const LENGTH_S: f64 = 30.0;

fn stage(name: &str, load: f64, achieved_per_s: f64) -> StageMetrics {
    StageMetrics {
        name: name.to_owned(),
        hold: true,
        length_s: LENGTH_S,
        offered_per_s: Some(load),
        achieved_per_s,
        response_time_ms: Some(latency(9.0)),
        ..StageMetrics::default()
    }
}

fn users(users: f64, achieved_per_s: f64) -> StageMetrics {
    let (offered_per_s, users_mean) = (None, Some(users));
    StageMetrics { offered_per_s, users_mean, ..stage("users", 0.0, achieved_per_s) }
}

/// Stages as (offered, achieved) per second.
fn open(all: &[(f64, f64)]) -> Vec<StageMetrics> {
    all.iter().map(|(load, done)| stage(&format!("hold {load}"), *load, *done)).collect()
}

fn judged(stages: Vec<StageMetrics>) -> Result<Saturation, Missing> {
    judged_in(sound(), stages)
}

fn judged_in(mut result: RunResult, stages: Vec<StageMetrics>) -> Result<Saturation, Missing> {
    result.load_metrics.stages = stages;
    let validity = validity::check(&result);
    of(&Facts::of(&result, &validity))
}

#[track_caller]
fn text(stages: Vec<StageMetrics>) -> String {
    judged(stages).unwrap().text
}

#[track_caller]
fn missing(stages: Vec<StageMetrics>) -> String {
    judged(stages).unwrap_err().0
}

#[test]
fn the_first_load_after_which_more_brings_no_more_is_named() {
    let all = [(400.0, 400.0), (800.0, 790.0), (960.0, 798.0), (1200.0, 780.0)];
    let told = "saturated from 800/s on: 20 % more load brought 1 % more than 790/s";
    assert_eq!(text(open(&all)), told);
    let from = judged(open(&all)).unwrap().from.unwrap();
    assert_eq!((from.stage.as_str(), from.achieved_of_offered_percent), ("hold 800", None));
    assert_eq!(from.plateau.unwrap().more_throughput_percent, 1.01);
}

#[test]
fn a_load_that_is_not_kept_up_with_is_where_saturation_begins() {
    let all = [(100.0, 100.0), (900.0, 402.0)];
    let told = "saturated from 900/s on: 402/s of it succeeded (44 %)";
    assert_eq!(text(open(&all)), told);
    let all = [(100.0, 100.0), (500.0, 400.0), (1000.0, 200.0)];
    assert!(text(open(&all)).ends_with("100 % more load brought 50 % less than 400/s"));
    assert_eq!(judged(open(&all)).unwrap().from.unwrap().achieved_of_offered_percent, Some(80.0));
}

#[test]
fn users_that_bring_more_are_room_and_those_that_bring_no_more_are_not() {
    let room = vec![users(10.0, 100.0), users(40.0, 380.0), users(20.0, 200.0)];
    assert!(text(room).starts_with("not saturated up to 40 users: more load still"));
    let full = vec![users(10.0, 100.0), users(20.0, 101.0), users(40.0, 99.0)];
    assert_eq!(
        text(full),
        "saturated from 10 users on: 100 % more load brought 1 % more than 100/s"
    );
}

#[test]
fn a_queue_that_drains_in_a_later_stage_is_not_its_throughput() {
    // In this order: the overload first, whose rest is done while little is offered.
    let all = [(1000.0, 310.0), (200.0, 310.0), (300.0, 300.0)];
    let from = judged(open(&all)).unwrap().from.unwrap();
    assert_eq!(from.stage, "hold 300");
}

#[test]
fn one_disturbed_stage_is_no_plateau() {
    let all = [(100.0, 100.0), (200.0, 101.0), (400.0, 400.0)];
    assert_eq!(judged(open(&all)).unwrap().from, None);
}

#[test]
fn paced_statements_are_compared_with_the_actions_that_they_make() {
    let judged = |achieved| {
        let mut result = sound();
        result.load_metrics.offered_queries_per_s = Some(900.0);
        (result.load_metrics.queries_per_s, result.load_metrics.achieved_per_s) = (400.0, 100.0);
        let (few, many) = ("hold 400 statements/s", "hold 800 statements/s");
        let stages = vec![stage(few, 400.0, 100.0), stage(many, 800.0, achieved)];
        judged_in(result, stages).unwrap()
    };
    assert!(judged(200.0).text.starts_with("not saturated up to 800 statements/s"));
    let behind = judged(150.0);
    assert_eq!(behind.text, "saturated from 800 statements/s on: 75 % of it succeeded");
    assert_eq!(behind.from.unwrap().achieved_of_offered_percent, Some(75.0));
}

#[test]
fn without_two_stages_that_can_be_compared_there_is_a_reason() {
    assert!(missing(vec![]).contains("two stages"));
    assert!(missing(open(&[(100.0, 100.0)])).contains("two stages"));
    let ramp = StageMetrics { hold: false, ..stage("ramp", 400.0, 400.0) };
    assert!(missing(vec![ramp, stage("hold", 100.0, 100.0)]).contains("two stages"));
    let short = StageMetrics { length_s: 4.0, ..stage("short", 900.0, 900.0) };
    assert!(missing(vec![short, stage("hold", 100.0, 100.0)]).starts_with("1 of 2 stages"));
    assert!(missing(open(&[(10.0, 10.0), (20.0, 20.0)])).starts_with("2 of 2 stages"));
    assert!(missing(open(&[(100.0, 100.0), (100.0, 100.0)])).contains("a fifth more load"));
    assert!(missing(vec![users(10.0, 100.0), users(11.0, 100.0)]).contains("a fifth more load"));
}

#[test]
fn a_stage_too_short_to_judge_is_told_where_the_others_are() {
    let mut stages = open(&[(100.0, 100.0), (200.0, 200.0), (900.0, 300.0)]);
    stages[2].length_s = 1.0;
    assert!(text(stages).ends_with("(1 stage too short to judge)"));
}

#[test]
fn an_invalid_run_is_not_judged_but_for_the_queue_that_saturation_makes() {
    let stages = || open(&[(100.0, 100.0), (500.0, 400.0)]);
    let mut result = sound();
    result.load_metrics.generator.busiest_thread_percent = Some(99.0);
    let reason = judged_in(result, stages()).unwrap_err().0;
    assert_eq!(reason, "the run is not valid (generator_cpu)");
    let mut growing = stages();
    growing[1].blocks = (1..=10)
        .map(|n| model::run_result::StageBlock {
            length_s: 3.0,
            achieved_per_s: 400.0,
            response_time_mean_ms: Some(100.0 * f64::from(n)),
        })
        .collect();
    assert_eq!(judged(growing).unwrap().from.unwrap().stage, "hold 500");
}

#[test]
fn the_primary_finding_cites_it() {
    let all = diagnosed(|result| {
        waiting(&[("CPU:CPU", 1.0), ("Lock:transactionid", 6.0)])(result);
        result.load_metrics.stages = open(&[(100.0, 100.0), (500.0, 400.0)]);
    });
    let text = all.diagnosis.saturation.unwrap().text;
    let cited = |at: usize| all.findings[at].evidence.iter().any(|it| it.text == text);
    assert!(all.diagnosis.primary.is_some() && cited(0), "{:#?}", all.findings[0].evidence);
    let reason = diagnosed(|_| ()).diagnosis.saturation_reason.unwrap();
    assert!(reason.contains("two stages"), "{reason}");
}

/// Loads of two to eight stages, in any order, each at least a fifth apart from the others.
fn loads() -> impl Strategy<Value = Vec<f64>> {
    let steps = prop::collection::vec(1.2..3.0f64, 2..8);
    let loads = steps.prop_map(|steps| {
        let grown = steps.into_iter().scan(100.0, |load, step| {
            *load *= step;
            Some(*load)
        });
        grown.collect::<Vec<_>>()
    });
    loads.prop_shuffle()
}

proptest! {
    #[test]
    fn throughput_that_grows_with_the_load_is_never_a_plateau(
        loads in loads(), per_user in 1.0..50.0f64, noise in prop::collection::vec(0.95..1.05f64, 8),
    ) {
        let closed = loads.iter().zip(&noise).map(|(load, it)| users(*load, load * per_user * it));
        prop_assert_eq!(judged(closed.collect()).unwrap().from, None);
        let paced: Vec<_> = loads.iter().map(|load| (*load, *load)).collect();
        prop_assert_eq!(judged(open(&paced)).unwrap().from, None);
    }

    #[test]
    fn a_server_of_known_capacity_is_saturated_there_in_whatever_order(
        loads in loads(), share in 0.1..0.7f64,
    ) {
        let most = loads.iter().copied().fold(0.0, f64::max);
        let capacity = most * share;
        let all: Vec<_> = loads.iter().map(|load| (*load, load.min(capacity))).collect();
        let found = judged(open(&all)).unwrap();
        let from = found.from.unwrap();
        prop_assert!(from.achieved_per_s * 1.05 > capacity, "{} {capacity}", found.text);
        prop_assert!(found.steps.is_sorted_by(|a, b| a.offered_per_s <= b.offered_per_s));
    }
}
