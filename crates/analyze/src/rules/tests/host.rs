//! The server's host, and the set-up of the test.

use super::*;

#[test]
fn a_hypervisor_that_takes_time_away_is_told() {
    let stolen =
        |percent| move |result: &mut RunResult| host(result).cpu_steal_percent = steady(percent);
    let found = fires("cpu_stolen", stolen(5.1));
    assert!(rests_on(&found, 5.1) && found.severity == Severity::Medium);
    assert_eq!(fires("cpu_stolen", stolen(20.0)).severity, Severity::High);
    quiet("cpu_stolen", stolen(5.0));
    assert!(unknown("cpu_stolen", |r| r.system_metrics = None).contains("not watched"));
}

#[test]
fn a_host_that_others_use_is_told() {
    let used = |all, server| {
        move |result: &mut RunResult| {
            host(result).cpu_usage_percent = steady(all);
            server_cpu(result, server);
        }
    };
    let found = fires("cpu_foreign", used(90.0, 20.0));
    assert!(rests_on(&found, 20.0) && found.title.contains("60.0 %"), "{found:#?}");
    quiet("cpu_foreign", used(90.0, 40.0));
    quiet("cpu_foreign", used(79.0, 1.0));
    let blind = |r: &mut RunResult| r.system_metrics.as_mut().unwrap().server_processes = None;
    assert!(unknown("cpu_foreign", blind).contains("own CPU time"));
}

#[test]
fn what_watching_costs_is_held_to_its_promise() {
    let cost = |percent| {
        move |result: &mut RunResult| {
            db(result).monitor.data.as_mut().unwrap().server_cpu_percent = percent;
        }
    };
    assert!(rests_on(&fires("monitor_cost", cost(Some(1.1))), 1.1));
    quiet("monitor_cost", cost(Some(1.0)));
    assert!(unknown("monitor_cost", cost(None)).contains("not known"));
}

fn with(name: &'static str, value: &'static str) -> impl Fn(&mut RunResult) {
    move |result| set(result, name, value)
}

#[test]
fn the_cost_of_a_random_page_is_held_against_the_disk() {
    let found = fires("random_page_cost", with("random_page_cost", "4"));
    assert!(rests_on(&found, 0.5) && found.severity == Severity::Low);
    quiet("random_page_cost", with("random_page_cost", "3.9"));
    let turns = |result: &mut RunResult| host(result).disk.data = Some(disk(30.0, 8.0));
    quiet("random_page_cost", both(with("random_page_cost", "4"), turns));
    let blind = |result: &mut RunResult| host(result).disk.data = None;
    let reason = unknown("random_page_cost", both(with("random_page_cost", "4"), blind));
    assert!(reason.contains("how fast"), "{reason}");
}

#[test]
fn statements_that_were_forgotten_are_told() {
    let evicted = |n| {
        move |result: &mut RunResult| {
            db(result).query_performance.data.as_mut().unwrap().evicted = n;
        }
    };
    assert!(rests_on(&fires("statements_evicted", evicted(Some(2))), 2.0));
    quiet("statements_evicted", evicted(Some(0)));
    assert!(unknown("statements_evicted", evicted(None)).contains("version 14"));
}

#[test]
fn a_database_that_fits_into_the_cache_is_told() {
    let found = fires("cached_test", with("shared_buffers", "4GB"));
    assert!(rests_on(&found, f64::from(3u32 << 30)) && found.severity == Severity::Low);
    quiet("cached_test", with("shared_buffers", "3GB"));
    lacks("cached_test", |db| lost(&mut db.database_size));
}
