//! Scenarios with one property each, and what follows from it.

use super::*;
use model::metric::{Distribution, MetricKind, MetricValue};
use model::run_result::{CustomMetric, ErrorRow};
use model::suite::{Effect, Figures, Reference, ScenarioStatus};
use model::threshold::{self, ThresholdOutcome, ThresholdResult};
use model::verdict::Cause;
use std::collections::BTreeMap;

/// A minute at 100 of 100 offered actions/s, answered in 10 ms.
fn passed(name: &str, connections: u64) -> Scenario {
    let times =
        Distribution { mean: 8.0, p50: 7.0, p95: 9.0, p99: 10.0, ..Distribution::default() };
    Scenario {
        name: name.to_owned(),
        status: ScenarioStatus::Finished,
        connections,
        verdict: Some(Verdict::of(vec![])),
        figures: Some(Figures {
            workload: "hokm".to_owned(),
            elapsed_s: 60.0,
            longest_hold_s: Some(60.0),
            offered_per_s: Some(100.0),
            achieved_per_s: 100.0,
            succeeded: 6000,
            error_rate_percent: Some(0.0),
            response_time_ms: Some(times),
            ..Figures::default()
        }),
        ..Scenario::default()
    }
}

fn with(mut scenario: Scenario, change: impl FnOnce(&mut Figures)) -> Scenario {
    change(scenario.figures.as_mut().unwrap());
    scenario
}

fn ending(mut scenario: Scenario, cause: Cause) -> Scenario {
    scenario.verdict = Some(Verdict::of(vec![Reason::new(cause, "it was so")]));
    scenario
}

fn slow(name: &str, connections: u64, p99: f64) -> Scenario {
    with(passed(name, connections), |it| it.response_time_ms.as_mut().unwrap().p99 = p99)
}

fn closed(name: &str, connections: u64, achieved_per_s: f64) -> Scenario {
    with(passed(name, connections), |it| {
        (it.offered_per_s, it.achieved_per_s) = (None, achieved_per_s);
    })
}

fn not_run(name: &str) -> Scenario {
    Scenario { name: name.to_owned(), reason: Some("not there".into()), ..Scenario::default() }
}

fn judged(scenarios: &[Scenario]) -> SuiteJudgement {
    judge(scenarios, 1.0, Vec::new())
}

/// Every recommendation as `category: rationale`.
fn advice(scenarios: &[Scenario]) -> Vec<String> {
    let told = judged(scenarios).recommendations.into_iter();
    told.map(|it| format!("{}: {}", it.category, it.rationale)).collect()
}

#[test]
fn each_scenario_is_held_against_the_one_before_and_the_baseline() {
    let all = judged(&[passed("a", 1), passed("b", 2), passed("c", 3)]).degradation;
    let seen: Vec<_> =
        all.iter().map(|it| (it.scenario.as_str(), it.against.as_str(), it.reference)).collect();
    let (previous, baseline) = (Reference::Previous, Reference::Baseline);
    assert_eq!(seen, [("b", "a", previous), ("c", "b", previous), ("c", "a", baseline)]);
}

#[test]
fn the_scenario_that_is_called_so_is_the_baseline_wherever_it_stands() {
    let all = judged(&[passed("big", 9), passed("baseline_performance", 2)]).degradation;
    let seen: Vec<_> = all.iter().map(|it| (it.against.as_str(), it.reference)).collect();
    let both = [("baseline_performance", Reference::Baseline), ("big", Reference::Previous)];
    assert_eq!(seen, both);
}

#[test]
fn a_change_is_told_in_percent_and_in_words() {
    let all = judged(&[
        closed("a", 1, 200.0),
        with(slow("b", 2, 38.0), |it| {
            (it.offered_per_s, it.achieved_per_s) = (None, 150.0);
            it.error_rate_percent = Some(1.5);
        }),
    ]);
    let changes = &all.degradation[0].changes;
    let words: Vec<&str> = changes.iter().map(|it| it.words.as_str()).collect();
    let told = [
        "25 % less throughput",
        "as fast",
        "as fast",
        "as fast",
        "280 % slower",
        "more errors: 1.5 % after 0 %",
    ];
    assert_eq!(words, told);
    assert_eq!(changes[0].change_percent, Some(-25.0));
    assert_eq!((changes[0].effect, changes[1].effect), (Effect::Worse, Effect::Unchanged));
    assert_eq!((changes[5].change_percent, changes[5].effect), (None, Effect::Worse));
}

#[test]
fn a_load_that_arrived_as_offered_is_no_loss_of_throughput() {
    let half = with(passed("half", 2), |it| {
        (it.offered_per_s, it.achieved_per_s) = (Some(50.0), 50.0);
    });
    let change = judged(&[passed("a", 1), half]).degradation[0].changes[0].clone();
    assert_eq!(change.words, "50 % less throughput, as offered");
    assert_eq!(change.effect, Effect::Unchanged);
}

#[test]
fn where_statements_are_paced_their_throughput_is_compared() {
    let paced = |name, queries_per_s| {
        with(passed(name, 1), |it| {
            (it.offered_queries_per_s, it.queries_per_s) = (Some(200.0), queries_per_s);
        })
    };
    let change = &judged(&[paced("a", 200.0), paced("b", 200.5)]).degradation[0].changes[0];
    assert_eq!(
        (change.metric.as_str(), change.words.as_str()),
        ("queries_per_s", "the same throughput")
    );
}

#[test]
fn runs_that_prove_nothing_are_not_compared_and_said_to_be_so() {
    let others = [
        ending(passed("void", 2), Cause::Invalid),
        ending(passed("cut", 3), Cause::Interrupted),
        with(passed("dead", 4), |it| it.succeeded = 0),
        with(passed("other", 5), |it| it.workload = "tpcb-like".to_owned()),
    ];
    let mut all = vec![passed("a", 1)];
    all.extend(others);
    let judged = judged(&all);
    assert_eq!(judged.degradation, []);
    let last = &judged.recommendations.last().unwrap().rationale;
    assert_eq!(
        last,
        "void (the run is not valid), cut (it was interrupted), dead (no action succeeded), other \
         (its workload is tpcb-like, not hokm)"
    );
}

#[test]
fn the_first_errors_are_told_with_what_held_before_them() {
    let bad = with(passed("bad", 50), |it| {
        (it.failed, it.error_rate_percent) = (60, Some(1.0));
        it.errors.push(ErrorRow { class: "deadlock".to_owned(), ..ErrorRow::default() });
    });
    let worse = with(bad.clone(), |it| it.failed = 600);
    let told = advice(&[
        Scenario { name: "worse".into(), connections: 90, ..worse },
        bad,
        passed("a", 20),
    ]);
    let errors = "errors: errors appear at bad (50 connections): 1.0 % of its actions failed, most \
                  of them deadlock; none up to a (20 connections)";
    assert_eq!(told[0], errors);
}

#[test]
fn each_limit_is_told_where_it_breaks_first() {
    let crossed = |name: &str, value| {
        let limit = threshold::key(name).unwrap().threshold(None);
        ThresholdResult {
            name: name.to_owned(),
            metric: String::new(),
            comparison: limit.comparison,
            limit: limit.limit,
            unit: limit.unit,
            source: limit.source,
            value: Some(value),
            outcome: ThresholdOutcome::Failed,
            reason: None,
        }
    };
    let peak = with(passed("peak", 100), |it| {
        it.failed_thresholds.push(crossed("max_p99_response_time_ms", 2500.0));
    });
    let stress = with(passed("stress", 200), |it| {
        it.failed_thresholds.push(crossed("max_p99_response_time_ms", 4000.0));
        it.failed_thresholds.push(crossed("max_avg_query_time_ms", 70.0));
    });
    assert_eq!(
        advice(&[passed("normal", 50), peak, stress]),
        [
            "capacity: first crossed at peak (100 connections): max_p99_response_time_ms (2.5 s, \
             the limit is 2.0 s); held up to normal (50 connections)",
            "capacity: first crossed at stress (200 connections): max_avg_query_time_ms (70.0 ms, \
             the limit is 50.0 ms); held up to peak (100 connections)",
        ]
    );
}

#[test]
fn a_server_that_falls_short_of_a_schedule_is_told_with_both_rates() {
    let short = with(passed("short", 50), |it| it.achieved_per_s = 90.0);
    let told = "capacity: the server did not keep up at short (50 connections): 90/s of 100/s \
                offered; it did up to a (20 connections)";
    assert_eq!(advice(&[passed("a", 20), short]), [told]);
}

#[test]
fn throughput_that_stops_growing_is_told_between_which_loads() {
    let all = [closed("a", 20, 1000.0), closed("b", 50, 1900.0), closed("c", 100, 1950.0)];
    let told = "scaling: throughput stops growing between 50 and 100 connections: 2.6 % more for 2 \
                times the connections";
    assert_eq!(advice(&all), [told]);
    let growing = [closed("a", 20, 1000.0), closed("b", 50, 1900.0)];
    assert_eq!(advice(&growing).len(), 1, "headroom alone");
    assert!(advice(&growing)[0].starts_with("capacity: every limit held up to b (50"));
}

#[test]
fn a_p99_that_doubles_is_told_where_it_does_so_first() {
    let all = [passed("a", 20), slow("b", 50, 19.0), slow("c", 100, 30.0), slow("d", 200, 90.0)];
    let told = "scaling: the p99 response time is 3 times that of a at c (100 connections): 30.0 ms \
                after 10.0 ms";
    assert_eq!(advice(&all), [told]);
}

#[test]
fn short_runs_and_scaled_ones_weaken_what_is_said() {
    let short = with(passed("b", 50), |it| it.longest_hold_s = Some(6.0));
    let told = &judge(&[passed("a", 20), short], 0.02, Vec::new()).recommendations;
    let why = "all durations are 0.02 of what was asked for; stages below 30s: b 6s";
    assert_eq!(told.last().map(|it| it.rationale.as_str()), Some(why));
    assert!(!advice(&[passed("a", 20)]).iter().any(|it| it.starts_with("evidence")));
}

#[test]
fn every_recommendation_carries_its_evidence() {
    let mut all = vec![
        closed("a", 20, 1000.0),
        closed("b", 50, 1000.0),
        slow("c", 100, 90.0),
        with(passed("d", 200), |it| (it.failed, it.achieved_per_s) = (1, 50.0)),
        ending(passed("e", 2), Cause::Invalid),
    ];
    all.push(Scenario { status: ScenarioStatus::CouldNotStart, ..not_run("f") });
    let told = judge(&all, 0.5, Vec::new()).recommendations;
    assert_eq!(told.len(), 7, "{told:#?}");
    assert!(told.iter().all(|it| !it.evidence.is_empty()), "{told:#?}");
}

#[test]
fn the_gravest_scenario_decides_and_one_that_was_not_run_does_not() {
    let failed = ending(passed("slow", 2), Cause::ThresholdFailed);
    let void = ending(passed("void", 3), Cause::Invalid);
    let verdict = judged(&[passed("a", 1), failed, void, not_run("migration_load")]).verdict;
    assert_eq!(verdict.exit_code, 6);
    assert_eq!(verdict.reasons, ["void: it was so", "slow: it was so"]);
    assert_eq!(judged(&[passed("a", 1), not_run("b")]).verdict.exit_code, 0);
}

#[test]
fn a_suite_of_which_nothing_ran_has_answered_nothing() {
    assert_eq!(judged(&[not_run("migration_load")]).verdict.exit_code, 7);
    assert_eq!(judged(&[]).verdict.exit_code, 7);
}

fn own(name: &str, kind: MetricKind, value: MetricValue) -> (String, CustomMetric) {
    let (unit, meaning) = ("things".to_owned(), "what it is".to_owned());
    (name.to_owned(), CustomMetric { kind, unit, meaning, value })
}

#[test]
fn metrics_of_the_workloads_own_are_compared_and_called_neither_good_nor_bad() {
    let spread = |mean, p95| {
        MetricValue::Distribution(Distribution { mean, p95, ..Distribution::default() })
    };
    let of = |orders, stock, sizes| {
        BTreeMap::from([
            own("orders", MetricKind::Counter, MetricValue::Number(orders)),
            own("sizes", MetricKind::Histogram, sizes),
            own("stock", MetricKind::Gauge, MetricValue::Number(stock)),
        ])
    };
    let long = |it: &mut Figures| {
        (it.custom, it.elapsed_s) = (of(300.0, 5.0, spread(3.0, 4.0)), 120.0);
        it.custom.extend([own("only_here", MetricKind::Gauge, MetricValue::Number(1.0))]);
    };
    let first = with(passed("few", 1), |it| it.custom = of(100.0, 0.0, spread(2.0, 4.0)));
    let judged = judged(&[first, with(passed("many", 2), long)]);
    let own: Vec<_> = judged.degradation[0]
        .changes
        .iter()
        .filter(|it| it.metric.starts_with("custom."))
        .collect();
    let told: Vec<_> = own.iter().map(|it| (it.metric.as_str(), it.words.as_str())).collect();
    let expected = [
        // Three times as many in twice the time.
        ("custom.orders.per_s", "50 % more per second"),
        ("custom.sizes.mean", "50 % more on average"),
        ("custom.sizes.p95", "the same at p95"),
        ("custom.stock", "5 after none"),
    ];
    assert_eq!(told, expected);
    assert!(own.iter().all(|it| it.effect == Effect::Unknown), "{own:?}");
}
