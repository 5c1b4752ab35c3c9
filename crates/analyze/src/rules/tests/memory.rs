//! What fits into memory and what does not.

use super::*;
use model::database_metrics::{StatementLoad, TempFiles};
use model::finding::Confidence;
use model::system_metrics::{Pressure, Stall};

fn spilled(files: u64, share_percent: f64) -> impl Fn(&mut RunResult) {
    move |result| {
        db(result).temp_files.data = Some(TempFiles { files, bytes: files << 20 });
        let statement = StatementLoad {
            text: Some("SELECT * FROM t ORDER BY x".to_owned()),
            temp_blocks_written: Some(128),
            share_percent,
            ..StatementLoad::default()
        };
        db(result).query_performance.data.as_mut().unwrap().statements = vec![statement];
    }
}

#[test]
fn a_sort_that_spills_is_told_with_its_statement_and_work_mem() {
    let found = fires("temp_spill", spilled(11, 90.0));
    assert!(rests_on(&found, 11.0) && rests_on(&found, f64::from(11 << 20)));
    assert!(found.advice.contains("now 4MB") && found.advice.contains("ORDER BY x"));
    assert_eq!((found.severity, found.impact), (Severity::High, Some(0.9)));
    assert_eq!(fires("temp_spill", spilled(11, 19.0)).severity, Severity::Medium);
    quiet("temp_spill", spilled(10, 90.0));
    let often = |calls: u64| {
        both(spilled(11, 90.0), move |result| {
            let queries = db(result).query_performance.data.as_mut().unwrap();
            queries.statements[0].calls = calls;
        })
    };
    let rare = fires("temp_spill", often(1_000_000));
    assert_eq!((rare.severity, rare.impact), (Severity::Medium, Some(0.0)));
    assert_eq!(fires("temp_spill", often(22)).impact, Some(0.45));
    // One that always spills is not excused by another that once did.
    let company = fires("temp_spill", |result| {
        spilled(11, 90.0)(result);
        let statements = &mut db(result).query_performance.data.as_mut().unwrap().statements;
        (statements[0].calls, statements[0].temp_blocks_written) = (10, Some(1000));
        let rare = StatementLoad {
            calls: 1_000_000,
            share_percent: 5.0,
            temp_blocks_written: Some(100),
            ..statements[0].clone()
        };
        statements.push(rare);
    });
    assert_eq!((company.severity, company.impact), (Severity::High, Some(0.9)));
    let waits = both(often(1_000_000), waiting(&[("IO:BufFileWrite", 3.0), ("CPU:CPU", 3.0)]));
    assert_eq!(fires("temp_spill", waits).impact, Some(0.5));
    let unseen = fires("temp_spill", |result| {
        spilled(11, 90.0)(result);
        lost(&mut db(result).query_performance);
        lost(&mut db(result).wait_events);
    });
    assert_eq!((unseen.severity, unseen.impact), (Severity::Medium, None));
    lacks("temp_spill", |db| lost(&mut db.temp_files));
}

/// A cache in which so many of a million blocks were missed, and sessions that read.
fn missed(blocks_read: u64, reading: f64) -> impl Fn(&mut RunResult) {
    move |result| {
        let seen = [("IO:DataFileRead", reading), ("CPU:CPU", 4.0 - reading)];
        db(result).wait_events.data = Some(waits(&seen));
        let cache = db(result).buffer_cache.data.as_mut().unwrap();
        (cache.blocks_hit, cache.blocks_read) = (1_000_000 - blocks_read, blocks_read);
        cache.hit_ratio = Some(1.0 - blocks_read as f64 / 1e6);
    }
}

#[test]
fn a_working_set_that_does_not_fit_takes_a_low_ratio_and_sessions_that_wait() {
    let found = fires("cache_misses", missed(100_000, 2.0));
    assert!(rests_on(&found, 0.9) && rests_on(&found, 2.0), "{:#?}", found.evidence);
    assert!(found.advice.contains("now 2GB") && found.advice.contains("2 GiB"));
    assert_eq!(found.impact, Some(0.5));
    quiet("cache_misses", missed(9_000, 2.0));
    quiet("cache_misses", missed(100_000, 0.3));
    let fits = |result: &mut RunResult| set(result, "shared_buffers", "4GB");
    quiet("cache_misses", both(missed(100_000, 2.0), fits));
    lacks("cache_misses", |db| lost(&mut db.buffer_cache));
    lacks("cache_misses", |db| lost(&mut db.wait_events));
}

#[test]
fn shared_buffers_are_small_only_where_pages_are_missed() {
    let small = |result: &mut RunResult| set(result, "shared_buffers", "128MB");
    let found = fires("shared_buffers_small", both(missed(100_000, 0.0), small));
    assert!(rests_on(&found, 134_217_728.0) && found.advice.contains("2 GiB"));
    assert_eq!(found.evidence[0].unit.as_deref(), Some("bytes"));
    quiet("shared_buffers_small", small);
    let fits = |result: &mut RunResult| {
        set(result, "shared_buffers", "1GB");
        db(result).database_size.data.as_mut().unwrap().end_bytes = 900 << 20;
    };
    quiet("shared_buffers_small", both(missed(100_000, 0.0), fits));
    quiet("shared_buffers_small", missed(100_000, 0.0));
    let host = |result: &mut RunResult| host(result).memory_bytes = None;
    assert!(unknown("shared_buffers_small", host).contains("how much memory"));
}

#[test]
fn pages_that_a_table_grows_by_are_not_missed_though_old_versions_count_them() {
    let grows = |result: &mut RunResult| {
        missed(100_000, 0.0)(result);
        set(result, "shared_buffers", "128MB");
        db(result).database_size.data.as_mut().unwrap().growth_bytes = 100_000 * 8192;
    };
    quiet("shared_buffers_small", both(grows, |result| lost(&mut db(result).io)));
    fires("shared_buffers_small", grows);
}

#[test]
fn memory_is_promised_only_once() {
    let buffers =
        |size: &'static str| move |result: &mut RunResult| set(result, "shared_buffers", size);
    assert!(rests_on(&fires("memory_overcommitted", buffers("4GB")), 4_294_967_296.0));
    let work = |result: &mut RunResult| set(result, "work_mem", "1GB");
    assert!(fires("memory_overcommitted", work).title.contains("13 GiB"));
    quiet("memory_overcommitted", buffers("3GB"));
    assert!(unknown("memory_overcommitted", buffers("much")).contains("no size"));
}

#[test]
fn a_host_that_swaps_or_is_full_is_told() {
    let full = |percent| {
        move |result: &mut RunResult| host(result).memory_usage_percent = Some(steady(percent))
    };
    assert_eq!(fires("memory_pressure", full(86.0)).severity, Severity::Medium);
    quiet("memory_pressure", full(84.0));
    let swaps = |result: &mut RunResult| host(result).swap_in_pages_per_s = Some(steady(50.0));
    let all = diagnosed(swaps);
    let found = &all.findings[0];
    assert!(found.severity == Severity::High && rests_on(found, 50.0));
    // How much of the time that took nobody told; that is not the same as nothing.
    assert_eq!(found.confidence, Confidence::Medium);
    assert_eq!(all.diagnosis.primary.unwrap().code, "memory_pressure");
    let stalled = both(swaps, |result| {
        let stall = Stall { some_percent: steady(30.0), full_percent: None };
        let pressure = Pressure { memory: Some(stall), ..Pressure::default() };
        host(result).pressure = Section::read(pressure, (0.0, 100.0));
    });
    let found = fires("memory_pressure", stalled);
    assert!(rests_on(&found, 30.0) && found.impact == Some(0.3), "{found:#?}");
    let blind = |result: &mut RunResult| host(result).memory_usage_percent = None;
    assert!(unknown("memory_pressure", blind).contains("does not tell"));
}

#[test]
fn a_large_cache_in_small_pages_is_a_remark() {
    let pages = |asked: &'static str, status: Option<&'static str>| {
        move |result: &mut RunResult| {
            set(result, "huge_pages", asked);
            status.iter().for_each(|it| set(result, "huge_pages_status", it));
        }
    };
    for (asked, status) in [("off", None), ("off", Some("off")), ("try", Some("off"))] {
        let found = fires("huge_pages_off", pages(asked, status));
        assert!(rests_on(&found, 2_147_483_648.0) && found.severity == Severity::Low, "{found:#?}");
    }
    quiet("huge_pages_off", pages("try", Some("on")));
    quiet("huge_pages_off", pages("on", None));
    assert!(unknown("huge_pages_off", pages("try", None)).contains("version 17"));
    let small = |result: &mut RunResult| set(result, "shared_buffers", "2047MB");
    quiet("huge_pages_off", both(pages("off", None), small));
}
