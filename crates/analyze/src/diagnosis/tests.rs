//! The diagnosis as a whole: order, the one that limits, what could not be judged.

use super::fixture::{db, diagnosed, fires, host, latency, paced, server_cpu, sound, waiting};
use crate::rules::RULES;
use crate::{diagnosis, validity};
use model::finding::{Severity, Window};
use model::run_result::{RunResult, StageMetrics};
use std::collections::BTreeSet;

#[test]
fn a_sound_run_has_no_bottleneck_and_strengths() {
    let all = diagnosed(|_| ());
    assert_eq!((all.diagnosis.primary, all.findings), (None, vec![]));
    let reason = all.diagnosis.none_reason.unwrap();
    assert!(reason.starts_with("busy sessions: 0.9 on average, for 4 CPUs"), "{reason}");
    let strengths = [
        "none of 10,000 actions failed",
        "no deadlock in 10,000 transactions",
        "100 % of the blocks were in shared_buffers",
        "no statement spilled to temporary files",
        "the only checkpoint came by time",
        "at most 11.3 % of the server's connections were used",
        "the server's host used 40.0 % of its CPU",
    ];
    assert_eq!(all.diagnosis.strengths, strengths);
}

#[test]
fn the_server_has_as_many_cpus_as_the_result_says_whatever_its_host_has() {
    let all = diagnosed(|result| {
        result.environment.server.as_mut().unwrap().cpus = Some(12.0);
    });
    let reason = all.diagnosis.none_reason.unwrap();
    assert!(reason.contains("for 12 CPUs"), "{reason}");
}

#[test]
fn what_explains_most_is_the_one_that_limits() {
    let all = diagnosed(|result| {
        waiting(&[("CPU:CPU", 1.0), ("Lock:transactionid", 6.0), ("IO:WalSync", 2.0)])(result);
    });
    let codes: Vec<_> = all.findings.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["lock_hot_row", "wal_sync"]);
    assert_eq!(all.diagnosis.primary.unwrap().code, "lock_hot_row");
    assert_eq!(all.findings[0].impact, Some(0.667));
    assert_eq!(all.recommendations.len(), 2);
}

#[test]
fn a_cause_stands_before_the_resource_that_it_uses_up() {
    let all = diagnosed(|result| {
        waiting(&[("CPU:CPU", 6.0), ("Lock:tuple", 3.0)])(result);
        host(result).cpu_usage_percent.mean = 99.0;
        server_cpu(result, 80.0);
    });
    let codes: Vec<_> = all.findings.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(codes, ["lock_hot_row", "cpu_saturated"]);
}

#[test]
fn of_an_invalid_run_nothing_is_named_but_the_generator() {
    let busy = |result: &mut RunResult| {
        waiting(&[("Lock:tuple", 9.0)])(result);
        result.load_metrics.generator.busiest_thread_percent = Some(99.0);
    };
    let all = diagnosed(busy);
    assert_eq!(all.diagnosis.primary.unwrap().code, "generator_saturated");
    let unsound = |result: &mut RunResult| {
        waiting(&[("Lock:tuple", 9.0)])(result);
        result.load_metrics.all_actions.scheduled += 1;
    };
    let all = diagnosed(unsound);
    assert_eq!((all.diagnosis.primary, all.findings.len()), (None, 1));
    assert!(all.diagnosis.none_reason.unwrap().contains("not valid"));
}

#[test]
fn a_late_generator_says_so_first() {
    let found = fires("generator_late", |result| {
        let all = &mut result.load_metrics.all_actions;
        (all.lateness_ms, all.response_time_ms) = (Some(latency(40.0)), Some(latency(50.0)));
    });
    assert_eq!((found.severity, found.impact), (Severity::Critical, Some(1.0)));
    assert!(found.title.contains("40.0 ms"), "{}", found.title);
}

#[test]
fn a_generator_without_a_processor_says_so_first_whatever_the_server_does() {
    let starved = |delay_ms: f64| {
        move |result: &mut RunResult| {
            waiting(&[("Lock:tuple", 9.0)])(result);
            result.load_metrics.all_actions.response_time_ms = Some(latency(50.0));
            result.load_metrics.generator.run_queue_wait_percent = Some(80.0);
            result.load_metrics.generator.wake_delay_ms = Some(delay_ms);
        }
    };
    let all = diagnosed(starved(40.0));
    assert_eq!(all.diagnosis.primary.unwrap().code, "generator_late");
    let found = &all.findings[0];
    assert!(found.title.contains("waits 40.0 ms for a processor"), "{}", found.title);
    let value = |source: &str| {
        let facts = found.evidence.iter();
        facts.filter(|it| it.metric.as_deref() == Some(source)).find_map(|it| it.value)
    };
    assert_eq!(value("load_metrics.generator.wake_delay_ms"), Some(40.0));
    assert_eq!(value("load_metrics.generator.run_queue_wait_percent"), Some(80.0));
    let other = diagnosed(starved(20.0));
    assert_eq!(other.diagnosis.primary.unwrap().code, "lock_hot_row");
}

#[test]
fn what_only_slows_answers_down_is_not_named_where_the_server_keeps_up() {
    let all = diagnosed(|result| {
        waiting(&[("CPU:CPU", 0.7), ("IO:WalSync", 1.3)])(result);
        paced(result);
    });
    assert_eq!(all.findings[0].severity, Severity::Medium);
    assert_eq!(all.diagnosis.primary, None);
    let reason = all.diagnosis.none_reason.unwrap();
    assert!(reason.starts_with("the server kept up with the load"), "{reason}");
}

#[test]
fn what_explains_next_to_nothing_of_the_time_is_told_and_is_no_bottleneck() {
    type Change = fn(&mut RunResult);
    let few: [(&str, Change); 3] = [
        ("deadlocks", |it| db(it).transaction_stats.data.as_mut().unwrap().deadlocks = 1),
        ("serialization_failures", |it| {
            it.load_metrics.transactions.serialization_failures = 110;
        }),
        ("checkpoints_too_frequent", |it| {
            db(it).wal_checkpoints.data.as_mut().unwrap().checkpoints_requested = Some(4);
        }),
    ];
    for (code, change) in few {
        let all = diagnosed(change);
        let found = &all.findings[0];
        assert_eq!((found.code.as_str(), found.severity), (code, Severity::High));
        assert_eq!(all.diagnosis.primary, None, "{code} explains {:?}", found.impact);
        assert!(all.diagnosis.none_reason.is_some());
    }
    let many =
        diagnosed(|it| it.load_metrics.transactions.serialization_failures = 500).diagnosis.primary;
    assert_eq!(many.unwrap().code, "serialization_failures");
}

#[test]
fn an_empty_result_is_diagnosed_as_unknown() {
    let result = RunResult::default();
    let all = diagnosis::diagnose(&result, &validity::check(&result));
    let rules = RULES.iter().copied().flatten().count();
    assert_eq!(all.diagnosis.not_evaluated.len(), rules, "{:#?}", all.findings);
    assert!(all.findings.is_empty() && all.diagnosis.strengths.is_empty());
    assert!(all.diagnosis.budget.is_none() && all.diagnosis.none_reason.is_some());
}

#[test]
fn each_rule_has_a_code_of_its_own_and_a_source() {
    let rules: Vec<_> = RULES.iter().copied().flatten().collect();
    let codes: BTreeSet<_> = rules.iter().map(|rule| rule.code).collect();
    assert_eq!(codes.len(), rules.len());
    for rule in rules {
        let word = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
        assert!(rule.code.chars().all(word) && !rule.source.is_empty(), "{}", rule.code);
    }
}

#[test]
fn the_same_result_gives_the_same_diagnosis() {
    let judged = |mut result: RunResult| {
        waiting(&[("Lock:tuple", 3.0), ("IO:WalSync", 3.0)])(&mut result);
        db(&mut result).temp_files.data.as_mut().unwrap().files = 99;
        diagnosis::diagnose(&result, &validity::check(&result))
    };
    assert_eq!(judged(sound()), judged(sound()));
}

/// Three stages of the 100 s.
fn staged(result: &mut RunResult) {
    let stage = |name: &str, from_s, length_s| StageMetrics {
        name: name.to_owned(),
        from_s,
        length_s,
        ..StageMetrics::default()
    };
    result.load_metrics.stages =
        vec![stage("low", 0.0, 30.0), stage("high", 30.0, 40.0), stage("end", 70.0, 30.0)];
}

/// Where the finding that statements were forgotten stands, seen from `from_s` to `to_s`.
fn place(from_s: f64, to_s: f64) -> (Option<Window>, Option<String>) {
    let found = fires("statements_evicted", |result| {
        staged(result);
        let queries = &mut db(result).query_performance;
        (queries.from_s, queries.to_s) = (Some(from_s), Some(to_s));
        queries.data.as_mut().unwrap().evicted = Some(9);
    });
    (found.window, found.stage)
}

#[test]
fn a_finding_has_the_window_of_the_section_that_it_rests_on_and_its_stages() {
    let stage = |from_s, to_s| {
        let (window, stage) = place(from_s, to_s);
        assert_eq!(window, Some(Window { from_s, to_s }));
        stage
    };
    assert_eq!(stage(0.2, 101.5).as_deref(), Some("whole run"));
    assert_eq!(stage(30.4, 70.6).as_deref(), Some("high"), "the border is seen late");
    assert_eq!(stage(35.0, 90.0).as_deref(), Some("high, end"));
    assert_eq!(stage(40.0, 40.2).as_deref(), Some("high"));
    assert_eq!(stage(-5.0, -1.0), None, "before measuring began");
}

#[test]
fn a_finding_about_the_load_is_about_all_of_the_measured_time() {
    let found = fires("generator_saturated", |result| {
        staged(result);
        result.load_metrics.generator.busiest_thread_percent = Some(99.0);
    });
    assert_eq!(found.window, Some(Window { from_s: 0.0, to_s: 100.0 }));
    assert_eq!(found.stage.as_deref(), Some("whole run"));
}
