//! Seconds with a checkpoint or autovacuum at work, beside those without.

use super::*;
use model::database_metrics::{MeanMax, VacuumProgress, VacuumStats};
use model::finding::Confidence;
use model::histogram::Histogram;
use model::run_result::{Overlap, OverlapSide, StageMetrics};

/// So many seconds whose 99th percentile is about this.
fn side(seconds: u64, p99_ms: u64) -> OverlapSide {
    let mut histogram = Histogram::<u64>::default();
    // Within a fifth of it, as seconds are.
    (0..seconds).for_each(|at| histogram.record_us(p99_ms * (900 + at * 200 / seconds)));
    OverlapSide {
        seconds,
        response_time_p99_median_ms: histogram.quantile_ms(0.5).unwrap_or(0.0),
        response_time_p99: histogram.to_base64(),
    }
}

/// Seconds with it and without, each as many and their 99th percentile.
fn seen(with: (u64, u64), without: (u64, u64)) -> Option<Overlap> {
    let (with, without) = (side(with.0, with.1), side(without.0, without.1));
    Some(Overlap { periods: 3, with, without })
}

fn staged(result: &mut RunResult, checkpoint: Option<Overlap>, autovacuum: Option<Overlap>) {
    let (checkpoint_overlap, autovacuum_overlap) = (checkpoint, autovacuum);
    let name = "10 connections".to_owned();
    let (length_s, hold) = (100.0, true);
    let stage = StageMetrics {
        name,
        length_s,
        hold,
        checkpoint_overlap,
        autovacuum_overlap,
        ..Default::default()
    };
    result.load_metrics.stages = vec![stage];
}

fn checkpoint(overlap: Option<Overlap>) -> impl Fn(&mut RunResult) {
    move |result| {
        let log = db(result).wal_checkpoints.data.as_mut().unwrap();
        log.checkpoint_active_percent = Some(20.0);
        log.checkpoint_sync_ms = Some(1500.0);
        staged(result, overlap.clone(), None);
    }
}

#[test]
fn seconds_with_a_checkpoint_that_are_slower_are_told_with_both_figures() {
    let found = fires("checkpoint_stalls", checkpoint(seen((20, 60), (80, 10))));
    assert!(found.title.contains("6.0 times"), "{}", found.title);
    assert_eq!((found.severity, found.confidence), (Severity::High, Confidence::High));
    assert!(rests_on(&found, 1500.0) && rests_on(&found, 3.0), "{found:#?}");
    assert!(found.evidence[0].text.contains("in the 20 seconds"), "{found:#?}");
    let twice = fires("checkpoint_stalls", checkpoint(seen((20, 22), (80, 10))));
    assert_eq!(twice.severity, Severity::Medium);
    // A fifth of the seconds lost more than half of their time.
    assert!(twice.impact.is_some_and(|it| (0.1..0.12).contains(&it)), "{:?}", twice.impact);
    quiet("checkpoint_stalls", checkpoint(seen((20, 18), (80, 10))));
}

#[test]
fn a_difference_that_chance_makes_or_nobody_notices_is_none() {
    // Two of the five are slow, the others as ever.
    let mut mixed = side(5, 10);
    let mut histogram = Histogram::<u64>::default();
    [9_000, 9_500, 30_000, 40_000, 50_000].iter().for_each(|us| histogram.record_us(*us));
    (mixed.response_time_p99, mixed.response_time_p99_median_ms) = (histogram.to_base64(), 30.0);
    let overlap = Overlap { periods: 3, with: mixed, without: side(6, 10) };
    quiet("checkpoint_stalls", checkpoint(Some(overlap)));
    quiet("checkpoint_stalls", |result| {
        checkpoint(seen((20, 3), (80, 1)))(result);
        let stage = &mut result.load_metrics.stages[0];
        let overlap = stage.checkpoint_overlap.as_mut().unwrap();
        overlap.with.response_time_p99_median_ms = 1.2;
        overlap.without.response_time_p99_median_ms = 0.3;
    });
}

#[test]
fn too_few_seconds_to_compare_are_told_as_such() {
    let few = unknown("checkpoint_stalls", checkpoint(seen((4, 60), (80, 10))));
    assert!(few.contains("in 4 seconds of a stage and not in 80"), "{few}");
    let all_the_time = unknown("checkpoint_stalls", checkpoint(seen((80, 60), (2, 10))));
    assert!(all_the_time.contains("not in 2"), "{all_the_time}");
    let hidden = unknown("checkpoint_stalls", |result| {
        db(result).wal_checkpoints.data.as_mut().unwrap().checkpoint_active_percent = None;
    });
    assert!(hidden.contains("was not seen"), "{hidden}");
    lacks("checkpoint_stalls", |db| lost(&mut db.wal_checkpoints));
    quiet("checkpoint_stalls", checkpoint(None));
}

#[test]
fn a_stage_is_named_though_the_one_before_it_ends_at_its_border() {
    let found = fires("checkpoint_stalls", |result| {
        checkpoint(seen((20, 60), (80, 10)))(result);
        let stages = &mut result.load_metrics.stages;
        let before = StageMetrics {
            name: "before".to_owned(),
            length_s: 30.002,
            hold: true,
            ..StageMetrics::default()
        };
        stages[0].from_s = 30.0;
        stages.insert(0, before);
    });
    assert_eq!(found.stage.as_deref(), Some("10 connections"));
}

#[test]
fn one_checkpoint_is_believed_less_than_two() {
    let mut once = seen((20, 60), (80, 10)).unwrap();
    once.periods = 1;
    let found = fires("checkpoint_stalls", checkpoint(Some(once)));
    assert_eq!((found.severity, found.confidence), (Severity::Medium, Confidence::Medium));
}

#[test]
fn checkpoints_that_come_too_often_stand_before_what_they_do() {
    let all = diagnosed(|result| {
        checkpoint(seen((20, 60), (80, 10)))(result);
        // They cost something: half of the busy time goes into a log of nothing but whole pages.
        waiting(&[("CPU:CPU", 1.0), ("IO:WALWrite", 1.0)])(result);
        let log = db(result).wal_checkpoints.data.as_mut().unwrap();
        log.checkpoints_requested = Some(20);
        log.wal_full_page_images = log.wal_bytes.map(|bytes| bytes / 8192);
    });
    let codes: Vec<_> = all.findings.iter().map(|it| it.code.as_str()).collect();
    let place = |code| codes.iter().position(|it| *it == code).unwrap();
    assert!(place("checkpoints_too_frequent") < place("checkpoint_stalls"), "{codes:?}");
}

fn vacuumed(workers: f64, overlap: Option<Overlap>) -> impl Fn(&mut RunResult) {
    move |result| {
        let (table, phase) = ("public.game".to_owned(), "scanning heap".to_owned());
        let progress = vec![VacuumProgress { table, phase, looks: 4 }];
        let autovacuum_workers = MeanMax { mean: workers / 2.0, max: workers };
        let stats = VacuumStats { autovacuum_workers, progress, ..VacuumStats::default() };
        db(result).vacuum = Section::read(stats, (0.0, 100.0));
        staged(result, None, overlap.clone());
    }
}

#[test]
fn seconds_with_autovacuum_that_are_slower_are_a_remark() {
    let found = fires("maintenance_in_window", vacuumed(1.0, seen((20, 60), (80, 10))));
    assert_eq!(found.severity, Severity::Low);
    assert!(found.evidence.iter().any(|it| it.text.contains("public.game")), "{found:#?}");
    quiet("maintenance_in_window", vacuumed(1.0, seen((20, 11), (80, 10))));
    quiet("maintenance_in_window", vacuumed(0.0, None));
    lacks("maintenance_in_window", |db| lost(&mut db.vacuum));
}
